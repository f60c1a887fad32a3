import type { IncomingMessage, ServerResponse } from 'node:http'

/** A request as a stand-in got it. */
export interface StandInRequest {
  /** In capitals. */
  method: string
  /** As it was sent, without the query. */
  path: string
  /** What stands behind the question mark. */
  query: URLSearchParams
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>
  /** As it was sent. */
  body: Buffer
  /** When it came, by the stand-in's clock (ms). */
  at: number
  /** Which route took it, such as `GET /tickets/:id`; empty: none. */
  route: string
  /** What stands in the path where its route has a name, decoded. */
  params: Readonly<Record<string, string>>
}

/** What a stand-in answers: a text or bytes as they are, everything else as JSON. */
export interface StandInAnswer {
  /** Default 200. */
  status?: number
  headers?: Readonly<Record<string, string>>
  body?: unknown
}

/** Answers requests of one route. */
export type StandInRoute = (request: StandInRequest) => StandInAnswer | Promise<StandInAnswer>

const mostBodyBytes = 64 * 1024 * 1024

/** @throws when it breaks off, or is larger than any of these services takes */
export async function readRequest(incoming: IncomingMessage, at: number): Promise<StandInRequest> {
  const { method = '', url = '/' } = incoming
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > mostBodyBytes) throw new Error(`a stand-in takes ${mostBodyBytes} bytes at most`)
    chunks.push(chunk)
  }
  const mark = url.indexOf('?')
  const headers = Object.entries(incoming.headers).map(([name, value]) => [name, String(value)])
  return {
    method,
    path: mark < 0 ? url : url.slice(0, mark),
    query: new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1)),
    headers: Object.fromEntries(headers),
    body: Buffer.concat(chunks),
    at,
    route: '',
    params: {},
  }
}

/**
 * The body as JSON; undefined where it is none.
 * @example
 * import { jsonOf, type StandInRequest } from 'reeve/connectors/stand-in'
 *
 * export const subject = (request: StandInRequest) => (jsonOf(request) as { subject?: string } | undefined)?.subject
 */
export function jsonOf({ body }: Pick<StandInRequest, 'body'>): unknown {
  try {
    return JSON.parse(body.toString())
  } catch {
    return undefined
  }
}

/**
 * The body as the fields of a form.
 * @example
 * import { formOf, type StandInRequest } from 'reeve/connectors/stand-in'
 *
 * export const amount = (request: StandInRequest) => Number(formOf(request).get('amount'))
 */
export function formOf({ body }: Pick<StandInRequest, 'body'>): URLSearchParams {
  return new URLSearchParams(body.toString())
}

/**
 * The token of `Authorization: Bearer …`; empty: there is none.
 * @example
 * import { bearerOf, type StandInRequest } from 'reeve/connectors/stand-in'
 *
 * export const isKnown = (request: StandInRequest) => bearerOf(request) === 'stand-in-key'
 */
export function bearerOf({ headers }: Pick<StandInRequest, 'headers'>): string {
  return /^(?:Bearer|token) (\S+)$/i.exec(headers.authorization ?? '')?.[1] ?? ''
}

/**
 * User and password of `Authorization: Basic …`.
 * @example
 * import { basicOf, type StandInRequest } from 'reeve/connectors/stand-in'
 *
 * export const isKnown = (request: StandInRequest) => basicOf(request).password === 'stand-in-key'
 */
export function basicOf({ headers }: Pick<StandInRequest, 'headers'>): { user: string; password: string } {
  const given = /^Basic (\S+)$/i.exec(headers.authorization ?? '')?.[1] ?? ''
  const [user = '', ...password] = Buffer.from(given, 'base64').toString().split(':')
  return { user, password: password.join(':') }
}

export function sendAnswer(response: ServerResponse, answer: StandInAnswer): void {
  const { status = 200, headers = {}, body } = answer
  const isRaw = typeof body === 'string' || body instanceof Uint8Array
  const bytes = body === undefined ? '' : isRaw ? body : JSON.stringify(body)
  const type = isRaw || body === undefined ? {} : { 'content-type': 'application/json; charset=utf-8' }
  response.writeHead(status, { ...type, ...headers })
  response.end(bytes)
}

/** Finds the route of a request; a name with a colon stands for one part of the path, one with a star for all that is left. */
export function findRoute(
  routes: Readonly<Record<string, StandInRoute>>,
  { method, path }: Pick<StandInRequest, 'method' | 'path'>,
): { name: string; route: StandInRoute; params: Record<string, string> } | undefined {
  const parts = path.split('/')
  for (const [name, route] of Object.entries(routes)) {
    const [wanted, pattern = ''] = name.split(' ')
    const params = wanted === method ? paramsOf(pattern.split('/'), parts) : undefined
    if (params) return { name, route, params }
  }
  return undefined
}

function paramsOf(pattern: string[], parts: string[]): Record<string, string> | undefined {
  const params: Record<string, string> = {}
  for (const [index, wanted] of pattern.entries()) {
    const part = parts[index]
    if (wanted.startsWith('*')) {
      params[wanted.slice(1)] = decoded(parts.slice(index).join('/'))
      return params
    }
    if (part === undefined) return undefined
    if (wanted.startsWith(':') && part !== '') params[wanted.slice(1)] = decoded(part)
    else if (wanted !== part) return undefined
  }
  return pattern.length === parts.length ? params : undefined
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
