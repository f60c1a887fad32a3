import type { Server } from '@modelcontextprotocol/sdk/server/index.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { firstCharacters } from '../../base/text/shorten.ts'
import { internalsOf, type Runtime } from '../../runtime/runtime.ts'
import { importSdk, reeveIdentity } from '../../tools/mcp/sdk.ts'
import { listServed, readServed, runTemplate } from './mcp-resources.ts'
import { type McpServeOptions, servedTools } from './mcp-tools.ts'
import { describeFailure } from './mcp-views.ts'

const instructions =
  'The workflows of a Reeve project, each a tool that starts a durable run. Runs and approvals are resources.'

/** Makes the server of a project; each connection needs one of its own. @throws `missing-package` `bad-workflow` */
export async function createMcp(runtime: Runtime, options: McpServeOptions = {}): Promise<Server> {
  const sdk = await loadServerSdk()
  const { types } = sdk
  const server = new sdk.Server(reeveIdentity(), { capabilities: { tools: {}, resources: {} }, instructions })
  const clientName = () => server.getClientVersion()?.name
  const tools = servedTools(runtime, { clientName, ...options })
  server.setRequestHandler(types.ListToolsRequestSchema, () => ({
    tools: [...tools.values()].map(({ call: _call, ...told }) => told),
  }))
  server.setRequestHandler(types.CallToolRequestSchema, async ({ params }, { signal }) => {
    const tool = tools.get(params.name)
    if (!tool) throw new types.McpError(types.ErrorCode.InvalidParams, `There is no tool "${params.name}".`)
    try {
      return answerWith(await tool.call(params.arguments, signal), false)
    } catch (error) {
      if (!signal.aborted)
        internalsOf(runtime).log.warn('an MCP call failed', {
          tool: tool.name,
          error: String(error),
        })
      return answerWith({ error: describeFailure(error) }, true)
    }
  })
  server.setRequestHandler(types.ListResourcesRequestSchema, async () => ({
    resources: await listServed(runtime),
  }))
  server.setRequestHandler(types.ListResourceTemplatesRequestSchema, () => ({
    resourceTemplates: [runTemplate],
  }))
  server.setRequestHandler(types.ReadResourceRequestSchema, async ({ params: { uri } }) => {
    const notThere = (message: string) => new types.McpError(-32002, message, { uri })
    const read = await readServed(runtime, uri).catch((error: unknown) => {
      throw notThere(describeFailure(error).message)
    })
    if (read === undefined) throw notThere(`There is no resource ${firstCharacters(uri, 200)}.`)
    return { contents: [{ uri, mimeType: 'application/json', text: JSON.stringify(read) }] }
  })
  return server
}

/** Serves a project over one connection, such as standard input and output, until either side closes it. */
export async function serveMcp(
  runtime: Runtime,
  transport: Transport,
  options: McpServeOptions = {},
): Promise<{ closed: Promise<void>; close(): Promise<void> }> {
  const server = await createMcp(runtime, options)
  const { promise: closed, resolve } = Promise.withResolvers<void>()
  server.onclose = resolve
  await server.connect(transport)
  return { closed, close: () => server.close() }
}

function answerWith(value: object, isError: boolean) {
  const structuredContent = value as Record<string, unknown>
  return { content: [{ type: 'text' as const, text: JSON.stringify(value) }], structuredContent, isError }
}

async function loadServerSdk() {
  const [{ Server }, types] = await importSdk(() =>
    Promise.all([
      import('@modelcontextprotocol/sdk/server/index.js'),
      import('@modelcontextprotocol/sdk/types.js'),
    ]),
  )
  return { Server, types }
}
