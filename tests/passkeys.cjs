// The browser's half of tests/passkeys_test.py: Chromium with an authenticator of its own (CDP, WebAuthn domain).
//
//     node passkeys.cjs URL OTHER_URL PASSWORD      prints what it saw as JSON
const { chromium } = require("playwright-core");
const [, , url, otherUrl, password] = process.argv;

// Runs in the page, as the console will.
async function inPage({ password, step, given }) {
  const post = async (path, body, method = "POST") => {
    const answer = await fetch("/admin/v1" + path, {
      method,
      headers: { "Content-Type": "application/json", "X-CSRF-Token": sessionStorage.token ?? "" },
      body: method === "POST" ? JSON.stringify(body ?? {}) : undefined,
    });
    const json = await answer.json();
    if (json.csrf_token) sessionStorage.token = json.csrf_token;
    return { status: answer.status, ...json };
  };
  const get = async (options) => {
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options.publicKey);
    return (await navigator.credentials.get({ publicKey })).toJSON();
  };
  const who = { name: "ana", password };
  const steps = {
    signIn: () => post("/session", who),
    signInWithCode: () => post("/session", { ...who, code: given }),
    signOut: () => post("/session", null, "DELETE"),
    me: () => post("/me", null, "GET"),
    list: () => post("/me/passkeys", null, "GET"),
    remove: () => post(`/me/passkeys/${given}/remove`, { password }),
    options: () => post("/session/passkey/options"),
    register: async () => {
      const options = await post("/me/passkeys/options", { password });
      if (options.status !== 200) return options;
      const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options.publicKey);
      const credential = await navigator.credentials.create({ publicKey });
      return post("/me/passkeys", { name: given, credential: credential.toJSON() });
    },
    besidePassword: async () => {
      const options = await post("/session/passkey/options", who);
      return options.status === 200 ? post("/session/passkey", { credential: await get(options) }) : options;
    },
    alone: async () => post("/session/passkey", { credential: await get(await post("/session/passkey/options")) }),
    twice: async () => {
      const credential = await get(await post("/session/passkey/options"));
      return [await post("/session/passkey", { credential }), await post("/session/passkey", { credential })];
    },
    ask: async () => get(given).then(() => "a credential", (error) => error.name),
  };
  return steps[step]();
}

(async () => {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox"], chromiumSandbox: false });
  const page = await (await browser.newContext()).newPage();
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("WebAuthn.enable");
  const authenticator = async (isUserVerified) =>
    (await cdp.send("WebAuthn.addVirtualAuthenticator", {
      options: { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified },
    })).authenticatorId;
  const seen = {};
  const run = async (name, step, given) => (seen[name] = await page.evaluate(inPage, { password, step, given }));

  await page.goto(url + "/openapi.json");
  const phone = await authenticator(true);
  await run("first", "signIn");
  await run("registered", "register", "phone");
  await run("again", "register", "again").catch((error) => (seen.again = error.message));
  await run("listed", "list");
  await run("out", "signOut");
  await run("password", "signIn");
  await run("beside", "besidePassword");
  await run("me", "me");
  await run("outAgain", "signOut");
  await run("alone", "alone");
  await run("twice", "twice");
  await run("code", "signInWithCode", seen.registered.recovery_codes[0]);
  const options = await run("options", "options");
  await page.goto(otherUrl + "/openapi.json");
  await run("address", "options");
  await run("otherOrigin", "ask", options);
  await page.goto(url + "/openapi.json");
  await run("back", "signInWithCode", seen.registered.recovery_codes[1]);
  await run("removed", "remove", seen.registered.id);
  await run("last", "signIn");
  seen.stored = (await cdp.send("WebAuthn.getCredentials", { authenticatorId: phone })).credentials.map((one) => [one.rpId, one.signCount]);
  await browser.close();
  console.log(JSON.stringify(seen));
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
