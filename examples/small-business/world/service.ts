/** A request as a service of the world sees it. */
export interface Call {
  method: string
  /** Without the query. */
  path: string
  query: URLSearchParams
  /** The body, read as JSON; null: there is none. */
  body: unknown
  /** The header `Idempotency-Key`. */
  key: string | undefined
  now: number
}

export interface Reply {
  status: number
  /** An object is sent as JSON, a text as HTML. */
  body: object | string
}

/** One of the world's services: answers a request, within one transaction of the books. */
export type Service = (call: Call) => Reply

export const notFound: Reply = { status: 404, body: { error: 'not found' } }

export function refuse(error: string, status = 422): Reply {
  return { status, body: { error } }
}

/** The fields of a body, each of which may be anything. */
export function fieldsOf(body: unknown): Record<string, unknown> {
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {}
}
