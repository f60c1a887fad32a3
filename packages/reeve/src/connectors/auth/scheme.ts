import { ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import type { Mode } from '../shape/mode.ts'

/** A credential, opened: what is sealed under the account's name. */
export type Credential = Readonly<Record<string, Json>>

/** One thing that a person is asked for. */
export interface CredentialField {
  name: string
  /** As the service calls it: `Secret key`. */
  label: string
  /** Absent: it is not shown while it is typed. */
  isShown?: boolean
  isOptional?: boolean
}

/** How a connector signs in. */
export interface AuthScheme {
  readonly kind: 'api-key' | 'basic' | 'fields' | 'oauth2' | 'none'
  /** Where a person finds it, in words or as an address. */
  readonly where: string
  readonly fields: readonly CredentialField[]
  /** What goes out with each request. */
  headers(credential: Credential): Record<string, string>
  /** Of which mode a credential is, where it shows; undefined: it does not. */
  modeOf?(credential: Credential): Mode | undefined
  /** What is wrong with it by its look; undefined: nothing. */
  problemOf?(credential: Credential): string | undefined
  readonly oauth?: OAuthSettings
}

/** How tokens are got and renewed. */
export interface OAuthSettings {
  /** Where a person says yes. */
  authorize?: string
  /** Where codes and refresh tokens become access tokens. */
  token: string
  /** Where a device's code comes from: for terminals without a browser. */
  device?: string
  /** Where a token is ended when the account is disconnected. Default: nowhere. */
  revoke?: string
  /** The ways that the service has, the best first. */
  flows: readonly ('code' | 'device' | 'client-credentials')[]
  /** What is asked for. */
  scopes: readonly string[]
  /** Between the scopes. Default a blank. */
  scopeSeparator?: string
  /** How the client says who it is at `token`. Default `body`. */
  clientAuth?: 'body' | 'basic'
  /** Further parameters of `authorize`, such as `{ access_type: 'offline' }`. */
  more?: Readonly<Record<string, string>>
  /** Addresses of the sandbox in their place; default: the same. */
  sandbox?: Partial<Pick<OAuthSettings, 'authorize' | 'token' | 'device' | 'revoke'>>
}

/** For `apiKey`. */
export interface ApiKeyOptions {
  /** What it is called there. Default `API key`. */
  label?: string
  /** Where a person finds it, in words or as an address. */
  where: string
  /** Which header carries it. Default `authorization`. */
  header?: string
  /** What stands before it there. Default `Bearer ` in `authorization`, else nothing. */
  prefix?: string
  /** What a key looks like; one that does not is refused before it is sent. */
  pattern?: RegExp
  /** Of which mode a key is, where it shows. Default: it does not. */
  modeOf?: (key: string) => Mode | undefined
}

/**
 * One key in a header.
 * @example
 * import { apiKey } from 'reeve/connectors'
 *
 * export const auth = apiKey({ where: 'Settings, API', header: 'x-api-key' })
 */
export function apiKey(options: ApiKeyOptions): AuthScheme {
  const { header = 'authorization', label = 'API key', pattern, modeOf } = options
  const prefix = options.prefix ?? (header === 'authorization' ? 'Bearer ' : '')
  return {
    kind: 'api-key',
    where: options.where,
    fields: [{ name: 'key', label }],
    headers: (credential) => ({ [header]: `${prefix}${fieldOf(credential, 'key')}` }),
    ...(modeOf && { modeOf: (credential) => modeOf(fieldOf(credential, 'key')) }),
    problemOf: (credential) => {
      const key = fieldOf(credential, 'key')
      return pattern && !pattern.test(key)
        ? `it does not look like a ${label} (${pattern.source})`
        : undefined
    },
  }
}

/**
 * A user and a password, as `Authorization: Basic …`.
 * @example
 * import { basic } from 'reeve/connectors'
 *
 * export const auth = basic({ where: 'Admin, API tokens', user: 'E-mail', password: 'API token', suffix: '/token' })
 */
export function basic(options: {
  where: string
  user?: string
  password?: string
  /** Behind the user's name. */
  suffix?: string
}): AuthScheme {
  const { user = 'User', password = 'Password', suffix = '' } = options
  return {
    kind: 'basic',
    where: options.where,
    fields: [
      { name: 'user', label: user, isShown: true },
      { name: 'password', label: password },
    ],
    headers: (credential) => {
      const text = `${fieldOf(credential, 'user')}${suffix}:${fieldOf(credential, 'password')}`
      return { authorization: `Basic ${Buffer.from(text).toString('base64')}` }
    },
  }
}

/**
 * Several fields that the connector uses itself, such as a mailbox's user and password, or an address with a password in it.
 * @example
 * import { fields } from 'reeve/connectors'
 *
 * export const auth = fields({ where: 'Your mail provider', fields: [{ name: 'user', label: 'User', isShown: true }, { name: 'password', label: 'Password' }] })
 */
export function fields(options: { where: string; fields: readonly CredentialField[] }): AuthScheme {
  return { kind: 'fields', where: options.where, fields: options.fields, headers: () => ({}) }
}

/**
 * Nothing: a service that anybody may ask.
 * @example
 * import { noAuth } from 'reeve/connectors'
 *
 * export const auth = noAuth()
 */
export function noAuth(): AuthScheme {
  return { kind: 'none', where: '', fields: [], headers: () => ({}) }
}

/**
 * OAuth 2: a person says yes in a browser (with PKCE) or by a device's code, or the client signs in by itself. Tokens are renewed
 * by one process at a time.
 * @example
 * import { oauth2 } from 'reeve/connectors'
 *
 * export const auth = oauth2({
 *   where: 'https://desk.example/apps',
 *   authorize: 'https://desk.example/oauth/authorize',
 *   token: 'https://desk.example/oauth/token',
 *   flows: ['code'],
 *   scopes: ['tickets:read', 'tickets:write'],
 * })
 */
export function oauth2(options: OAuthSettings & { where: string }): AuthScheme {
  const { where, ...oauth } = options
  return {
    kind: 'oauth2',
    where,
    fields: [
      { name: 'client_id', label: 'Client id', isShown: true },
      { name: 'client_secret', label: 'Client secret', isOptional: true },
    ],
    headers: (credential) => ({ authorization: `Bearer ${fieldOf(credential, 'access_token')}` }),
    oauth,
  }
}

/** @throws `bad-credential` */
function fieldOf(credential: Credential, name: string): string {
  const value = credential[name]
  if (typeof value === 'string' && value !== '') return value
  throw new ReeveError(
    'bad-credential',
    `The credential has no "${name}": it was made for another way to sign in. Connect the account again.`,
  )
}

/** As it is sealed: a key alone as it is, so that \`reeve secrets set\` can keep one too. */
export function sealedForm(scheme: AuthScheme, credential: Credential): string {
  if (scheme.kind === 'api-key') return fieldOf(credential, 'key')
  return JSON.stringify(credential)
}

/** @throws `bad-credential`, which shows nothing of it */
export function readSealed(
  schemes: readonly AuthScheme[],
  sealed: string,
): { scheme: AuthScheme; credential: Credential } {
  const byKey = schemes.find(({ kind }) => kind === 'api-key')
  if (!sealed.startsWith('{')) {
    if (byKey) return { scheme: byKey, credential: { key: sealed } }
    const only = schemes.find(({ kind, fields: its }) => kind === 'fields' && its.length === 1)
    if (only) return { scheme: only, credential: { [only.fields[0]!.name]: sealed } }
    throw notUsable(schemes)
  }
  let credential: Credential
  try {
    credential = JSON.parse(sealed) as Credential
  } catch {
    throw notUsable(schemes)
  }
  const fits = (scheme: AuthScheme) =>
    scheme.kind === 'oauth2'
      ? typeof credential.access_token === 'string'
      : scheme.fields.every(({ name, isOptional }) => isOptional || typeof credential[name] === 'string')
  const scheme = schemes.find(fits)
  if (!scheme) throw notUsable(schemes)
  return { scheme, credential }
}

function notUsable(schemes: readonly AuthScheme[]): ReeveError {
  const wanted = schemes.map(({ kind, fields: its }) => `${kind} (${its.map(({ name }) => name).join(', ')})`)
  return new ReeveError(
    'bad-credential',
    `What is sealed for this account is not one of ${wanted.join(' or ')}. Connect the account again.`,
  )
}
