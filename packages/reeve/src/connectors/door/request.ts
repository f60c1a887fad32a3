import { ReeveError } from '../../base/errors.ts'
import { isRecord } from '../../base/json/record.ts'
import { NotApplied } from '../../engine/calls/effect/definition.ts'
import type { RequestOptions } from './service-call.ts'

/** What goes out, beside headers. */
export interface Prepared {
  url: string
  headers: Record<string, string>
  body: string | Uint8Array | undefined
}

/** @throws `not-applied` for a path that would lead elsewhere */
export function prepare(base: string, path: string, options: RequestOptions): Prepared {
  const url = addressOf(base, path)
  addQuery(url, options.query)
  const headers: Record<string, string> = { accept: 'application/json', ...options.headers }
  const { json, form, body, contentType } = options
  if (json !== undefined) headers['content-type'] = contentType ?? 'application/json'
  else if (form !== undefined) headers['content-type'] = contentType ?? 'application/x-www-form-urlencoded'
  else if (contentType !== undefined) headers['content-type'] = contentType
  const sent = json !== undefined ? JSON.stringify(json) : form !== undefined ? formOf(form) : body
  return { url: url.href, headers, body: sent }
}

/** Paths stay below the base, and whole addresses (of a next page) at its origin. */
function addressOf(base: string, path: string): URL {
  const root = new URL(base)
  if (/^https?:\/\//i.test(path)) {
    const url = URL.parse(path)
    if (url && url.origin === root.origin) return url
    throw refused(`${JSON.stringify(path.slice(0, 200))} is not at ${root.origin}`)
  }
  if (!path.startsWith('/'))
    throw refused(`the path ${JSON.stringify(path.slice(0, 200))} does not begin with /`)
  const [plain = '', query] = path.split(/\?(.*)/s)
  if (plain.split('/').some((part) => part === '..' || part === '.' || /^%2e(?:%2e|\.)?$/i.test(part)))
    throw refused(`the path ${JSON.stringify(path.slice(0, 200))} leads out of its place`)
  const url = new URL(root.href)
  url.pathname = `${root.pathname.replace(/\/$/, '')}${plain}`
  url.search = query ?? ''
  return url
}

function addQuery(url: URL, query: RequestOptions['query']): void {
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value === undefined) continue
    url.searchParams.delete(name)
    for (const one of Array.isArray(value) ? value : [value]) url.searchParams.append(name, String(one))
  }
}

/** `{ a: { b: 1 }, c: [2] }` is `a[b]=1&c[0]=2`. */
function formOf(form: Readonly<Record<string, unknown>>): string {
  const pairs = new URLSearchParams()
  const add = (name: string, value: unknown): void => {
    if (value === undefined) return
    if (Array.isArray(value)) for (const [index, one] of value.entries()) add(`${name}[${index}]`, one)
    else if (isRecord(value)) for (const [inner, one] of Object.entries(value)) add(`${name}[${inner}]`, one)
    else pairs.append(name, value === null ? '' : String(value))
  }
  for (const [name, value] of Object.entries(form)) add(name, value)
  return pairs.toString()
}

/**
 * A value in a path, so that it cannot lead elsewhere.
 * @throws `not-applied`
 * @example
 * import { pathPart } from 'reeve/connectors'
 *
 * export const path = (id: string) => `/tickets/${pathPart(id)}`
 */
export function pathPart(value: string | number): string {
  const text = String(value)
  if (text !== '' && text !== '.' && text !== '..') return encodeURIComponent(text)
  throw refused(`${JSON.stringify(text)} cannot stand in a path`)
}

function refused(why: string): NotApplied {
  const cause = new ReeveError('refused-request', `Nothing was sent: ${why}.`)
  return new NotApplied(cause.message, { cause })
}
