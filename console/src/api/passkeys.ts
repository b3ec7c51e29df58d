import { ApiError, api, path, setCsrf, type Schema } from './http'

type Options = Schema['PasskeyOptions']

/** Passkeys belong to a name: browsers make none for an address, and the box takes none there (docs/accounts.md). */
export const isAddress = (host: string) => /^[\d.]+$/.test(host) || host.includes(':')

export const passkeysWork = () => typeof PublicKeyCredential !== 'undefined' && 'parseCreationOptionsFromJSON' in PublicKeyCredential && !isAddress(location.hostname)

/** The browser says no more than that, lest a page learn what authenticators there are (W3C Web Authentication, §14.5.1). */
export class NotConfirmed extends Error {}

async function confirmed(asked: Promise<Credential | null>): Promise<unknown> {
  try {
    return ((await asked) as PublicKeyCredential).toJSON()
  } catch (error) {
    if (error instanceof ApiError) throw error
    throw new NotConfirmed(error instanceof Error ? error.message : '')
  }
}

/** Makes one for who is signed in; the password once more, where there is one. */
export async function makePasskey(name: string, password: string): Promise<Schema['Passkey']> {
  const { publicKey } = await api.post<Options>(path('/admin/v1/me/passkeys/options', {}), { password })
  const credential = await confirmed(navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey as unknown as PublicKeyCredentialCreationOptionsJSON) }))
  return api.post(path('/admin/v1/me/passkeys', {}), { name, credential })
}

/** Signs in with one: alone, or beside the password that was given. */
export async function signInByPasskey(given?: { name: string; password: string; tenant?: string }): Promise<void> {
  const { publicKey } = await api.post<Options>(path('/admin/v1/session/passkey/options', {}), given ?? {}, { quiet: true })
  const credential = await confirmed(navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey as unknown as PublicKeyCredentialRequestOptionsJSON) }))
  const { csrf_token } = await api.post<{ csrf_token: string }>(path('/admin/v1/session/passkey', {}), { credential }, { quiet: true })
  setCsrf(csrf_token)
}
