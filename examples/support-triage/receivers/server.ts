import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parseArgs } from 'node:util'
import { openArrivalLog, type ReceiverName } from './arrival-log.ts'
import { createFaultPlan, parseFaults, type ReceiverFault } from './faults.ts'
import { createReceipts, type Outcome } from './receipts.ts'

export interface ReceiverOptions {
  /** 0 takes any free port. Absent: 4750. */
  port?: number
  host?: string
  /** Where `receivers.jsonl` is kept. */
  directory: string
  faults?: ReceiverFault[]
  now?: () => number
}

const largestBodyBytes = 1024 * 1024
/** How long a client that never ends its request may hold up the stop. */
const longestGoodbyeMs = 2000
const fields: Record<ReceiverName, { required: string[]; optional: string[] }> = {
  helpdesk: { required: ['subject', 'body', 'inReplyTo'], optional: ['to'] },
  chat: { required: ['channel', 'text'], optional: [] },
}

/**
 * Starts the helpdesk and the chat as one HTTP server. A request with an idempotency key takes effect once, however
 * often it arrives and whatever dies in between: it is on the disk before it is answered.
 */
export async function startReceivers(
  options: ReceiverOptions,
): Promise<{ url: string; close(): Promise<void> }> {
  const log = await openArrivalLog(options.directory)
  const receipts = createReceipts(log, options.now ?? Date.now)
  const faults = createFaultPlan(options.faults ?? [])
  const closing = new AbortController()
  let delayed = 0

  const server = createServer((request, response) => {
    route(request, response).catch((error: unknown) => {
      const problem = error instanceof Error ? error.message : String(error)
      if (response.headersSent || response.destroyed) response.destroy()
      else answer(response, { status: 500, body: { error: problem } })
    })
  })

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://receivers')
    const path = url.pathname
    if (request.method === 'POST' && path === '/helpdesk/replies')
      return receive('helpdesk', request, response)
    if (request.method === 'POST' && path === '/chat/messages') return receive('chat', request, response)
    if (request.method === 'GET' && path.startsWith('/helpdesk/replies/')) {
      return answer(response, receipts.find('helpdesk', decodeKey(path.slice('/helpdesk/replies/'.length))))
    }
    if (request.method === 'GET' && path === '/log') {
      const since = Number(url.searchParams.get('since') ?? 0)
      const limit = Math.min(Number(url.searchParams.get('limit') ?? 1000), 1000)
      if (!Number.isInteger(since) || since < 0 || !Number.isInteger(limit) || limit < 1)
        return answer(response, { status: 400, body: { error: 'since and limit are whole numbers' } })
      return answer(response, { status: 200, body: { arrivals: await log.read(since, limit) } })
    }
    if (request.method === 'GET' && path === '/health')
      return answer(response, { status: 200, body: { ok: true, applied: receipts.count(), delayed } })
    answer(response, { status: 404, body: { error: `there is no ${request.method} ${path} here` } })
  }

  async function receive(
    receiver: ReceiverName,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const key = request.headers['idempotency-key']
    if (typeof key !== 'string' || key.trim() === '' || key.length > 255)
      return refuse(request, response, 400, 'send an Idempotency-Key header of 1 to 255 characters')
    const text = await readBody(request)
    if (text === undefined)
      return refuse(request, response, 413, `the body is larger than ${largestBodyBytes} bytes`)
    const parsed = parseBody(text, receiver)
    if ('problem' in parsed) return answer(response, { status: 400, body: { error: parsed.problem } })
    const fault = faults.next(receiver, key)
    if (fault?.kind === 'delay' && !(await waitOrClose(fault.delayMs ?? 1000))) return drop(response)
    if (fault?.kind === 'fail-before')
      return answer(response, {
        status: fault.status ?? 503,
        body: { error: 'injected fault: nothing was done' },
      })
    const outcome = await receipts.accept(receiver, key, parsed.body)
    if (fault?.kind === 'lose-reply') return drop(response)
    if (fault?.kind === 'fail-after')
      return answer(response, {
        status: fault.status ?? 503,
        body: { error: 'injected fault: the answer is lost' },
      })
    answer(response, outcome)
  }

  /** @returns false when the server closes first. */
  function waitOrClose(delayMs: number): Promise<boolean> {
    delayed++
    return new Promise((resolve) => {
      const stop = () => {
        clearTimeout(timer)
        resolve(false)
      }
      const timer = setTimeout(() => {
        closing.signal.removeEventListener('abort', stop)
        delayed--
        resolve(true)
      }, delayMs)
      closing.signal.addEventListener('abort', stop, { once: true })
      if (closing.signal.aborted) stop()
    })
  }

  const host = options.host ?? '127.0.0.1'
  const port = options.port ?? 4750
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, host, resolve)
    })
  } catch (cause) {
    await log.close()
    throw startError(cause, host, port)
  }
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      closing.abort()
      server.closeIdleConnections()
      const impatience = setTimeout(() => server.closeAllConnections(), longestGoodbyeMs)
      await closed
      clearTimeout(impatience)
      await log.close()
    },
  }
}

function startError(cause: unknown, host: string, port: number): unknown {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  if (code !== 'EADDRINUSE') return cause
  return new Error(
    `Port ${port} on ${host} is in use. Stop what listens there, or choose another with --port.`,
    {
      cause,
    },
  )
}

function drop(response: ServerResponse): void {
  response.destroy()
}

function answer(response: ServerResponse, outcome: Outcome): void {
  const text = JSON.stringify(outcome.body)
  response.writeHead(outcome.status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    ...(outcome.replayed ? { 'idempotency-replayed': 'true' } : {}),
  })
  response.end(text)
}

/** Answers before the body was read, so the rest of it has to be thrown away with the connection. */
function refuse(request: IncomingMessage, response: ServerResponse, status: number, error: string): void {
  response.setHeader('connection', 'close')
  answer(response, { status, body: { error } })
  request.resume()
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > largestBodyBytes) return
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parseBody(
  text: string,
  receiver: ReceiverName,
): { body: Record<string, unknown> } | { problem: string } {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return { problem: `the body is not JSON: ${error instanceof Error ? error.message : String(error)}` }
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    return { problem: 'the body is not a JSON object' }
  const given = value as Record<string, unknown>
  const { required, optional } = fields[receiver]
  const body: Record<string, unknown> = {}
  for (const name of required) {
    if (typeof given[name] !== 'string' || given[name].trim() === '')
      return { problem: `"${name}" must be a text that is not empty` }
    body[name] = given[name]
  }
  for (const name of optional) {
    if (given[name] === undefined) continue
    if (typeof given[name] !== 'string') return { problem: `"${name}" must be a text` }
    body[name] = given[name]
  }
  const unknown = Object.keys(given).find((name) => !required.includes(name) && !optional.includes(name))
  return unknown === undefined ? { body } : { problem: `"${unknown}" is not a field of this receiver` }
}

function decodeKey(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '4750' },
      host: { type: 'string', default: '127.0.0.1' },
      dir: { type: 'string', default: '.reeve/receivers' },
    },
  })
  const port = Number(values.port)
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`--port ${values.port} is not a port; give a whole number from 0 to 65535.`)
  const faults = parseFaults(process.env.RECEIVERS_FAULTS ?? '[]')
  const receivers = await startReceivers({ port, host: values.host, directory: values.dir, faults })
  console.log(`Helpdesk and chat listen on ${receivers.url}; arrivals go to ${values.dir}/receivers.jsonl`)
  const stop = () => {
    process.off('SIGTERM', stop)
    process.off('SIGINT', stop)
    receivers.close().catch((error: unknown) => {
      console.error(error)
      process.exitCode = 1
    })
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
}

if (import.meta.main) {
  main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  })
}
