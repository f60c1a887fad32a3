import { ReeveError } from '../../../base/errors.ts'
import { sha256 } from '../../../base/hash.ts'
import { canonical } from '../../../base/json/json.ts'
import { checkOptions, refuseUnknownOptions } from '../../../base/options.ts'
import { addVariables } from '../../../base/secrets/known-secrets.ts'
import { openAll, type Reveal, type Secret, secretNamesIn } from '../../../base/secrets/secret-handle.ts'
import type { Secrets } from '../../../base/secrets/secrets.ts'
import { type Clock, type Duration, toMs } from '../../../base/time/time.ts'
import { axisNames, type ToolAxes } from '../../axes.ts'
import type { FromJsonSchema } from '../../json-schema/json-schema.ts'
import type { ToolDefinition } from '../../tool.ts'
import type { McpResult } from '../result.ts'

/** What a project says of one tool, against what its server claims. Default: `once`, high risk, always approved. */
export type McpToolSettings = Partial<
  Pick<
    ToolDefinition<FromJsonSchema, ResultSchema>,
    'effect' | 'risk' | 'approval' | 'approvalTimeout' | 'retry' | 'rate' | 'verify' | keyof ToolAxes
  >
>

/** The schema of what every tool of an MCP server gives. */
export type ResultSchema = import('@standard-schema/spec').StandardSchemaV1<McpResult, McpResult>

/** What its connections use of this process. */
export interface McpConnectionServices {
  /** For its timeouts. */
  clock: Clock
  /** Where the variables come from that its definition names. */
  environment: NodeJS.ProcessEnv
  /** Opens the secrets that its definition names; absent: one that names any cannot be reached. */
  reveal?: Reveal | undefined
}

/** What servers of both kinds are told. */
export interface McpServerSettings {
  /** Its tools are named `NAME.tool`. */
  name: string
  /** By the server's own name of the tool; `prompt.NAME`, `resource.read` and `resource.list` too. */
  tools?: Record<string, McpToolSettings>
  /** Which of these may be used, by the names that `tools` takes. Default: all that is pinned. */
  allow?: readonly string[]
  /** The file of pins. Default: `mcp-pins.json` beside the nearest `reeve.config.ts` above the working directory. */
  pins?: string | URL
  /** For one call. Default `30s`. */
  timeout?: Duration
  /** To start and to tell its tools. Default `30s`. */
  connectTimeout?: Duration
  /** The largest result that is handed on, in characters; longer text is cut, with a note. Default 256 Ki. */
  maxResult?: number
  /** The largest single message that is taken, in bytes; a longer one ends the connection. Default 8 MiB. */
  maxMessage?: number
  /** How often it is started again within ten minutes. Default 5. */
  restarts?: number
}

/** A server that is started here and speaks over its standard input and output. */
export interface StdioServerDefinition extends McpServerSettings {
  /** The program, found on the PATH. */
  command: string
  /** Its arguments. Default: none. */
  args?: readonly string[]
  /** Where it runs. Default: the working directory. */
  cwd?: string
  /** All it gets besides PATH, HOME and TMPDIR: names of this process's variables, or names with values, handles of secrets among them. */
  env?: readonly string[] | Readonly<Record<string, string | Secret>>
}

/** A server somewhere else, over streamable HTTP. */
export interface HttpServerDefinition extends McpServerSettings {
  /** Where it listens. */
  url: string
  /** Sent to this origin only, such as `authorization`; texts, or handles of secrets. */
  headers?: Readonly<Record<string, string | Secret>>
  /** Whether it may be at a private address, without TLS. Loopback always may. */
  private?: boolean
}

/** What `mcpServer` is told of a server. */
export type McpServerDefinition = StdioServerDefinition | HttpServerDefinition

export interface Limits {
  timeoutMs: number
  connectTimeoutMs: number
  maxResult: number
  maxMessage: number
  restarts: number
}

export function limitsOf(definition: McpServerDefinition): Limits {
  return {
    timeoutMs: toMs(definition.timeout ?? '30s', '`timeout` of an MCP server'),
    connectTimeoutMs: toMs(definition.connectTimeout ?? '30s', '`connectTimeout` of an MCP server'),
    maxResult: definition.maxResult ?? 262_144,
    maxMessage: definition.maxMessage ?? 8 * 1024 * 1024,
    restarts: definition.restarts ?? 5,
  }
}

/** Where a server comes from. Another origin under the same name is another server, and its pins do not count. */
export function originOf(definition: McpServerDefinition | OpenedDefinition): string {
  if ('url' in definition) return sha256(canonical({ url: definition.url }))
  return sha256(canonical({ command: definition.command, args: definition.args ?? [] }))
}

/** Registers what a server is given as credentials: variables whose names or values say so, and headers. */
export function addCredentials(
  secrets: Secrets,
  definition: McpServerDefinition,
  environment: NodeJS.ProcessEnv,
): void {
  if ('url' in definition) {
    addVariables(secrets, textsOf(definition.headers))
    return
  }
  const { env = {} } = definition
  if (isNames(env)) addVariables(secrets, Object.fromEntries(env.map((name) => [name, environment[name]])))
  else addVariables(secrets, textsOf(env))
}

/** Without handles: what they stand for is known to be secret when it is opened. */
function textsOf(given: Readonly<Record<string, string | Secret>> = {}): Record<string, string> {
  const texts: Record<string, string> = {}
  for (const [name, value] of Object.entries(given)) if (typeof value === 'string') texts[name] = value
  return texts
}

function isNames(env: NonNullable<StdioServerDefinition['env']>): env is readonly string[] {
  return Array.isArray(env)
}

/** A definition whose handles were opened: what its process or its requests get. */
export type OpenedDefinition =
  | (Omit<StdioServerDefinition, 'env'> & { env?: readonly string[] | Readonly<Record<string, string>> })
  | (Omit<HttpServerDefinition, 'headers'> & { headers?: Readonly<Record<string, string>> })

/** The names of the secrets that it is given. */
export function secretsOfServer(definition: McpServerDefinition): string[] {
  return secretNamesIn('url' in definition ? definition.headers : definition.env)
}

/** @throws `secret-not-here` `bad-secret`, and what `reveal` throws */
export async function openDefinition(
  definition: McpServerDefinition,
  reveal: Reveal | undefined,
): Promise<OpenedDefinition> {
  const what = `MCP server "${definition.name}"`
  if ('url' in definition) {
    const { headers, ...rest } = definition
    return headers ? { ...rest, headers: await openAll(headers, reveal, what) } : rest
  }
  const { env, ...rest } = definition
  if (env === undefined) return rest
  return { ...rest, env: isNames(env) ? env : await openAll(env, reveal, what) }
}

const shape = {
  name: 'text!',
  command: 'text',
  args: 'texts',
  env: ['object', 'texts'],
  url: 'text',
  headers: 'object',
  tools: 'object',
  allow: 'texts',
  maxResult: 'number',
  maxMessage: 'number',
  restarts: 'number',
} as const

/** What servers of both kinds may have, and each kind besides. */
const shared = [
  'name',
  'tools',
  'allow',
  'pins',
  'timeout',
  'connectTimeout',
  'maxResult',
  'maxMessage',
  'restarts',
] as const satisfies (keyof McpServerSettings)[]
const kinds = {
  stdio: ['command', 'args', 'cwd', 'env'] satisfies Exclude<
    keyof StdioServerDefinition,
    keyof McpServerSettings
  >[],
  http: ['url', 'headers', 'private'] satisfies Exclude<
    keyof HttpServerDefinition,
    keyof McpServerSettings
  >[],
}
const toolSettings = [
  'effect',
  'risk',
  'approval',
  'approvalTimeout',
  'retry',
  'rate',
  'verify',
  ...axisNames,
] as const satisfies (keyof McpToolSettings)[]

/** @throws `bad-mcp-server` */
export function checkServer(definition: McpServerDefinition): void {
  checkOptions(definition, 'an MCP server', shape, 'bad-mcp-server')
  const called = `MCP server "${definition.name}"`
  const own = 'url' in definition ? kinds.http : kinds.stdio
  refuseUnknownOptions(definition, called, [...shared, ...own], 'bad-mcp-server')
  for (const [name, settings] of Object.entries(definition.tools ?? {}))
    refuseUnknownOptions(settings, `Tool "${name}" of ${called}`, toolSettings, 'bad-mcp-server')
  const bad = (why: string) => new ReeveError('bad-mcp-server', `MCP server "${definition.name}": ${why}`)
  if (!/^[a-z][\w-]*$/i.test(definition.name)) {
    throw bad('a name is made of letters, digits, "-" and "_", and starts with a letter.')
  }
  if (!('url' in definition)) {
    if (!definition.command) throw bad('it needs a command to start, or a url.')
    return
  }
  const url = URL.parse(definition.url)
  if (!url || !/^https?:$/.test(url.protocol)) throw bad(`"${definition.url}" is not an http(s) URL.`)
  if (url.username || url.password) throw bad('put credentials in headers, not in the URL.')
  if (url.protocol === 'http:' && !isLoopback(url) && !definition.private) {
    throw bad('use https, or say private: true for a server in your own network.')
  }
}

export function isLoopback(url: URL): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(url.hostname)
}
