import { createHash, randomBytes } from 'node:crypto'
import { ReeveError } from '../../base/errors.ts'
import { isRecord } from '../../base/json/record.ts'
import type { Clock } from '../../base/time/time.ts'
import { HttpClient } from '../../tools/http/http-client.ts'
import type { Credential, OAuthSettings } from './scheme.ts'
import { tokenFrom } from './tokens.ts'

/** The application that a person registered at the service. */
export interface OAuthClient {
  client_id: string
  client_secret?: string
}

interface Where {
  now: number
  /** The addresses are on this machine: those of a stand-in. */
  isPrivate: boolean
}

/** The beginning of a sign-in by browser: where the person goes, and what proves the answer. */
export interface CodeRequest {
  url: string
  state: string
  verifier: string
  redirectUri: string
}

/** With PKCE (RFC 7636, S256): a code that somebody else catches is of no use to them. */
export function requestCode(oauth: OAuthSettings, client: OAuthClient, redirectUri: string): CodeRequest {
  const state = randomBytes(24).toString('base64url')
  const verifier = randomBytes(48).toString('base64url')
  const url = new URL(oauth.authorize!)
  const parameters = {
    response_type: 'code',
    client_id: client.client_id,
    redirect_uri: redirectUri,
    scope: scopesOf(oauth),
    state,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...oauth.more,
  }
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  return { url: url.href, state, verifier, redirectUri }
}

/**
 * What came back to the redirect address becomes tokens.
 * @throws `not-connected` when the person said no, or the answer is not to this request
 */
export async function exchangeCode(
  oauth: OAuthSettings,
  client: OAuthClient,
  request: CodeRequest,
  answer: URLSearchParams,
  where: Where,
): Promise<Credential> {
  if (answer.get('state') !== request.state)
    throw notConnected('the answer does not belong to this request: its state differs. Begin again')
  const error = answer.get('error')
  if (error !== null) throw notConnected(`the service says ${error.slice(0, 100)}`)
  const form = {
    grant_type: 'authorization_code',
    code: answer.get('code') ?? '',
    redirect_uri: request.redirectUri,
    code_verifier: request.verifier,
  }
  return gotToken(await tokenFrom(oauth, form, { ...client }, where))
}

/** The client signs in by itself. @throws `not-connected` */
export async function clientToken(
  oauth: OAuthSettings,
  client: OAuthClient,
  where: Where,
): Promise<Credential> {
  const form = { grant_type: 'client_credentials', scope: scopesOf(oauth) }
  return gotToken(await tokenFrom(oauth, form, { ...client }, where))
}

/** What a person types in elsewhere (RFC 8628). */
export interface DeviceCode {
  deviceCode: string
  userCode: string
  verificationUri: string
  intervalMs: number
  expiresAt: number
}

/** @throws `not-connected` */
export async function requestDevice(
  oauth: OAuthSettings,
  client: OAuthClient,
  where: Where,
): Promise<DeviceCode> {
  const { host } = new URL(oauth.device!)
  const http = new HttpClient({
    allow: where.isPrivate ? [] : [host],
    ...(where.isPrivate && { allowPrivate: [host] }),
    methods: ['POST'],
  })
  const { text, status, contentType } = await http.request({
    url: oauth.device!,
    method: 'POST',
    ownHeaders: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ client_id: client.client_id, scope: scopesOf(oauth) }).toString(),
  })
  if (status !== 200) throw notConnected(`the service gives no code for a device (${status})`)
  const said = readDevice(text)
  if (!said)
    throw notConnected(`the service answers the request for a device with ${contentType}, and no code`)
  return {
    deviceCode: String(said.device_code),
    userCode: String(said.user_code),
    verificationUri: String(said.verification_uri_complete ?? said.verification_uri),
    intervalMs: Number(said.interval ?? 5) * 1000,
    expiresAt: where.now + Number(said.expires_in ?? 600) * 1000,
  }
}

/** Undefined: it is none. */
function readDevice(text: string): Record<string, unknown> | undefined {
  try {
    const said: unknown = JSON.parse(text)
    const isCode =
      isRecord(said) && typeof said.device_code === 'string' && typeof said.user_code === 'string'
    return isCode ? said : undefined
  } catch {
    return undefined
  }
}

/**
 * Asks as often as the service wants to be asked, until the person decided.
 * @throws `not-connected` when they said no, or did not decide in time
 */
export async function awaitDevice(
  oauth: OAuthSettings,
  client: OAuthClient,
  code: DeviceCode,
  { clock, isPrivate }: { clock: Clock; isPrivate: boolean },
): Promise<Credential> {
  let pauseMs = code.intervalMs
  while (clock.now() < code.expiresAt) {
    await new Promise<void>((resolve) => clock.after(pauseMs, resolve))
    const got = await pollDevice(oauth, client, code, { now: clock.now(), isPrivate })
    // As RFC 8628 has it.
    if (got === 'slower') pauseMs += 5_000
    else if (got !== 'pending') return got
  }
  throw notConnected('nobody entered the code in time')
}

/** Asks once. @throws `not-connected` */
async function pollDevice(
  oauth: OAuthSettings,
  client: OAuthClient,
  { deviceCode }: DeviceCode,
  where: Where,
): Promise<Credential | 'pending' | 'slower'> {
  const form = { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: deviceCode }
  const got = await tokenFrom(oauth, form, { ...client }, where)
  if ('refused' in got && got.refused === 'authorization_pending') return 'pending'
  if ('refused' in got && got.refused === 'slow_down') return 'slower'
  return gotToken(got)
}

function gotToken(got: Awaited<ReturnType<typeof tokenFrom>>): Credential {
  if ('credential' in got) return got.credential
  throw notConnected('refused' in got ? `the service says ${got.refused.slice(0, 100)}` : String(got.failed))
}

function scopesOf({ scopes, scopeSeparator = ' ' }: OAuthSettings): string {
  return scopes.join(scopeSeparator)
}

function notConnected(why: string): ReeveError {
  return new ReeveError('not-connected', `The account was not connected: ${why}. Nothing was changed.`)
}
