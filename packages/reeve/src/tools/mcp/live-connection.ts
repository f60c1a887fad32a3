import type { Client } from '@modelcontextprotocol/sdk/client/index.js'
import type { Result } from '@modelcontextprotocol/sdk/types.js'
import type { ZodType } from 'zod'
import { messageOf, ReeveError } from '../../base/errors.ts'
import type { Secrets } from '../../base/secrets/secrets.ts'
import { visibleBrief } from '../../base/text/visible-text.ts'
import type { Clock } from '../../base/time/time.ts'
import {
  type Definition,
  type Listed,
  listed,
  promptDefinition,
  toolDefinition,
} from './definition/definition.ts'
import {
  type Limits,
  type McpConnectionServices,
  type OpenedDefinition,
  originOf,
} from './definition/server-definition.ts'
import { diedFault, notAsked, protocolFault } from './faults.ts'
import { type ClientSdk, reeveIdentity } from './sdk.ts'
import { Answered, type GuardedTransport } from './transport/guarded-transport.ts'
import type { StdioProcess } from './transport/stdio-process.ts'
import { transportFor } from './transport/transport.ts'

const mostPages = 50
const mostDefinitions = 1000
/** How often a list that changes while it is read is read again. */
const mostListings = 3
/** JSON-RPC: parse error, invalid request, method not found, invalid params. The tool was not run. */
const refusedCodes = new Set([-32700, -32600, -32601, -32602])

export interface McpRequest {
  method: string
  params: Record<string, unknown>
}

/** One connection, from its handshake until it is lost. It is never used again after that. */
export class LiveConnection {
  readonly origin: string
  readonly #server: string
  readonly #client: Client
  readonly #transport: GuardedTransport
  readonly #process: StdioProcess | undefined
  readonly #limits: Limits
  readonly #clock: Clock
  readonly #sdk: ClientSdk
  readonly #secrets: Secrets
  #lost = false
  #served = false
  #forgotten = false
  /** Calls that it owes an answer to; lists are not counted, they change nothing. */
  #owed = 0
  #retired = false
  #generation = 0
  #reading: Promise<Listed[]> | undefined
  #nextReading: Promise<Listed[]> | undefined

  private constructor(
    sdk: ClientSdk,
    definition: OpenedDefinition,
    limits: Limits,
    edges: McpConnectionServices,
    onLost: (live: LiveConnection) => void,
  ) {
    this.origin = originOf(definition)
    this.#server = definition.name
    this.#limits = limits
    this.#clock = edges.clock
    this.#sdk = sdk
    const { transport, process, secrets } = transportFor(sdk, definition, limits, edges.environment)
    this.#transport = transport
    this.#process = process
    this.#secrets = secrets
    this.#client = new sdk.Client(reeveIdentity(), { capabilities: {} })
    this.#client.onclose = () => {
      this.#lost = true
      onLost(this)
    }
    this.#client.onerror = () => {}
    const changed = () => {
      this.#generation++
    }
    this.#client.setNotificationHandler(sdk.types.ToolListChangedNotificationSchema, changed)
    this.#client.setNotificationHandler(sdk.types.PromptListChangedNotificationSchema, changed)
  }

  /** @throws `mcp-not-started` `mcp-protocol` `mcp-flood` and others, all before anything was asked */
  static async open(
    sdk: ClientSdk,
    definition: OpenedDefinition,
    limits: Limits,
    edges: McpConnectionServices,
    onLost: (live: LiveConnection) => void,
  ): Promise<LiveConnection> {
    const live = new LiveConnection(sdk, definition, limits, edges, onLost)
    try {
      await live.#within(limits.connectTimeoutMs, undefined, 'to start', (options) =>
        live.#client.connect(live.#transport, options),
      )
      return live
    } catch (error) {
      await live.close()
      throw error
    }
  }

  get lost(): boolean {
    return this.#lost
  }

  has(capability: 'tools' | 'prompts' | 'resources'): boolean {
    return this.#client.getServerCapabilities()?.[capability] !== undefined
  }

  /** It answered before it was lost: a new connection may be worth a try at once. */
  get hadServed(): boolean {
    return this.#served
  }

  /** It had served, and owed no answer when it was lost: sessions expire and idle processes end, and all is well. */
  get endedWell(): boolean {
    return this.#served && (this.#forgotten || this.#owed === 0)
  }

  /** What the server lists, read after this was called: a server need not say that its tools changed. */
  listing(): Promise<Listed[]> {
    this.#nextReading ??= this.#readNext(this.#reading)
    return this.#nextReading
  }

  /** One reading at a time. Whoever asks while one is under way gets the next: it may miss a change already. */
  async #readNext(current: Promise<unknown> | undefined): Promise<Listed[]> {
    await current?.catch(() => {})
    this.#reading = this.#nextReading
    this.#nextReading = undefined
    return this.#readSettled()
  }

  async #readSettled(): Promise<Listed[]> {
    for (let turn = 0; turn < mostListings; turn++) {
      const generation = this.#generation
      const definitions = await this.#readListing()
      if (generation === this.#generation) return definitions
    }
    throw notAsked(
      'mcp-changed',
      `MCP server "${this.#server}" changes its tools faster than they can be read.`,
    )
  }

  /** Asks once. What may have happened when it throws anything but `NotApplied` is for the effect class to say. */
  async ask<T extends Result>(asked: McpRequest, schema: ZodType<T>, signal?: AbortSignal): Promise<T> {
    const counts = asked.method.endsWith('/list') ? 0 : 1
    this.#owed += counts
    try {
      const answer = await this.#within(
        this.#limits.timeoutMs,
        signal,
        `to answer ${asked.method}`,
        (options) => this.#client.request(asked, schema, options),
      )
      this.#served = true
      return answer as T
    } finally {
      this.#owed -= counts
      if (this.#retired && this.#owed === 0) this.#transport.drop()
    }
  }

  /** Nobody asks it any more: it ends when it owes no answer. */
  retire(): void {
    this.#retired = true
    if (this.#owed === 0) this.#transport.drop()
  }

  async close(): Promise<void> {
    this.#lost = true
    await this.#client.close().catch(() => {})
    await this.#transport.close().catch(() => {})
  }

  async #readListing(): Promise<Listed[]> {
    const { ListToolsResultSchema, ListPromptsResultSchema } = this.#sdk.types
    const definitions: Definition[] = []
    if (this.has('tools')) {
      await this.#pages('tools/list', async (asked) => {
        const { tools, nextCursor } = await this.ask(
          asked,
          ListToolsResultSchema as unknown as ZodType<ToolsPage>,
        )
        definitions.push(...tools.map(toolDefinition))
        return { count: definitions.length, nextCursor }
      })
    }
    if (this.has('prompts')) {
      await this.#pages('prompts/list', async (asked) => {
        const page = await this.ask(asked, ListPromptsResultSchema as unknown as ZodType<PromptsPage>)
        definitions.push(...page.prompts.map(promptDefinition))
        return { count: definitions.length, nextCursor: page.nextCursor }
      })
    }
    return listed(definitions)
  }

  async #pages(
    method: string,
    read: (asked: McpRequest) => Promise<{ count: number; nextCursor: string | undefined }>,
  ): Promise<void> {
    let cursor: string | undefined
    for (let page = 0; page < mostPages; page++) {
      const { count, nextCursor } = await read({ method, params: cursor === undefined ? {} : { cursor } })
      if (count > mostDefinitions) break
      if (nextCursor === undefined) return
      cursor = nextCursor
    }
    const most = `${mostDefinitions} definitions on ${mostPages} pages`
    const fault = protocolFault(this.#server, `its ${method} does not end (${most} are the most)`)
    this.#transport.refuse(fault)
    throw fault
  }

  /** Under a limit of its own, so that the error can say what the server did instead of answering. */
  async #within<T>(
    limitMs: number,
    signal: AbortSignal | undefined,
    what: string,
    body: (options: { signal: AbortSignal; timeout: number }) => Promise<T>,
  ): Promise<T> {
    const limit = new AbortController()
    const stop = this.#clock.after(limitMs, () => limit.abort())
    try {
      const both = signal ? AbortSignal.any([signal, limit.signal]) : limit.signal
      both.throwIfAborted()
      return await body({ signal: both, timeout: 2 ** 31 - 1 })
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      if (limit.signal.aborted) throw this.#late(what, limitMs)
      throw this.#translated(error)
    } finally {
      stop()
    }
  }

  #late(what: string, limitMs: number): ReeveError {
    const trouble = this.#transport.lastTrouble
    const why = trouble === undefined ? '' : ` Before that: ${trouble}`
    const message = `MCP server "${this.#server}" took longer than ${limitMs} ms ${what}.${why}`
    return new ReeveError('mcp-timeout', message, { retryable: true, details: { server: this.#server } })
  }

  #translated(error: unknown): unknown {
    if (this.#transport.fault) return this.#transport.fault
    if (error instanceof ReeveError && error.code === 'mcp-server-died') this.#transport.drop()
    if (error instanceof ReeveError) return error.code === 'unreachable' ? asUnreachable(error) : error
    if (!(error instanceof Error)) return error
    if (/ZodError$/.test(error.name)) {
      const fault = protocolFault(this.#server, 'its answer has not the form that the protocol wants')
      this.#transport.refuse(fault)
      return fault
    }
    const { McpError, ErrorCode } = this.#sdk.types
    if (error instanceof McpError) {
      if (!(error.data instanceof Answered) && error.code === ErrorCode.ConnectionClosed) {
        return diedFault(this.#server, this.#process?.lastWords() ?? '')
      }
      const said = `MCP server "${this.#server}" answered with error ${error.code}: ${visibleBrief(error.message)}`
      if (refusedCodes.has(error.code)) return notAsked('mcp-refused', said)
      return new ReeveError('mcp-error', said, { details: { server: this.#server, code: error.code } })
    }
    if ('code' in error && typeof error.code === 'number') return this.#httpError(error, error.code)
    return new ReeveError('mcp-error', `MCP server "${this.#server}": ${this.#shown(messageOf(error))}`)
  }

  #shown(text: string): string {
    return visibleBrief(this.#secrets.redact(text))
  }

  /** 4xx: refused before it was asked of a tool. A server that ended the session says 404 or 410, some 400: worth a new one. */
  #httpError(error: Error, status: number): ReeveError {
    const said = `MCP server "${this.#server}" answered with HTTP ${status}: ${this.#shown(error.message)}`
    this.#forgotten = status === 404 || status === 410
    const renews = this.#forgotten || status === 400
    if (renews) this.#transport.drop()
    if (status >= 400 && status < 500 && status !== 408 && status !== 429) {
      return notAsked('mcp-refused', said, { retryable: renews })
    }
    return new ReeveError('mcp-error', said, { retryable: true, details: { server: this.#server, status } })
  }
}

type ToolsPage = Result & { tools: Parameters<typeof toolDefinition>[0][]; nextCursor?: string }
type PromptsPage = Result & { prompts: Parameters<typeof promptDefinition>[0][]; nextCursor?: string }

function asUnreachable(error: ReeveError): ReeveError {
  return new ReeveError('mcp-server-died', error.message, { retryable: true, cause: error })
}
