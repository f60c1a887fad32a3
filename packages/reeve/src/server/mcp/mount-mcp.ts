import type { McpHttpHandler, McpRequestContext } from '@modelcontextprotocol/server'
import type { Context, Hono } from 'hono'
import { ReeveError } from '../../base/errors.ts'
import { internalsOf, type Runtime } from '../../runtime/runtime.ts'
import { reaches } from '../../store/identity/principals.ts'
import type { CallerOf } from '../auth/caller.ts'
import type { Caller } from '../http/endpoint.ts'
import { readText } from '../http/request-body.ts'
import { readExactMessage } from './exact-requests.ts'
import { loadServerSdk } from './load-sdk.ts'
import { mcpServers } from './mcp.ts'

const maxBodyBytes = 1_048_576
/** A call waits for its run: so many do at one time, and the rest of the API goes on. */
const mostAtOnce = 100

interface Mounted {
  runtime: Runtime
  callerOf: CallerOf
  /** Where people open the dashboard, for a request. */
  pageUrlOf: (context: Context) => string
}

/**
 * MCP over streamable HTTP at `/mcp`, for tokens alone: what speaks MCP is a program, and a browser's session is its person's.
 * Nothing is kept between requests. Returns the way to end what is under way.
 */
export function mountMcp(app: Hono, { runtime, callerOf, pageUrlOf }: Mounted): () => Promise<void> {
  let made: Promise<McpHttpHandler> | undefined
  let atOnce = 0
  app.all('/mcp', async (context) => {
    const caller = await callerOf(context)
    if (caller.via !== 'token')
      throw new ReeveError(
        'not-signed-in',
        'MCP is served to tokens: send Authorization: Bearer TOKEN (reeve token create).',
      )
    if (atOnce >= mostAtOnce)
      throw new ReeveError(
        'server-busy',
        `${mostAtOnce} requests of MCP are being answered. Ask again in a second.`,
      )
    atOnce++
    try {
      return await answer(context, caller)
    } finally {
      atOnce--
    }
  })
  return async () => (await made?.catch(() => undefined))?.close()

  async function answer(context: Context, caller: Caller): Promise<Response> {
    made ??= mcpHandler(runtime).catch((error: unknown) => {
      made = undefined
      throw error
    })
    const handler = await made
    const { raw, method } = context.req
    const authInfo = authInfoOf(caller, pageUrlOf(context))
    if (method !== 'POST') return reply(context, await handler.fetch(raw, { authInfo }))
    const text = await readText(raw, maxBodyBytes)
    const read = readExactMessage(text)
    if ('fault' in read) return context.json(read.fault.error, read.fault.status as 400)
    // The body was read above: the handler gets what it says.
    const bare = new Request(raw.url, { method, headers: raw.headers, signal: raw.signal })
    return reply(context, await handler.fetch(bare, { authInfo, parsedBody: read.message }))
  }
}

async function mcpHandler(runtime: Runtime): Promise<McpHttpHandler> {
  const { createMcpHandler } = await loadServerSdk()
  const { log } = internalsOf(runtime)
  const servers = await mcpServers(runtime, optionsOf)
  return createMcpHandler(servers, {
    onerror: (error) => log.info('an MCP request was refused', { error: String(error) }),
  })
}

/** Who asks goes along with the request: servers are made for one request each. */
function authInfoOf({ principal, role }: Caller, pageUrl: string) {
  return {
    token: '',
    clientId: principal,
    scopes: [role],
    extra: { principal, mayAct: reaches(role, 'operator'), pageUrl },
  }
}

function optionsOf({ authInfo }: McpRequestContext) {
  const { principal, mayAct, pageUrl } = authInfo!.extra as ReturnType<typeof authInfoOf>['extra']
  return { principal, mayAct, pageUrl, proof: 'token' as const }
}

/** With the headers that every answer of this server has. */
function reply(context: Context, { status, headers, body }: Response): Response {
  for (const [name, value] of headers) context.header(name, value)
  if (body === null) return context.body(null, status as 204)
  return context.body(body as ReadableStream, status as 200)
}
