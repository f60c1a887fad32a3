import type { CallToolResult, ContentBlock, Result } from '@modelcontextprotocol/sdk/types.js'
import type { ZodType } from 'zod'
import type { Json } from '../../../base/json/json.ts'
import { notAsked } from '../faults.ts'
import type { LiveConnection } from '../live-connection.ts'
import { resultOf, resultOfBlocks, resultOfData } from '../read-result.ts'
import type { McpResult } from '../result.ts'
import { importSdk } from '../sdk.ts'

const mostResources = 500

function resultSchemas() {
  return importSdk(() => import('@modelcontextprotocol/sdk/types.js'))
}

/** Calls a tool. `key` goes along as `reeve/idempotency-key` for servers that know what to do with it. */
export async function askTool(
  live: LiveConnection,
  server: string,
  call: { name: string; args: Json; key: string | undefined; traceparent?: string | undefined },
  signal: AbortSignal,
  maxResult: number,
): Promise<McpResult> {
  const { CallToolResultSchema } = await resultSchemas()
  const params = {
    name: call.name,
    arguments: call.args,
    ...metaOf(call),
  }
  const schema = CallToolResultSchema as unknown as ZodType<CallToolResult>
  return resultOf(server, await live.ask({ method: 'tools/call', params }, schema, signal), maxResult)
}

function metaOf({ key, traceparent }: { key: string | undefined; traceparent?: string | undefined }) {
  if (key === undefined && traceparent === undefined) return {}
  const _meta = {
    ...(key === undefined ? {} : { 'reeve/idempotency-key': key }),
    ...(traceparent === undefined ? {} : { traceparent }),
  }
  return { _meta }
}

/** The messages of a prompt, as texts under the role that each is written for. */
export async function askPrompt(
  live: LiveConnection,
  server: string,
  name: string,
  args: Json,
  signal: AbortSignal,
  maxResult: number,
): Promise<McpResult> {
  const { GetPromptResultSchema } = await resultSchemas()
  const schema = GetPromptResultSchema as unknown as ZodType<
    Result & { messages: { role: string; content: ContentBlock }[] }
  >
  const asked = { method: 'prompts/get', params: { name, arguments: args } }
  const { messages } = await live.ask(asked, schema, signal)
  const blocks = messages.flatMap(({ role, content }): ContentBlock[] => [
    { type: 'text', text: `${role}:` },
    content,
  ])
  return resultOfBlocks(server, blocks, maxResult)
}

export async function readResource(
  live: LiveConnection,
  server: string,
  uri: string,
  signal: AbortSignal,
  maxResult: number,
): Promise<McpResult> {
  requireResources(live, server)
  const { ReadResourceResultSchema } = await resultSchemas()
  type Contents = Extract<ContentBlock, { type: 'resource' }>['resource']
  const schema = ReadResourceResultSchema as unknown as ZodType<Result & { contents: Contents[] }>
  const { contents } = await live.ask({ method: 'resources/read', params: { uri } }, schema, signal)
  const blocks = contents.map((resource): ContentBlock => ({ type: 'resource', resource }))
  return resultOfBlocks(server, blocks, maxResult)
}

interface ResourcesPage extends Result {
  resources: { uri: string; name: string; description?: string; mimeType?: string }[]
  nextCursor?: string
}

/** Uri, name, description and type of each resource, in `structured`. */
export async function listResources(
  live: LiveConnection,
  server: string,
  signal: AbortSignal,
  maxResult: number,
): Promise<McpResult> {
  requireResources(live, server)
  const { ListResourcesResultSchema } = await resultSchemas()
  const schema = ListResourcesResultSchema as unknown as ZodType<ResourcesPage>
  const resources: Json[] = []
  let cursor: string | undefined
  do {
    const params = cursor === undefined ? {} : { cursor }
    const page = await live.ask({ method: 'resources/list', params }, schema, signal)
    for (const { uri, name, description = '', mimeType = null } of page.resources) {
      resources.push({ uri, name, description, mimeType })
    }
    cursor = page.resources.length === 0 ? undefined : page.nextCursor
  } while (cursor !== undefined && resources.length < mostResources)
  return resultOfData(server, { resources: resources.slice(0, mostResources) }, maxResult)
}

function requireResources(live: LiveConnection, server: string): void {
  if (live.has('resources')) return
  throw notAsked('mcp-no-resources', `MCP server "${server}" has no resources.`)
}
