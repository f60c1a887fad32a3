import type { McpServerFactory, Server, ServerContext } from '@modelcontextprotocol/server'
import { jsonWithoutSecretShapes } from '../../base/secrets/secret-shapes.ts'
import { firstCharacters } from '../../base/text/shorten.ts'
import { internalsOf, type Runtime } from '../../runtime/runtime.ts'
import { requireRun } from '../../store/runs/runs.ts'
import { reeveIdentity } from '../../tools/mcp/sdk.ts'
import { loadServerSdk, type ServerSdk } from './load-sdk.ts'
import { canOf, elicitations, tasksExtension } from './mcp-asks.ts'
import { approvalTemplate, listServed, readServed, runTemplate } from './mcp-resources.ts'
import { serveTasks, taskOf } from './mcp-tasks.ts'
import { type McpServeOptions, type ServedTool, servedTools } from './mcp-tools.ts'
import { describeFailure, type ServedRun, serveUntilMoved } from './mcp-views.ts'

const instructions =
  'The workflows of a Reeve project, each a tool that starts a durable run. Runs and approvals are resources. A person decides approvals, on a page: nothing that speaks MCP can.'

/**
 * Makes servers of a project, each for one connection or one request, of the revisions 2026-07-28 and 2025-11-25 alike.
 * @throws `missing-package` `bad-workflow`
 */
export async function mcpServers(
  runtime: Runtime,
  optionsOf: McpServeOptions | ((context: Parameters<McpServerFactory>[0]) => McpServeOptions),
): Promise<McpServerFactory> {
  const sdk = await loadServerSdk()
  const given = typeof optionsOf === 'function' ? optionsOf : () => optionsOf
  return (context) => mcpServer(sdk, runtime, given(context))
}

function mcpServer(sdk: ServerSdk, runtime: Runtime, options: McpServeOptions): Server {
  const { ProtocolError, ProtocolErrorCode } = sdk
  const { principal = 'mcp', pageUrl, mayAct = true } = options
  const view = { pageUrl }
  const server = new sdk.Server(reeveIdentity(), {
    capabilities: { tools: {}, resources: {}, extensions: { [tasksExtension]: {} } },
    instructions,
  })
  const clientName = () => server.getClientVersion()?.name
  const tools = servedTools(runtime, { clientName, ...options })
  const capabilitiesOf = ({ mcpReq }: ServerContext) =>
    (mcpReq.envelope as Record<string, unknown> | undefined)?.[sdk.CLIENT_CAPABILITIES_META_KEY] ??
    server.getClientCapabilities()

  server.setRequestHandler('tools/list', () => ({
    tools: [...tools.values()].map(({ call: _call, startsRuns: _starts, ...told }) => told),
  }))
  server.setRequestHandler('tools/call', async ({ params }, context) => {
    const tool = tools.get(params.name)
    if (!tool) {
      const name = firstCharacters(params.name, 200)
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, `There is no tool "${name}".`)
    }
    const { signal } = context.mcpReq
    try {
      const state = context.mcpReq.requestState()
      const run =
        typeof state === 'string'
          ? await again(tool, state, tool.waitMsOf(params.arguments), signal)
          : undefined
      const around = { signal, traceparent: traceparentOf(context) }
      const told = run ?? (await tool.call(params.arguments, around))
      if (!tool.startsRuns || isOver(told)) return resultOf(told, tool)
      const can = canOf(capabilitiesOf(context))
      if (can.tasks) return { resultType: 'task', ...taskOf(told), content: [] }
      // Asked once: whoever comes back has been shown where to go, and hears how the run stands.
      const inputRequests = can.elicitUrl && run === undefined ? elicitations(sdk, told) : undefined
      return inputRequests
        ? sdk.inputRequired({ inputRequests, requestState: told.runId })
        : resultOf(told, tool)
    } catch (error) {
      if (error instanceof ProtocolError) throw error
      if (!signal.aborted)
        internalsOf(runtime).log.warn('an MCP call failed', { tool: tool.name, error: String(error) })
      return answerWith({ error: describeFailure(error) }, true)
    }
  })
  server.setRequestHandler('resources/list', async () => ({ resources: await listServed(runtime) }))
  server.setRequestHandler('resources/templates/list', () => ({
    resourceTemplates: [runTemplate, approvalTemplate],
  }))
  server.setRequestHandler('resources/read', async ({ params: { uri } }) => {
    const notThere = (message: string) => new sdk.ResourceNotFoundError(uri, message)
    const read = await readServed(runtime, uri, view).catch((error: unknown) => {
      throw notThere(describeFailure(error).message)
    })
    if (read === undefined) throw notThere(`There is no resource ${firstCharacters(uri, 200)}.`)
    return { contents: [{ uri, mimeType: 'application/json', text: jsonWithoutSecretShapes(read) }] }
  })
  serveTasks(server, sdk, runtime, { view, mayAct, principal, resultOf: (run) => resultOf(run) })
  return server

  /**
   * A call that was answered with what is asked of people comes again, with the run's id as its state. The client could have
   * written any: it gives nothing that `reeve.run` would not, and a run of another workflow is not taken.
   */
  async function again(
    { name }: ServedTool,
    state: string,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<ServedRun> {
    const row = await requireRun(internalsOf(runtime).database, state.slice(0, 100)).catch(() => undefined)
    if (!row || row.workflow !== name || row.principal !== principal)
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'Invalid or expired requestState')
    return serveUntilMoved(runtime, row.id, waitMs, signal, view)
  }
}

/** What a run has come to; one that failed is an error of the tool that started it. */
function resultOf(run: ServedRun, tool?: Pick<ServedTool, 'startsRuns'>) {
  const isError = (tool?.startsRuns ?? true) && (run.status === 'failed' || run.status === 'cancelled')
  return answerWith(run, isError)
}

/** In `_meta`, where MCP has it, or in the header of its request. */
function traceparentOf({ mcpReq, http }: ServerContext): unknown {
  return mcpReq._meta?.traceparent ?? http?.req?.headers.get('traceparent')
}

function isOver({ status }: ServedRun): boolean {
  return status === 'succeeded' || status === 'failed' || status === 'cancelled'
}

function answerWith(value: object, isError: boolean) {
  const text = jsonWithoutSecretShapes(value)
  const structuredContent = JSON.parse(text) as Record<string, unknown>
  return { content: [{ type: 'text' as const, text }], structuredContent, isError }
}
