import type { StandInAnswer, StandInRequest } from '../../stand-in/exchange.ts'
import type { Refusal } from '../../stand-in/stand-in.ts'

/** A thing of the API, by the names of its fields. */
export type Fields = Record<string, unknown>

export function refuse(refusal: Refusal): StandInAnswer {
  switch (refusal.why) {
    case 'unauthorized':
      return { status: 401, body: { error: "Couldn't authenticate you" } }
    case 'rate-limited': {
      const description = 'Number of allowed API requests per minute exceeded'
      const headers = { 'retry-after': String(refusal.retryAfterS) }
      return { status: 429, headers, body: { error: 'APIRateLimitExceeded', description } }
    }
    case 'unavailable':
      return { status: refusal.status, body: { error: 'ServiceUnavailable', description: 'Try again later' } }
    default:
      return { status: 404, body: { error: 'RecordNotFound', description: 'Not found' } }
  }
}

export function invalid(field: string, description: string): StandInAnswer {
  const details = { [field]: [{ description, error: 'BlankValue' }] }
  return { status: 422, body: { error: 'RecordInvalid', description: 'Record validation errors', details } }
}

export function withPage(query: URLSearchParams, page: number): string {
  const next = new URLSearchParams(query)
  next.set('page', String(page))
  return next.toString()
}

/** Pages by cursor; `sort=-created_at` turns the order round. */
export function cursorPage({ query }: StandInRequest, name: string, items: readonly Fields[]): StandInAnswer {
  const size = Math.min(Math.max(1, Number(query.get('page[size]') ?? 100)), 100)
  const from = Number(Buffer.from(query.get('page[after]') ?? '', 'base64url').toString() || 0)
  const isDescending = query.get('sort') === '-created_at' || query.get('sort_order') === 'desc'
  const ordered = isDescending ? [...items].reverse() : items
  const end = from + size
  const meta = {
    has_more: end < ordered.length,
    after_cursor: Buffer.from(String(Math.min(end, ordered.length))).toString('base64url'),
    before_cursor: null,
  }
  return { body: { [name]: ordered.slice(from, end), meta, links: { next: null, prev: null } } }
}
