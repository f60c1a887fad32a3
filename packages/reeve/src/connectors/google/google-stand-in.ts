import { bearerOf, formOf, type StandInAnswer, type StandInRequest } from '../stand-in/exchange.ts'
import type { Refusal } from '../stand-in/stand-in.ts'
import { StandInTokens } from '../stand-in/tokens.ts'

const [accessToken, refreshToken] = ['stand-in-access-token', 'stand-in-refresh-token']

/** What a stand-in of Google takes, as it is sealed. */
export const googleStandInCredential = JSON.stringify({
  client_id: 'stand-in-client',
  client_secret: 'stand-in-secret',
  access_token: accessToken,
  refresh_token: refreshToken,
})

/** Signing in at a stand-in of Google: the credential above, and whatever it becomes by renewal. */
export class GoogleSignIn {
  readonly tokens: StandInTokens
  /** The token of the credential above. */
  first: 'good' | 'expired' | 'revoked' = 'good'
  /** What all tokens may do; absent: everything. */
  scopes: readonly string[] | undefined

  constructor(now: () => number) {
    this.tokens = new StandInTokens({ now, rotates: false })
  }

  /** As `admit` of a stand-in. */
  admit(request: StandInRequest, scope: string): StandInAnswer | undefined {
    if (request.path === '/' || request.path === '/token') return undefined
    const token = bearerOf(request)
    const isGood = token === accessToken ? this.first === 'good' : this.tokens.standing(token) === 'good'
    if (!isGood) return googleError(401, 'authError', 'Invalid Credentials', 'UNAUTHENTICATED')
    if (!this.scopes || this.scopes.includes(scope)) return undefined
    const said = 'Request had insufficient authentication scopes.'
    return googleError(403, 'insufficientPermissions', said, 'PERMISSION_DENIED')
  }

  /** Answers `POST /token`. */
  answer(request: StandInRequest): StandInAnswer {
    const form = formOf(request)
    const isFirst = form.get('grant_type') === 'refresh_token' && form.get('refresh_token') === refreshToken
    if (!isFirst) return this.tokens.answer(request)
    if (this.first === 'revoked') return { status: 400, body: { error: 'invalid_grant' } }
    this.tokens.refreshes += 1
    const its = this.tokens.issue()
    return { body: { access_token: its.accessToken, token_type: 'Bearer', expires_in: 3600 } }
  }

  expireAll(): void {
    if (this.first === 'good') this.first = 'expired'
    this.tokens.expireAll()
  }

  revokeAll(): void {
    this.first = 'revoked'
    this.tokens.revokeAll()
  }
}

export function googleError(status: number, reason: string, message: string, name: string): StandInAnswer {
  const errors = [{ domain: 'global', reason, message }]
  return { status, body: { error: { code: status, message, errors, status: name } } }
}

/** Refusals in Google's form. */
export function googleRefuse(refusal: Refusal, { path }: StandInRequest): StandInAnswer {
  switch (refusal.why) {
    case 'rate-limited': {
      const answer = googleError(429, 'rateLimitExceeded', 'Rate Limit Exceeded', 'RESOURCE_EXHAUSTED')
      return { ...answer, headers: { 'retry-after': String(refusal.retryAfterS) } }
    }
    case 'unavailable':
      return googleError(refusal.status, 'backendError', 'Backend Error', 'UNAVAILABLE')
    case 'unauthorized':
      // Where tokens are given out, it is the consent that is gone.
      if (path === '/token') return { status: 400, body: { error: 'invalid_grant' } }
      return googleError(401, 'authError', 'Invalid Credentials', 'UNAUTHENTICATED')
    case 'not-found':
      return googleError(404, 'notFound', 'Not Found', 'NOT_FOUND')
  }
}
