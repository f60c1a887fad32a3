import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import { BlockList, isIP, type LookupFunction, type Socket } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import { messageOf, ReeveError } from '../../base/errors.ts'
import type { Destination } from './ssrf-guard.ts'

export interface ExchangeRequest {
  method: string
  headers: Record<string, string>
  body: string | Uint8Array | undefined
  signal: AbortSignal
  /** Of the answer's body, after decompression. */
  maxBytes: number
}

export interface ExchangeResponse {
  status: number
  headers: Record<string, string>
  body: Buffer
}

/**
 * One request and its answer, to exactly the addresses that were admitted, on a connection of its own, past any proxy.
 * An error's `details.sent` is false when nothing had left.
 * @throws `unreachable` `broken-response` `response-too-large` `refused-encoding`; the signal's reason when aborted
 */
export async function exchange(
  destination: Destination,
  request: ExchangeRequest,
): Promise<ExchangeResponse> {
  request.signal.throwIfAborted()
  const { response, release } = await openExchange(destination, request)
  try {
    const body = await readBody(response, destination, request)
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
 * Sends a request and answers as soon as the answer's head is there: the one place that opens connections to servers
 * that a project names. @throws `unreachable`; the signal's reason when aborted
 */
export function openExchange(
  destination: Destination,
  request: Omit<ExchangeRequest, 'maxBytes'>,
): Promise<OpenExchange> {
  const { url, addresses } = destination
  const { promise, resolve, reject } = Promise.withResolvers<OpenExchange>()
  const secure = url.protocol === 'https:'
  const settings = { keepAlive: false, maxSockets: 1 }
  const agent = secure ? new https.Agent(settings) : new http.Agent(settings)
  let sent = false
  const outgoing = (secure ? https : http).request(url, {
    method: request.method,
    headers: request.headers,
    agent,
    lookup: onlyTo(addresses),
    signal: request.signal,
    maxHeaderSize: 16_384,
  })
  const release = () => {
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
  { url }: Destination,
  { maxBytes, signal, method }: ExchangeRequest,
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
