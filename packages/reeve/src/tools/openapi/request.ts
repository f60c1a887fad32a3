import { ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import { isRecord } from '../../base/json/record.ts'
import type { Operation, Parameter } from './operation.ts'

export interface OperationRequest {
  url: string
  headers: Record<string, string>
  /** Sent as it is when a text, else as JSON. */
  body: Json | undefined
}

type Arguments = { readonly [key: string]: Json | undefined }

/** One request of an operation. No argument changes which operation, or which server, is called. @throws `refused-request` */
export function requestOf(operation: Operation, server: URL, args: Arguments): OperationRequest {
  let path = operation.path
  const query = new URLSearchParams()
  const headers: Record<string, string> = {}
  for (const parameter of operation.parameters) {
    const value = args[parameter.key]
    if (value === undefined) continue
    if (parameter.in === 'path') path = path.replace(`{${parameter.name}}`, () => pathPart(parameter, value))
    else if (parameter.in === 'header') headers[parameter.name] = flat(parameter, value)
    else for (const [name, text] of queryPairs(parameter, value)) query.append(name, text)
  }
  const url = new URL(server.origin)
  url.pathname = `${server.pathname.replace(/\/$/, '')}${path}`
  url.search = query.toString()
  return { url: url.href, headers, body: bodyOf(operation, args.body, headers) }
}

/** A part like `..` would be taken for a way up even when it is percent-encoded. */
function pathPart(parameter: Parameter, value: Json): string {
  const text = flat(parameter, value)
  if (text === '' || text === '.' || text === '..') {
    throw refused(`"${text}" cannot be used for {${parameter.name}} in a path`)
  }
  return encodeURIComponent(text)
}

function queryPairs(parameter: Parameter, value: Json): [string, string][] {
  const { name, style, explode } = parameter
  if (style === 'deepObject' && isRecord(value)) {
    return Object.entries(value).map(([key, inner]) => [`${name}[${key}]`, scalar(inner)])
  }
  if (style === 'form' && explode) {
    if (Array.isArray(value)) return value.map((item) => [name, scalar(item)])
    if (isRecord(value)) return Object.entries(value).map(([key, inner]) => [key, scalar(inner)])
  }
  return [[name, flat(parameter, value)]]
}

function flat({ style, explode }: Parameter, value: Json): string {
  if (style === 'json') return JSON.stringify(value)
  if (Array.isArray(value)) return value.map(scalar).join(',')
  if (!isRecord(value)) return scalar(value)
  return Object.entries(value)
    .map(([key, inner]) => (explode ? `${key}=${scalar(inner)}` : `${key},${scalar(inner)}`))
    .join(',')
}

function scalar(value: Json | undefined): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value)
}

function bodyOf(
  { body }: Operation,
  value: Json | undefined,
  headers: Record<string, string>,
): Json | undefined {
  if (!body || value === undefined) return undefined
  headers['content-type'] = body.contentType
  if (body.contentType.startsWith('application/x-www-form-urlencoded')) {
    if (!isRecord(value)) throw refused('the body of a form must be an object')
    return new URLSearchParams(
      Object.entries(value).map(([key, inner]): [string, string] => [key, scalar(inner)]),
    ).toString()
  }
  if (body.contentType.startsWith('text/')) return scalar(value)
  return typeof value === 'string' ? JSON.stringify(value) : value
}

function refused(why: string): ReeveError {
  return new ReeveError('refused-request', `Nothing was sent: ${why}.`, { details: { sent: false } })
}
