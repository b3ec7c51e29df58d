// A provider of OpenID Connect for tests: the package oidc-provider over TLS on 127.0.0.1, with one client, "box".
//
//     provider.mjs TOOLS SETTINGS     TOOLS: the folder in whose node_modules the package is
//
// SETTINGS is a JSON file: port, key and certificate (files), secret, redirects (how its addresses may begin), people (a
// file: {"ana": {claims}}, read at each sign-in), claims_in_token. Its signing key is new with each start. Prints "ready".
import {generateKeyPairSync, randomUUID} from 'node:crypto';
import {readFileSync} from 'node:fs';
import {createServer} from 'node:https';
import {createRequire} from 'node:module';
import {pathToFileURL} from 'node:url';

const [tools, file] = process.argv.slice(2);
const {default: Provider} = await import(pathToFileURL(createRequire(tools + '/').resolve('oidc-provider')));
const settings = JSON.parse(readFileSync(file));
const issuer = `https://127.0.0.1:${settings.port}`;
const key = generateKeyPairSync('rsa', {modulusLength: 2048}).privateKey.export({format: 'jwk'});

const provider = new Provider(issuer, {
  clients: [{
    client_id: 'box', client_secret: settings.secret, redirect_uris: [settings.redirects], response_types: ['code'],
    grant_types: ['authorization_code'],
  }],
  jwks: {keys: [{...key, kid: randomUUID(), use: 'sig', alg: 'RS256'}]},
  cookies: {keys: ['tests']},
  pkce: {required: () => true},
  claims: {openid: ['sub'], profile: ['preferred_username', 'groups'], email: ['email', 'email_verified']},
  conformIdTokenClaims: !settings.claims_in_token,
  features: {devInteractions: {enabled: false}},
  interactions: {url: (_, interaction) => `/interaction/${interaction.uid}`},
  findAccount: (_, id) => ({
    accountId: id, claims: () => ({sub: id, ...JSON.parse(readFileSync(settings.people))[id]}),
  }),
  // Nobody is asked whether the box may know who they are.
  async loadExistingGrant({oidc}) {
    const grant = new provider.Grant({clientId: oidc.client.clientId, accountId: oidc.session.accountId});
    grant.addOIDCScope(oidc.params.scope);
    await grant.save();
    return grant;
  },
});
// Boxes of tests have ports of their own.
provider.Client.prototype.redirectUriAllowed = (uri) =>
  uri.startsWith(settings.redirects) && uri.endsWith('/admin/v1/oidc/callback');
provider.on('server_error', (_, error) => console.error(error));

const answer = provider.callback();
createServer({key: readFileSync(settings.key), cert: readFileSync(settings.certificate)}, async (request, response) => {
  const url = new URL(request.url, issuer);
  if (!url.pathname.startsWith('/interaction/')) return answer(request, response);
  const user = url.searchParams.get('user');
  if (user === null) return response.end('Who are you?');
  const result = user === '' ? {error: 'access_denied'} : {login: {accountId: user, remember: false}};
  await provider.interactionFinished(request, response, result, {mergeWithLastSubmission: false});
}).listen(settings.port, '127.0.0.1', () => console.log('ready'));
