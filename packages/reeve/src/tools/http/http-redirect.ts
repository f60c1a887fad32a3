import { ReeveError } from '../../base/errors.ts'
import type { ExchangeResponse } from './http-exchange.ts'
import type { HttpMethod } from './http-method.ts'

const keptAcrossOrigins = new Set(['accept', 'accept-language'])

/** One request of a chain of redirects. Credentials are never part of it. */
export interface Hop {
  url: URL
  method: HttpMethod
  headers: Record<string, string>
  body: string | Uint8Array | undefined
}

/** Where an answer redirects to; undefined when it does not. @throws `refused-redirect` */
export function nextHop(hop: Hop, answer: ExchangeResponse): Hop | undefined {
  const { location } = answer.headers
  if (![301, 302, 303, 307, 308].includes(answer.status) || location === undefined) return
  const url = URL.parse(location, hop.url.href)
  if (!url) throw refusedRedirect(hop.url, 'its Location is not a URL')
  if (hop.url.protocol === 'https:' && url.protocol !== 'https:') {
    throw refusedRedirect(hop.url, `it leads from https to ${url.protocol}`)
  }
  const sameOrigin = url.origin === hop.url.origin
  const read = hop.method === 'GET' || hop.method === 'HEAD'
  const becomesGet = !read && (answer.status === 303 || (answer.status < 303 && hop.method === 'POST'))
  if (!read && !becomesGet && !sameOrigin) {
    throw refusedRedirect(hop.url, `it would repeat the ${hop.method} at ${url.origin}`)
  }
  const headers = Object.fromEntries(
    Object.entries(hop.headers).filter(
      ([name]) => (sameOrigin && !becomesGet) || keptAcrossOrigins.has(name),
    ),
  )
  return becomesGet
    ? { url, method: 'GET', headers, body: undefined }
    : { url, method: hop.method, headers, body: hop.body }
}

export function refusedRedirect(url: URL, why: string): ReeveError {
  return new ReeveError('refused-redirect', `The request to ${url.origin} was not followed on: ${why}.`, {
    details: { sent: true },
  })
}
