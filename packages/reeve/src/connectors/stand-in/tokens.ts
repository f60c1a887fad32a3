import { createHash, randomBytes } from 'node:crypto'
import { basicOf, formOf, type StandInAnswer, type StandInRequest } from './exchange.ts'

/** For the tokens of a stand-in. */
export interface StandInTokensOptions {
  now: () => number
  clientId?: string
  /** Empty: a public client, which has none. */
  clientSecret?: string
  /** How long an access token is good (s). Default an hour. */
  expiresInS?: number
  /** Whether each refresh gives another refresh token, and the old one is spent. Default true. */
  rotates?: boolean
}

/** What an application gets after consent. */
export interface TokenPair {
  accessToken: string
  refreshToken: string
}

type TokenStanding = 'good' | 'expired' | 'revoked' | 'unknown'

interface Access {
  scopes: readonly string[]
  expiresAt: number
  grant: Grant
}

/** One consent of one person; its tokens fall with it. */
interface Grant {
  scopes: readonly string[]
  isRevoked: boolean
}

interface Code {
  grant: Grant
  challenge: string | undefined
  redirectUri: string | undefined
}

/**
 * The token end of an OAuth 2 service: codes with PKCE, refresh, client credentials and the device flow, with the errors of RFC
 * 6749 and RFC 8628. A refresh token that was spent already revokes the whole consent, as careful services do: two refreshes at
 * once end the connection.
 */
export class StandInTokens {
  readonly #access = new Map<string, Access>()
  readonly #refresh = new Map<string, { grant: Grant; isSpent: boolean }>()
  readonly #codes = new Map<string, Code>()
  readonly #devices = new Map<string, { userCode: string; grant: Grant | undefined; isDenied: boolean }>()
  readonly #options: Required<StandInTokensOptions>
  /** How many refreshes gave a new token. */
  refreshes = 0

  constructor(options: StandInTokensOptions) {
    const usual = {
      clientId: 'stand-in-client',
      clientSecret: 'stand-in-secret',
      expiresInS: 3600,
      rotates: true,
    }
    this.#options = { ...usual, ...options }
  }

  /** Whether each refresh gives another refresh token, and the old one is spent. */
  get rotates(): boolean {
    return this.#options.rotates
  }

  /** As after a consent. */
  issue(scopes: readonly string[] = []): TokenPair {
    return this.#tokensFor({ scopes, isRevoked: false })
  }

  /** The same for tokens that are known beforehand, such as those of a sandbox. */
  adopt({ accessToken, refreshToken }: TokenPair, scopes: readonly string[] = []): void {
    this.#keep({ accessToken, refreshToken }, { scopes, isRevoked: false })
  }

  /** The code that a browser brings back after a consent. */
  issueCode(scopes: readonly string[] = [], challenge?: string, redirectUri?: string): string {
    const code = made('code')
    this.#codes.set(code, { grant: { scopes, isRevoked: false }, challenge, redirectUri })
    return code
  }

  standing(accessToken: string): TokenStanding {
    const access = this.#access.get(accessToken)
    if (!access) return 'unknown'
    if (access.grant.isRevoked) return 'revoked'
    return access.expiresAt <= this.#options.now() ? 'expired' : 'good'
  }

  /** What a token is good for; none where it is not good. */
  scopesOf(accessToken: string): readonly string[] {
    return this.standing(accessToken) === 'good' ? this.#access.get(accessToken)!.scopes : []
  }

  /** Every access token is too old from now on; refreshing works. */
  expireAll(): void {
    for (const access of this.#access.values()) access.expiresAt = 0
  }

  /** The person took the consent back: refreshing fails, too. */
  revokeAll(): void {
    for (const { grant } of this.#access.values()) grant.isRevoked = true
    for (const { grant } of this.#refresh.values()) grant.isRevoked = true
  }

  /** The person says yes, or no, at the address where they type the code in. */
  decideDevice(userCode: string, scopes: readonly string[] | 'denied'): void {
    for (const device of this.#devices.values()) {
      if (device.userCode !== userCode) continue
      if (scopes === 'denied') device.isDenied = true
      else device.grant = { scopes, isRevoked: false }
    }
  }

  /** Answers the device authorization endpoint. */
  startDevice(verificationUri: string): StandInAnswer {
    const [deviceCode, userCode] = [made('device'), randomBytes(4).toString('hex').toUpperCase()]
    this.#devices.set(deviceCode, { userCode, grant: undefined, isDenied: false })
    const codes = { device_code: deviceCode, user_code: userCode, verification_uri: verificationUri }
    return { body: { ...codes, expires_in: 900, interval: 1 } }
  }

  /** Answers the token endpoint. */
  answer(request: StandInRequest): StandInAnswer {
    const form = formOf(request)
    if (!this.#isClient(request, form)) return refused('invalid_client', 401)
    switch (form.get('grant_type')) {
      case 'authorization_code':
        return this.#redeem(form)
      case 'refresh_token':
        return this.#renew(form)
      case 'client_credentials': {
        if (this.#options.clientSecret === '') return refused('unauthorized_client')
        const scopes = (form.get('scope') ?? '').split(' ').filter(Boolean)
        const { accessToken } = this.#tokensFor({ scopes, isRevoked: false })
        return this.#given({ accessToken }, scopes)
      }
      case 'urn:ietf:params:oauth:grant-type:device_code':
        return this.#redeemDevice(form)
      default:
        return refused('unsupported_grant_type')
    }
  }

  #isClient(request: StandInRequest, form: URLSearchParams): boolean {
    const { clientId, clientSecret } = this.#options
    const { user, password } = basicOf(request)
    const id = user === '' ? form.get('client_id') : decodeURIComponent(user)
    const secret = user === '' ? (form.get('client_secret') ?? '') : decodeURIComponent(password)
    return id === clientId && secret === clientSecret
  }

  #redeem(form: URLSearchParams): StandInAnswer {
    const code = this.#codes.get(form.get('code') ?? '')
    this.#codes.delete(form.get('code') ?? '')
    if (!code) return refused('invalid_grant')
    const verifier = form.get('code_verifier') ?? ''
    const isProved =
      code.challenge === undefined ||
      createHash('sha256').update(verifier).digest('base64url') === code.challenge
    const isSameUri = code.redirectUri === undefined || code.redirectUri === form.get('redirect_uri')
    if (!isProved || !isSameUri) return refused('invalid_grant')
    return this.#given(this.#tokensFor(code.grant), code.grant.scopes)
  }

  #renew(form: URLSearchParams): StandInAnswer {
    const token = form.get('refresh_token') ?? ''
    const known = this.#refresh.get(token)
    if (!known || known.grant.isRevoked) return refused('invalid_grant')
    if (known.isSpent) {
      known.grant.isRevoked = true
      return refused('invalid_grant')
    }
    this.refreshes += 1
    const tokens = this.#tokensFor(known.grant)
    if (!this.#options.rotates) {
      this.#refresh.delete(tokens.refreshToken)
      return this.#given({ accessToken: tokens.accessToken }, known.grant.scopes)
    }
    known.isSpent = true
    return this.#given(tokens, known.grant.scopes)
  }

  #redeemDevice(form: URLSearchParams): StandInAnswer {
    const code = form.get('device_code') ?? ''
    const device = this.#devices.get(code)
    if (!device) return refused('expired_token')
    if (device.isDenied) return refused('access_denied')
    if (!device.grant) return refused('authorization_pending')
    this.#devices.delete(code)
    return this.#given(this.#tokensFor(device.grant), device.grant.scopes)
  }

  #tokensFor(grant: Grant): TokenPair {
    const tokens = { accessToken: made('access'), refreshToken: made('refresh') }
    this.#keep(tokens, grant)
    return tokens
  }

  #keep({ accessToken, refreshToken }: TokenPair, grant: Grant): void {
    const expiresAt = this.#options.now() + this.#options.expiresInS * 1000
    this.#access.set(accessToken, { scopes: grant.scopes, expiresAt, grant })
    this.#refresh.set(refreshToken, { grant, isSpent: false })
  }

  #given(tokens: { accessToken: string; refreshToken?: string }, scopes: readonly string[]): StandInAnswer {
    const { accessToken, refreshToken } = tokens
    const body = {
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: this.#options.expiresInS,
      ...(refreshToken !== undefined && { refresh_token: refreshToken }),
      ...(scopes.length > 0 && { scope: scopes.join(' ') }),
    }
    return { headers: { 'cache-control': 'no-store' }, body }
  }
}

function made(what: string): string {
  return `stand-in-${what}-${randomBytes(18).toString('base64url')}`
}

function refused(error: string, status = 400): StandInAnswer {
  return { status, headers: { 'cache-control': 'no-store' }, body: { error } }
}
