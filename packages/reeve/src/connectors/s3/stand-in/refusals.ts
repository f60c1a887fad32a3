import type { StandInAnswer } from '../../stand-in/exchange.ts'
import type { Refusal } from '../../stand-in/stand-in.ts'
import { escaped } from '../xml.ts'

export function xml(body: string, more: StandInAnswer = {}): StandInAnswer {
  const headers = { 'content-type': 'application/xml', ...more.headers }
  return { ...more, headers, body: `<?xml version="1.0" encoding="UTF-8"?>\n${body}` }
}

export function error(status: number, code: string, message: string): StandInAnswer {
  const parts = `<Code>${code}</Code><Message>${escaped(message)}</Message><RequestId>STANDIN00000001</RequestId>`
  return xml(`<Error>${parts}</Error>`, { status })
}

export function refuse(refusal: Refusal): StandInAnswer {
  switch (refusal.why) {
    case 'unauthorized':
      return error(
        403,
        'InvalidAccessKeyId',
        'The AWS Access Key Id you provided does not exist in our records.',
      )
    case 'rate-limited': {
      const answer = error(503, 'SlowDown', 'Please reduce your request rate.')
      return { ...answer, headers: { ...answer.headers, 'retry-after': String(refusal.retryAfterS) } }
    }
    case 'unavailable':
      return error(refusal.status, 'InternalError', 'We encountered an internal error. Please try again.')
    default:
      return error(404, 'NoSuchKey', 'The specified key does not exist.')
  }
}
