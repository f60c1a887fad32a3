import { timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { ReeveError } from '../../base/errors.ts'
import { sha256 } from '../../base/hash.ts'
import { internalsOf, type Runtime } from '../../runtime/runtime.ts'
import { importSdk } from '../../tools/mcp/sdk.ts'
import { type RequestFault, readBody, readExactMessage } from './exact-requests.ts'
import { createMcp } from './mcp.ts'
import type { McpServeOptions } from './mcp-tools.ts'

export interface McpHttpOptions extends McpServeOptions {
  /** What a client must send as `Authorization: Bearer …`. At least 16 characters. */
  token: string
  /** What the `Host` header may be, such as `127.0.0.1:4100`: a page that rebinds its name to loopback sends its own. */
  hosts: readonly string[]
  /** What an `Origin` header may be. Default: none, so that no web page may ask. */
  origins?: readonly string[]
}

const maxBodyBytes = 1_048_576
const mostAtOnce = 100

/** Streamable HTTP for node:http. Without sessions: each request is whole in itself. @throws `weak-token` */
export function mcpHttpHandler(
  runtime: Runtime,
  options: McpHttpOptions,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  if (options.token.length < 16) {
    throw new ReeveError(
      'weak-token',
      'The token of the MCP server is too short: use at least 16 random characters.',
    )
  }
  let atOnce = 0
  return async (request, response) => {
    const refusal = refusalOf(request, options) ?? (atOnce >= mostAtOnce ? busy : undefined)
    if (refusal) return refuse(request, response, refusal)
    atOnce++
    try {
      await answer(runtime, options, request, response)
    } catch (error) {
      internalsOf(runtime).log.error('an MCP request failed', { error: String(error) })
      if (!response.headersSent) refuse(request, response, { status: 500, message: 'Internal error.' })
      else response.destroy()
    } finally {
      atOnce--
    }
  }
}

/** Serves at loopback only. Port 0 takes a free one. */
export async function listenMcp(
  runtime: Runtime,
  options: Omit<McpHttpOptions, 'hosts'> & { port?: number },
): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => void handle(request, response))
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const handle = mcpHttpHandler(runtime, { ...options, hosts: [`127.0.0.1:${port}`, `localhost:${port}`] })
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

interface Refusal {
  status: number
  message: string
  headers?: Record<string, string>
}

const busy: Refusal = { status: 503, message: 'Too many requests at once.', headers: { 'retry-after': '1' } }

/** Decided from the head alone, before a byte of the body is read. */
function refusalOf(request: IncomingMessage, options: McpHttpOptions): Refusal | undefined {
  const { host = '', origin, authorization = '' } = request.headers
  if (!options.hosts.includes(host)) return { status: 421, message: 'This host is not served here.' }
  if (origin !== undefined && !(options.origins ?? []).includes(origin)) {
    return { status: 403, message: 'This origin may not ask.' }
  }
  if (!isSame(authorization, `Bearer ${options.token}`)) {
    return { status: 401, message: 'Send the token.', headers: { 'www-authenticate': 'Bearer' } }
  }
  if (request.method !== 'POST') return { status: 405, message: 'Only POST.', headers: { allow: 'POST' } }
  if (request.url !== '/mcp') return { status: 404, message: 'Ask /mcp.' }
  return
}

/** In a time that tells nothing of where they differ. */
function isSame(given: string, wanted: string): boolean {
  return timingSafeEqual(Buffer.from(sha256(given)), Buffer.from(sha256(wanted)))
}

function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  { status, message, headers }: Refusal,
): void {
  request.resume()
  const error = { jsonrpc: '2.0', id: null, error: { code: -32000, message } }
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close', ...headers })
  response.end(JSON.stringify(error))
}

async function answer(
  runtime: Runtime,
  options: McpHttpOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { StreamableHTTPServerTransport } = await loadTransport()
  const body = await readBody(request, maxBodyBytes)
  if ('fault' in body) return refuseBody(response, body.fault)
  const read = readExactMessage(body.text)
  if ('fault' in read) return refuseBody(response, read.fault)
  const server = await createMcp(runtime, options)
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: undefined,
    enableJsonResponse: true,
  })
  // A client that goes away stops the waiting, not the run.
  response.on('close', () => void server.close())
  await server.connect(transport as Transport)
  await transport.handleRequest(request, response, read.message)
}

function refuseBody(response: ServerResponse, { status, error }: RequestFault): void {
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' })
  response.end(JSON.stringify(error))
}

function loadTransport() {
  return importSdk(() => import('@modelcontextprotocol/sdk/server/streamableHttp.js'))
}
