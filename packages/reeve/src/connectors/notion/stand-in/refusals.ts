import type { StandInAnswer } from '../../stand-in/exchange.ts'
import type { Refusal } from '../../stand-in/stand-in.ts'

export function error(status: number, code: string, message: string): StandInAnswer {
  return {
    status,
    body: { object: 'error', status, code, message, request_id: '00000000-0000-4000-8000-000000000001' },
  }
}

export function refuse(refusal: Refusal): StandInAnswer {
  switch (refusal.why) {
    case 'unauthorized':
      return error(401, 'unauthorized', 'API token is invalid.')
    case 'rate-limited': {
      const answer = error(
        429,
        'rate_limited',
        'You have been rate limited. Please try again in a few minutes.',
      )
      return { ...answer, headers: { 'retry-after': String(refusal.retryAfterS) } }
    }
    case 'unavailable':
      return error(refusal.status, 'service_unavailable', 'Notion is unavailable, please try again later.')
    default:
      return error(
        404,
        'object_not_found',
        'Could not find the object. Make sure it is shared with your integration.',
      )
  }
}
