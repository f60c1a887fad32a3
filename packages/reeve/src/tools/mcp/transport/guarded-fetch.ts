import type { IncomingMessage } from 'node:http'
import { ReadableStream } from 'node:stream/web'
import type { FetchLike } from '@modelcontextprotocol/sdk/shared/transport.js'
import { ReeveError } from '../../../base/errors.ts'
import { headersOf, openExchange } from '../../http/http-exchange.ts'
import { EgressGuard } from '../../http/ssrf-guard.ts'
import { type HttpServerDefinition, isLoopback } from '../definition/server-definition.ts'
import { floodFault, unreadFault } from '../faults.ts'
import { exactEvents, exactMessage } from './exact-message.ts'

export interface FetchEdges {
  maxMessage: number
  /** What is asked is given up after this time; a stream of the server's own may begin whenever it has something to say. */
  timeoutMs: number
  /** Told when the server sends more than is taken, or what is not read: the SDK would wait on. */
  onFlood: (fault: ReeveError) => void
}

const withoutBody = new Set([101, 204, 205, 304])

/**
 * `fetch` for one server and nowhere else, through the door of all requests of tools. Redirects are not followed; answers
 * are streamed, each message in them bounded.
 */
export function guardedFetch(
  definition: Pick<HttpServerDefinition, 'name' | 'url' | 'private'>,
  edges: FetchEdges,
): FetchLike {
  const home = new URL(definition.url)
  const trusted = definition.private === true || isLoopback(home)
  const guard = new EgressGuard({ allow: [home.host], ...(trusted ? { allowPrivate: [home.host] } : {}) })
  return async (input, init = {}) => {
    const signal = init.signal ?? new AbortController().signal
    const { method = 'GET', body: given } = init
    const { response, release } = await openExchange(guard, {
      url: new URL(input),
      method,
      headers: () => Object.fromEntries(new Headers(init.headers)),
      body: typeof given === 'string' ? given : undefined,
      signal,
      ...(method !== 'GET' && { headMs: edges.timeoutMs }),
    })
    const status = response.statusCode!
    const headers = new Headers(headersOf(response))
    if (headers.has('content-encoding')) {
      release()
      throw new ReeveError('refused-encoding', `MCP server "${definition.name}" answered in an encoding.`)
    }
    const isStream = /^text\/event-stream\b/i.test(headers.get('content-type') ?? '')
    const body = bounded(response, release, edges.maxMessage, isStream, (unread) => {
      const fault = unread
        ? unreadFault(definition.name, unread, 'it sent something that is not a JSON-RPC message')
        : floodFault(definition.name, `a message of more than ${edges.maxMessage} bytes`)
      edges.onFlood(fault)
      return fault
    })
    return new Response(withoutBody.has(status) ? null : (body as globalThis.ReadableStream), {
      status,
      headers,
    })
  }
}

/**
 * The answer's messages, each as it may be read. One answer is one message; in a stream of events each ends with a blank
 * line, and the count of bytes begins anew.
 */
function bounded(
  response: IncomingMessage,
  release: () => void,
  maxMessage: number,
  isStream: boolean,
  onFault: (unread?: unknown) => ReeveError,
): ReadableStream<Uint8Array> {
  let pending: Buffer[] = []
  let size = 0
  let lineIsEmpty = false
  /** Where in the chunk the last whole event ends; undefined: a message is too large. */
  const endOfEvents = (chunk: Buffer): number | undefined => {
    let end = 0
    for (let at = 0; at < chunk.length; at++) {
      size++
      if (chunk[at] === 10) {
        if (lineIsEmpty) {
          size = 0
          end = at + 1
        }
        lineIsEmpty = true
      } else if (chunk[at] !== 13) lineIsEmpty = false
      if (size > maxMessage) return undefined
    }
    return end
  }
  const take = (last: Buffer): Uint8Array => {
    const text = Buffer.concat([...pending, last]).toString('utf8')
    pending = []
    return new Uint8Array(Buffer.from(isStream ? exactEvents(text) : exactMessage(text)))
  }
  const taken = (last: Buffer, controller: ReadableStreamDefaultController): Uint8Array | undefined => {
    try {
      return take(last)
    } catch (error) {
      release()
      controller.error(onFault(error))
      return undefined
    }
  }
  const chunks = response[Symbol.asyncIterator]()
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      for (;;) {
        const { value, done } = (await chunks.next()) as IteratorResult<Buffer, undefined>
        if (done) {
          release()
          const last = pending.length > 0 ? taken(Buffer.alloc(0), controller) : new Uint8Array()
          if (!last) return
          if (last.length > 0) controller.enqueue(last)
          return controller.close()
        }
        let end: number | undefined = 0
        if (isStream) end = endOfEvents(value)
        else {
          size += value.length
          if (size > maxMessage) end = undefined
        }
        if (end === undefined) {
          release()
          return controller.error(onFault())
        }
        const events = end > 0 ? taken(value.subarray(0, end), controller) : undefined
        if (end > 0 && !events) return
        if (end < value.length) pending.push(value.subarray(end))
        if (events) return controller.enqueue(events)
      }
    },
    cancel() {
      release()
    },
  })
}
