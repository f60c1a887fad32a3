import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import { isIP } from 'node:net'
import { ReadableStream } from 'node:stream/web'
import type { FetchLike } from '@modelcontextprotocol/sdk/shared/transport.js'
import { messageOf, ReeveError } from '../../base/errors.ts'
import { type Destination, EgressGuard } from '../ssrf-guard.ts'
import { floodFault } from './faults.ts'
import { type HttpServerDefinition, isLoopback } from './server-definition.ts'

export interface FetchEdges {
  maxMessage: number
  /** Told when the server sends more than is taken: the SDK would wait on. */
  onFlood: (fault: ReeveError) => void
}

const withoutBody = new Set([101, 204, 205, 304])

/**
 * `fetch` for one server and nowhere else: every request passes the egress guard and goes to the addresses that it
 * judged; redirects are not followed; answers are streamed, each message in them bounded.
 */
export function guardedFetch(definition: HttpServerDefinition, edges: FetchEdges): FetchLike {
  const home = new URL(definition.url)
  const trusted = definition.private === true || isLoopback(home)
  const guard = new EgressGuard({ allow: [home.host], ...(trusted ? { allowPrivate: [home.host] } : {}) })
  return async (input, init = {}) => {
    const signal = init.signal ?? new AbortController().signal
    const url = new URL(input)
    const destination = await guard.admit(url, signal)
    const response = await send(destination, init, signal)
    const status = response.statusCode!
    const headers = new Headers()
    for (const [name, value] of Object.entries(response.headers)) {
      if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value)
    }
    if (headers.has('content-encoding')) {
      response.destroy()
      throw new ReeveError('refused-encoding', `MCP server "${definition.name}" answered in an encoding.`)
    }
    const isStream = /^text\/event-stream\b/i.test(headers.get('content-type') ?? '')
    const flood = () => floodFault(definition.name, `a message of more than ${edges.maxMessage} bytes`)
    const body = bounded(response, edges.maxMessage, isStream, () => {
      const fault = flood()
      edges.onFlood(fault)
      return fault
    })
    return new Response(withoutBody.has(status) ? null : (body as globalThis.ReadableStream), {
      status,
      headers,
    })
  }
}

/** Answers with the head of the answer. */
function send(
  { url, addresses }: Destination,
  { method = 'GET', headers, body }: RequestInit,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const all = addresses.map((address) => ({ address, family: isIP(address) }))
  const outgoing = (url.protocol === 'https:' ? https : http).request(url, {
    method,
    headers: Object.fromEntries(new Headers(headers)),
    agent: false,
    // In the place of name resolution: the name was resolved, and its addresses judged, before.
    lookup: (_hostname, options, callback) => {
      if (options.all) callback(null, all)
      else callback(null, all[0]!.address, all[0]!.family)
    },
    signal,
    maxHeaderSize: 16_384,
  })
  outgoing.on('response', resolve)
  outgoing.on('error', (cause) => {
    if (signal.aborted) return reject(signal.reason)
    const why = `${url.origin} could not be reached: ${messageOf(cause)}`
    reject(new ReeveError('unreachable', why, { retryable: true, cause, details: { host: url.host } }))
  })
  outgoing.end(typeof body === 'string' ? body : undefined)
  return promise
}

/** The bytes as they come. In a stream of events the count begins anew after each blank line. */
function bounded(
  response: IncomingMessage,
  maxMessage: number,
  isStream: boolean,
  onFlood: () => ReeveError,
): ReadableStream<Uint8Array> {
  let size = 0
  let lineIsEmpty = false
  const count = (chunk: Buffer): boolean => {
    if (!isStream) {
      size += chunk.length
      return size <= maxMessage
    }
    for (const byte of chunk) {
      size++
      if (byte === 10) {
        if (lineIsEmpty) size = 0
        lineIsEmpty = true
      } else if (byte !== 13) lineIsEmpty = false
      if (size > maxMessage) return false
    }
    return true
  }
  const chunks = response[Symbol.asyncIterator]()
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { value, done } = (await chunks.next()) as IteratorResult<Buffer, undefined>
      if (done) return controller.close()
      if (count(value)) return controller.enqueue(new Uint8Array(value))
      response.destroy()
      controller.error(onFlood())
    },
    cancel() {
      response.destroy()
    },
  })
}
