import type { IncomingMessage } from 'node:http'
import { ReadableStream } from 'node:stream/web'
import type { FetchLike } from '@modelcontextprotocol/sdk/shared/transport.js'
import { ReeveError } from '../../base/errors.ts'
import { headersOf, openExchange } from '../http-exchange.ts'
import { EgressGuard } from '../ssrf-guard.ts'
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
 * judged, through the same door as all requests of tools; redirects are not followed; answers are streamed, each message in them bounded.
 */
export function guardedFetch(definition: HttpServerDefinition, edges: FetchEdges): FetchLike {
  const home = new URL(definition.url)
  const trusted = definition.private === true || isLoopback(home)
  const guard = new EgressGuard({ allow: [home.host], ...(trusted ? { allowPrivate: [home.host] } : {}) })
  return async (input, init = {}) => {
    const signal = init.signal ?? new AbortController().signal
    const url = new URL(input)
    const destination = await guard.admit(url, signal)
    const { method = 'GET', body: given } = init
    const { response, release } = await openExchange(destination, {
      method,
      headers: Object.fromEntries(new Headers(init.headers)),
      body: typeof given === 'string' ? given : undefined,
      signal,
    })
    const status = response.statusCode!
    const headers = new Headers(headersOf(response))
    if (headers.has('content-encoding')) {
      release()
      throw new ReeveError('refused-encoding', `MCP server "${definition.name}" answered in an encoding.`)
    }
    const isStream = /^text\/event-stream\b/i.test(headers.get('content-type') ?? '')
    const flood = () => floodFault(definition.name, `a message of more than ${edges.maxMessage} bytes`)
    const body = bounded(response, release, edges.maxMessage, isStream, () => {
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

/** The bytes as they come. In a stream of events the count begins anew after each blank line. */
function bounded(
  response: IncomingMessage,
  release: () => void,
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
      if (done) {
        release()
        return controller.close()
      }
      if (count(value)) return controller.enqueue(new Uint8Array(value))
      release()
      controller.error(onFlood())
    },
    cancel() {
      release()
    },
  })
}
