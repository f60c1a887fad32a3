import { isRecord } from '../../base/json/record.ts'
import { type AuthScheme, oauth2 } from '../auth/scheme.ts'
import type { ServiceAnswer } from '../door/service-call.ts'
import type { Refusal } from '../shape/refusal.ts'

/** How programs sign in at Google for a person. */
export function googleAuth(scopes: readonly string[]): AuthScheme {
  return oauth2({
    where:
      'https://console.cloud.google.com/apis/credentials: an OAuth client of the type Desktop app (and switch the API on)',
    authorize: 'https://accounts.google.com/o/oauth2/v2/auth',
    token: 'https://oauth2.googleapis.com/token',
    revoke: 'https://oauth2.googleapis.com/revoke',
    flows: ['code'],
    scopes,
    // Without these Google gives no refresh token.
    more: { access_type: 'offline', prompt: 'consent' },
  })
}

const ofRate = new Set(['rateLimitExceeded', 'userRateLimitExceeded', 'quotaExceeded', 'dailyLimitExceeded'])
const ofScope = new Set(['insufficientPermissions', 'ACCESS_TOKEN_SCOPE_INSUFFICIENT'])

/** Google says by a reason what its statuses do not: 403 is for rates and for scopes. */
export function googleRefusal(scopes: readonly string[]): (answer: ServiceAnswer) => Refusal | undefined {
  return ({ status, json }) => {
    if (status < 400 || !isRecord(json) || !isRecord(json.error)) return undefined
    const { error } = json
    const message = typeof error.message === 'string' ? error.message : undefined
    const reasons = reasonsOf(error)
    const said = { code: reasons[0] ?? String(error.status ?? status), message }
    if (status === 403 && reasons.some((reason) => ofRate.has(reason))) return { kind: 'rate', ...said }
    if (status === 403 && reasons.some((reason) => ofScope.has(reason)))
      return { kind: 'scope', ...said, scopes }
    return undefined
  }
}

/** In the old form of its errors and in the new one. */
function reasonsOf({ errors, details }: Record<string, unknown>): string[] {
  return [errors, details]
    .filter(Array.isArray)
    .flat()
    .flatMap((each: unknown) => (isRecord(each) && typeof each.reason === 'string' ? [each.reason] : []))
}
