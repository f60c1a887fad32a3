import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import { BlockList, isIP, type LookupFunction, type Socket } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import { messageOf, ReeveError } from '../../base/errors.ts'
import type { Destination, EgressGuard } from './ssrf-guard.ts'

export interface ExchangeRequest {
  url: URL
  method: string
  /** Asked when it is known where the request goes: credentials depend on it. */
  headers: (destination: Destination) => Record<string, string> | Promise<Record<string, string>>
  body: string | Uint8Array | undefined
  signal: AbortSignal
  /** From the connection's start to the answer's head. Default: as long as the signal lets it. */
  headMs?: number
}

export interface ExchangeResponse {
  status: number
  headers: Record<string, string>
  body: Buffer
}

/**
 * One request and its whole answer, of at most `maxBytes` after decompression.
 * @throws what `openExchange` throws; `broken-response` `response-too-large` `refused-encoding`
 */
export async function exchange(
  guard: EgressGuard,
  request: ExchangeRequest & { maxBytes: number },
): Promise<ExchangeResponse> {
  const { response, release } = await openExchange(guard, request)
  try {
    const body = await readBody(response, request)
    return { status: response.statusCode!, headers: headersOf(response), body }
  } catch (error) {
    if (request.signal.aborted) throw request.signal.reason
    throw error
  } finally {
    release()
  }
}

export interface OpenExchange {
  /** Its body is still to be read. */
  response: IncomingMessage
  /** Ends the connection. */
  release: () => void
}

/**
 * The one door to other hosts: the guard judges the URL and every address of its host, the request goes to exactly these
 * addresses, on a connection of its own, past any proxy, and what is connected is looked at again. Answers as soon as the
 * answer's head is there; a redirect is an answer, and whoever follows it comes through here again.
 * An error's `details.sent` is false when nothing had left.
 * @throws what `EgressGuard.admit` throws; `unreachable`; the signal's reason when aborted
 */
export async function openExchange(guard: EgressGuard, request: ExchangeRequest): Promise<OpenExchange> {
  const destination = await guard.admit(request.url, request.signal)
  const headers = await request.headers(destination)
  request.signal.throwIfAborted()
  return connect(destination, request, headers)
}

function connect(
  destination: Destination,
  request: ExchangeRequest,
  headers: Record<string, string>,
): Promise<OpenExchange> {
  const { url, addresses } = destination
  const { promise, resolve, reject } = Promise.withResolvers<OpenExchange>()
  const secure = url.protocol === 'https:'
  const settings = { keepAlive: false, maxSockets: 1 }
  const agent = secure ? new https.Agent(settings) : new http.Agent(settings)
  let sent = false
  const outgoing = (secure ? https : http).request(url, {
    method: request.method,
    headers,
    agent,
    lookup: onlyTo(addresses),
    signal: request.signal,
    maxHeaderSize: 16_384,
  })
  const late =
    request.headMs === undefined
      ? undefined
      : setTimeout(() => outgoing.destroy(new Error(`no answer within ${request.headMs} ms`)), request.headMs)
  const release = () => {
    clearTimeout(late)
    outgoing.destroy()
    agent.destroy()
  }
  outgoing.on('socket', (socket: Socket) => {
    // Aborted after its answer was read, the request no longer listens for it.
    socket.on('error', () => {})
    socket.once(secure ? 'secureConnect' : 'connect', () => {
      sent = true
    })
    socket.once('connect', () => {
      if (isAmong(socket.remoteAddress, addresses)) return
      socket.destroy(new Error(`connected to ${socket.remoteAddress}, which was not admitted`))
    })
  })
  outgoing.on('response', (response) => {
    clearTimeout(late)
    // Whoever reads it hears of it there; an answer that nobody reads must not end the process.
    response.on('error', () => {})
    resolve({ response, release })
  })
  outgoing.on('error', (cause) => {
    release()
    if (request.signal.aborted) return reject(request.signal.reason)
    const what = sent ? 'did not answer' : 'could not be reached'
    const options = { retryable: true, cause, details: { host: url.host, sent } }
    reject(new ReeveError('unreachable', `${url.origin} ${what}: ${messageOf(cause)}`, options))
  })
  outgoing.end(request.body)
  return promise
}

/** In the place of name resolution: the name was resolved, and its addresses judged, before. */
function onlyTo(addresses: string[]): LookupFunction {
  const all = addresses.map((address) => ({ address, family: isIP(address) }))
  return (_hostname, options, callback) => {
    if (options.all) callback(null, all)
    else callback(null, all[0]!.address, all[0]!.family)
  }
}

function isAmong(address: string | undefined, addresses: string[]): boolean {
  const set = new BlockList()
  for (const admitted of addresses) set.addAddress(admitted, isIP(admitted) === 6 ? 'ipv6' : 'ipv4')
  return address !== undefined && set.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}

async function readBody(
  response: IncomingMessage,
  { url, maxBytes, signal, method }: ExchangeRequest & { maxBytes: number },
): Promise<Buffer> {
  const tooLarge = () =>
    new ReeveError('response-too-large', `${url.origin} answered with more than ${maxBytes} bytes.`, {
      details: { sent: true, maxBytes },
    })
  if (method === 'HEAD') return Buffer.alloc(0)
  if (Number(response.headers['content-length'] ?? 0) > maxBytes) throw tooLarge()
  const decoder = decoderFor(response, url)
  const chunks: Buffer[] = []
  let size = 0
  const collect = async (source: AsyncIterable<Buffer>) => {
    for await (const chunk of source) {
      size += chunk.length
      if (size > maxBytes) throw tooLarge()
      chunks.push(chunk)
    }
  }
  try {
    if (decoder) await pipeline(response, decoder, collect, { signal })
    else await pipeline(response, collect, { signal })
  } catch (cause) {
    if (cause instanceof ReeveError) throw cause
    const options = { retryable: true, cause, details: { sent: true } }
    throw new ReeveError(
      'broken-response',
      `The answer of ${url.origin} broke off: ${messageOf(cause)}`,
      options,
    )
  }
  return Buffer.concat(chunks, size)
}

/** One layer of the usual encodings; stacked ones serve nothing but bombs. */
function decoderFor(response: IncomingMessage, url: URL) {
  switch (response.headers['content-encoding']?.trim().toLowerCase() ?? 'identity') {
    case 'identity':
    case '':
      return undefined
    case 'gzip':
    case 'x-gzip':
      return createGunzip()
    case 'deflate':
      return createInflate()
    case 'br':
      return createBrotliDecompress()
    default: {
      const encoding = response.headers['content-encoding']
      throw new ReeveError('refused-encoding', `${url.origin} answered in the encoding "${encoding}".`, {
        details: { sent: true },
      })
    }
  }
}

export function headersOf(response: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(response.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value
  }
  return headers
}
