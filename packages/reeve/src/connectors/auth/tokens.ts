import { messageOf, ReeveError } from '../../base/errors.ts'
import { isRecord } from '../../base/json/record.ts'
import { HttpClient } from '../../tools/http/http-client.ts'
import type { Mode } from '../shape/mode.ts'
import type { AuthScheme, Credential, OAuthSettings } from './scheme.ts'

export type Renewal =
  | { credential: Credential }
  /** The service says no, and will again. */
  | { refused: string }
  /** Later may work. */
  | { failed: unknown }

/** Whether it can be renewed without a person. */
export function isRenewable({ oauth }: AuthScheme, credential: Credential): boolean {
  if (!oauth) return false
  if (typeof credential.refresh_token === 'string') return true
  return oauth.flows.includes('client-credentials') && typeof credential.client_secret === 'string'
}

/** The addresses of a mode, or all of them at another origin: that of a stand-in. */
export function endpointsIn(oauth: OAuthSettings, mode: Mode, origin: string | undefined): OAuthSettings {
  const its = mode === 'sandbox' ? { ...oauth, ...oauth.sandbox } : oauth
  if (origin === undefined) return its
  const at = (address: string | undefined) =>
    address === undefined ? undefined : `${origin.replace(/\/$/, '')}${new URL(address).pathname}`
  const { authorize, token, device, revoke } = its
  return {
    ...its,
    token: at(token)!,
    ...(authorize && { authorize: at(authorize)! }),
    ...(device && { device: at(device)! }),
    ...(revoke && { revoke: at(revoke)! }),
  }
}

/** Asks for a new token with what the credential has. */
export async function renewToken(given: {
  scheme: AuthScheme
  credential: Credential
  mode: Mode
  origin: string | undefined
  now: number
}): Promise<Renewal> {
  const { scheme, credential, mode, origin, now } = given
  const oauth = endpointsIn(scheme.oauth!, mode, origin)
  const refresh = credential.refresh_token
  const form: Record<string, string> =
    typeof refresh === 'string'
      ? { grant_type: 'refresh_token', refresh_token: refresh }
      : { grant_type: 'client_credentials', scope: oauth.scopes.join(oauth.scopeSeparator ?? ' ') }
  return tokenFrom(oauth, form, credential, { now, isPrivate: origin !== undefined })
}

/** One request to the token's address; what the credential had and the answer does not say stays. */
export async function tokenFrom(
  oauth: OAuthSettings,
  form: Record<string, string>,
  before: Credential,
  { now, isPrivate }: { now: number; isPrivate: boolean },
): Promise<Renewal> {
  const { host } = new URL(oauth.token)
  const client = new HttpClient({
    allow: isPrivate ? [] : [host],
    ...(isPrivate && { allowPrivate: [host] }),
    methods: ['POST'],
    maxRedirects: 0,
    timeout: '20s',
  })
  const id = String(before.client_id ?? '')
  const secret = typeof before.client_secret === 'string' ? before.client_secret : undefined
  const isBasic = oauth.clientAuth === 'basic' && secret !== undefined
  const who: Record<string, string> = isBasic
    ? {}
    : { client_id: id, ...(secret !== undefined && { client_secret: secret }) }
  const authorization = `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret ?? '')}`).toString('base64')}`
  try {
    const answer = await client.request({
      url: oauth.token,
      method: 'POST',
      headers: { accept: 'application/json' },
      ownHeaders: { 'content-type': 'application/x-www-form-urlencoded', ...(isBasic && { authorization }) },
      body: new URLSearchParams({ ...form, ...who }).toString(),
    })
    const said: unknown = JSON.parse(answer.text)
    if (!isRecord(said)) throw new ReeveError('service-failed', `${host} gave no token.`, { retryable: true })
    if (typeof said.error === 'string')
      return answer.status >= 500 ? { failed: new Error(said.error) } : { refused: said.error }
    if (answer.status >= 400 || typeof said.access_token !== 'string')
      throw new ReeveError('service-failed', `${host} answered ${answer.status} without a token.`, {
        retryable: true,
      })
    const { expires_in, ...rest } = said
    const seconds = Number(expires_in)
    const expiry = Number.isFinite(seconds) && seconds > 0 ? { expires_at: now + seconds * 1000 } : {}
    const { expires_at: _before, ...kept } = before
    return { credential: { ...kept, ...rest, ...expiry } as Credential }
  } catch (error) {
    return {
      failed:
        error instanceof SyntaxError
          ? new Error(`${host} answered with no JSON: ${messageOf(error)}`)
          : error,
    }
  }
}
