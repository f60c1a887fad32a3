import type { StandInAnswer, StandInRequest } from '../../stand-in/exchange.ts'
import type { Refusal } from '../../stand-in/stand-in.ts'

export const version = '2026-03'
export const kinds = ['contacts', 'companies', 'deals'] as const
export type Kind = (typeof kinds)[number]

export function error(status: number, category: string, message: string, more: object = {}): StandInAnswer {
  const correlationId = '00000000-0000-4000-8000-000000000000'
  return { status, body: { status: 'error', message, correlationId, category, ...more } }
}

export function unauthorized(category: string, message: string): StandInAnswer {
  return error(401, category, message)
}

export function refuse(refusal: Refusal): StandInAnswer {
  switch (refusal.why) {
    case 'unauthorized':
      return unauthorized('INVALID_AUTHENTICATION', 'Authentication credentials not found.')
    case 'rate-limited': {
      const answer = error(429, 'RATE_LIMITS', 'You have reached your ten_secondly_rolling limit.', {
        errorType: 'RATE_LIMIT',
        policyName: 'TEN_SECONDLY_ROLLING',
      })
      return { ...answer, headers: { 'retry-after': String(refusal.retryAfterS) } }
    }
    case 'unavailable':
      return error(refusal.status, 'INTERNAL_ERROR', 'internal error')
    default:
      return error(404, 'OBJECT_NOT_FOUND', 'resource not found')
  }
}

export function missingScope(
  { path, method }: StandInRequest,
  scopes: readonly string[],
): StandInAnswer | undefined {
  const kind = kinds.find((each) => path.startsWith(`/crm/objects/${version}/${each}`))
  if (!kind) return undefined
  const isRead = method === 'GET' || path.endsWith('/search')
  const wanted = `crm.objects.${kind}.${isRead ? 'read' : 'write'}`
  if (scopes.includes(wanted)) return undefined
  const message = "This app hasn't been granted all required scopes to make this call."
  const context = { requiredGranularScopes: [wanted] }
  const said = { message: 'One or more of the following scopes are required.', context }
  return error(403, 'MISSING_SCOPES', message, { errors: [said] })
}
