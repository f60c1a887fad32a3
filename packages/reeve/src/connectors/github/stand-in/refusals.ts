import type { StandInAnswer } from '../../stand-in/exchange.ts'
import type { Refusal } from '../../stand-in/stand-in.ts'

export function refuse(refusal: Refusal): StandInAnswer {
  const docs = { documentation_url: 'https://docs.github.com/rest' }
  switch (refusal.why) {
    case 'unauthorized':
      return { status: 401, body: { message: 'Bad credentials', ...docs, status: '401' } }
    case 'rate-limited': {
      // Over the first limit, the headers alone say until when; the second one says how long.
      const message = refusal.rate
        ? 'API rate limit exceeded for user ID 77.'
        : 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.'
      const headers: Record<string, string> = refusal.rate
        ? {}
        : { 'retry-after': String(refusal.retryAfterS) }
      return { status: 403, headers, body: { message, ...docs } }
    }
    case 'unavailable':
      return { status: refusal.status, body: { message: 'Server Error' } }
    default:
      return { status: 404, body: { message: 'Not Found', ...docs, status: '404' } }
  }
}

export function invalid(field: string, code: string): StandInAnswer {
  return { status: 422, body: { message: 'Validation Failed', errors: [{ resource: 'Issue', code, field }] } }
}
