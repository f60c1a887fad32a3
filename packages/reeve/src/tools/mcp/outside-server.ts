import { fileURLToPath } from 'node:url'
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { readVariables } from '../../base/config.ts'
import { messageOf, ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import type { Reveal } from '../../base/secrets/secret-handle.ts'
import type { Secrets } from '../../base/secrets/secrets.ts'
import { systemClock } from '../../base/time/time.ts'
import { type EffectAttempt, NotApplied } from '../../engine/calls/effect/definition.ts'
import { effectPolicies } from '../../store/journal/vocabulary/effect-class.ts'
import type { FromJsonSchema } from '../json-schema/json-schema.ts'
import { type Tool, tool } from '../tool.ts'
import { Connection } from './connection.ts'
import { type Definition, inputOf, partOf } from './definition/definition.ts'
import { hashOf, keyOf, PinFile, type ServerPins } from './definition/pins.ts'
import {
  addCredentials,
  checkServer,
  limitsOf,
  type McpConnectionServices,
  type McpServerDefinition,
  originOf,
  secretsOfServer,
} from './definition/server-definition.ts'
import { notAsked } from './faults.ts'
import type { LiveConnection } from './live-connection.ts'
import { type McpOffer, offerOf, requireUnchanged } from './offers.ts'
import { listInput, readInput } from './resource-inputs.ts'
import { type McpResult, resultSchema } from './result.ts'
import { type McpServerStanding, standingOf } from './standing.ts'
import { askPrompt, askTool, listResources, readResource } from './transport/requests.ts'

/** A tool of an MCP server: its arguments are whatever its pinned schema takes. */
export type McpTool = Tool<{ [key: string]: Json | undefined }, McpResult>

/**
 * An MCP server of a project. Nothing is started before something is asked of it. Its tools are what a person pinned:
 * models are told the pinned words, and a call goes out only when the server, asked right before it, still says the same. `edges`: default the
 * system's clock and, once it is started, the variables of this process.
 * @throws `bad-mcp-server` `bad-duration`
 * @example
 * import { mcpServer } from 'reeve/mcp'
 *
 * export const files = mcpServer({
 *   name: 'files',
 *   command: 'npx',
 *   args: ['-y', '@modelcontextprotocol/server-filesystem', '/srv/reports'],
 *   allow: ['read_file'],
 * })
 */
export function mcpServer(
  definition: McpServerDefinition,
  edges: Partial<McpConnectionServices> = {},
): McpServer {
  checkServer(definition)
  const { clock = systemClock, environment, reveal } = edges
  return new McpServer(definition, {
    clock,
    reveal,
    get environment() {
      return environment ?? readVariables()
    },
  })
}

/** An MCP server of a project, as `mcpServer` makes it. */
export class McpServer {
  readonly kind = 'reeve-mcp-server'
  readonly name: string
  readonly #definition: McpServerDefinition
  readonly #edges: McpConnectionServices
  readonly #connection: Connection
  #pinFile: PinFile | undefined
  readonly #tools = new Map<string, McpTool>()

  /** @internal */
  constructor(definition: McpServerDefinition, edges: McpConnectionServices) {
    this.name = definition.name
    this.#definition = definition
    this.#edges = edges
    this.#connection = new Connection(definition, edges)
    limitsOf(definition)
  }

  /** Where its pins are. */
  get pinsPath(): string {
    return this.#pins.path
  }

  /** One of its tools, by the server's name for it. That it is pinned is checked when it is used. @throws `mcp-not-allowed` */
  tool(name: string): McpTool {
    return this.#toolOf('tool', name)
  }

  /** One of its prompts, as a tool that gives the prompt's text. @throws `mcp-not-allowed` */
  prompt(name: string): McpTool {
    return this.#toolOf('prompt', name)
  }

  /** Its resources, as two tools. They are not pinned: what they give is data, and names of data. */
  resources(): { list: McpTool; read: McpTool } {
    const { maxResult } = limitsOf(this.#definition)
    const part = (name: string, input: FromJsonSchema, description: string, run: Ask) =>
      this.#build({ name, description, input, output: resultSchema(() => undefined), effect: 'read', run })
    const ask = (live: LiveConnection, attempt: EffectAttempt, args: Json) =>
      readResource(live, this.name, (args as { uri: string }).uri, attempt.signal, maxResult)
    return {
      list: part('resource.list', listInput(), `The resources of ${this.name}.`, (live, _args, attempt) =>
        listResources(live, this.name, attempt.signal, maxResult),
      ),
      read: part('resource.read', readInput(), `Reads a resource of ${this.name}.`, (live, args, attempt) =>
        ask(live, attempt, args),
      ),
    }
  }

  /** All that is pinned and allowed, as tools. @throws `mcp-not-pinned` when nothing is pinned */
  tools(): McpTool[] {
    const pins = this.#readPins()
    if (!pins) throw this.#notPinned('nothing of it is')
    const definitions = Object.values(pins.definitions).map(({ definition }) => definition)
    const { list, read } = this.resources()
    return [
      ...definitions
        .filter((definition) => this.#allows(partOf(definition)))
        .map(({ kind, name }) => this.#toolOf(kind, name)),
      // Only by name: what a server has to read may be anything.
      ...[list, read].filter((each) =>
        this.#definition.allow?.includes(each.name.slice(this.name.length + 1)),
      ),
    ]
  }

  /** Asks the server what it offers, and compares. @throws `NotApplied` when it cannot be asked */
  async offers(): Promise<McpOffer[]> {
    const listing = await this.#connection.ask((live) => live.listing())
    const pins = this.#readPins()
    const allowed = listing.filter(({ definition }) => this.#allows(partOf(definition)))
    return allowed.map((listed) => offerOf(listed, pins?.definitions[keyOf(listed.definition)]))
  }

  /**
   * Accepts definitions: exactly these offers, so that what a person was shown is what is pinned; or all that the
   * server offers now. What was pinned before and is not among them is no longer. Refused ones are left out.
   */
  async pin(offers?: readonly McpOffer[]): Promise<McpOffer[]> {
    const accepted = (offers ?? (await this.offers())).filter(({ state }) => state !== 'refused')
    const definitions: ServerPins['definitions'] = {}
    for (const { definition } of accepted) {
      definitions[keyOf(definition)] = { hash: hashOf(definition), definition }
    }
    this.#pins.write(this.name, { from: originOf(this.#definition), definitions })
    return accepted
  }

  /** Registers what it is given as credentials. @internal */
  addCredentialsTo(secrets: Secrets): void {
    addCredentials(secrets, this.#definition, this.#edges.environment)
  }

  /** Where it opens the secrets that it is given, each time it connects. @internal */
  openSecretsBy(reveal: Reveal): void {
    this.#edges.reveal = reveal
  }

  /** The names of the secrets that it is given. */
  get secrets(): string[] {
    return secretsOfServer(this.#definition)
  }

  /** How it stands in this process, and what of it is pinned: nothing is started or asked. @internal */
  get standing(): McpServerStanding {
    return standingOf(this.#definition, this.#connection.standing, () => this.#readPins())
  }

  /** Ends its process, and all that this started, or its session. */
  async close(): Promise<void> {
    await this.#connection.close()
  }

  get #pins(): PinFile {
    const { pins } = this.#definition
    this.#pinFile ??=
      pins === undefined
        ? PinFile.nearest(process.cwd())
        : new PinFile(pins instanceof URL ? fileURLToPath(pins) : pins)
    return this.#pinFile
  }

  /** @throws `bad-pins` `mcp-not-pinned` when the pins are of a server from elsewhere */
  #readPins(): ServerPins | undefined {
    const pins = this.#pins.read(this.name)
    if (pins && pins.from !== originOf(this.#definition)) {
      throw this.#notPinned('what is pinned under its name is of another command or URL')
    }
    return pins
  }

  #pinned(kind: Definition['kind'], name: string): Definition {
    const pin = this.#readPins()?.definitions[keyOf({ kind, name })]
    if (!pin) throw this.#notPinned(`its ${kind} "${name}" is`)
    return pin.definition
  }

  #notPinned(what: string): ReeveError {
    const not = what.endsWith(' is') ? `${what} not pinned` : what
    return new ReeveError(
      'mcp-not-pinned',
      `MCP server "${this.name}" cannot be used as it is: ${not} in ${this.#pins.path}. Look at what it offers, then pin it.`,
      { details: { server: this.name } },
    )
  }

  #allows(part: string): boolean {
    return this.#definition.allow?.includes(part) ?? true
  }

  #toolOf(kind: Definition['kind'], name: string): McpTool {
    const part = partOf({ kind, name })
    if (!this.#allows(part)) {
      throw new ReeveError(
        'mcp-not-allowed',
        `"${part}" of MCP server "${this.name}" may not be used: it is not in the list \`allow\` of its definition.`,
      )
    }
    const key = keyOf({ kind, name })
    const known = this.#tools.get(key) ?? this.#newTool(kind, name)
    this.#tools.set(key, known)
    return known
  }

  #newTool(kind: Definition['kind'], name: string): McpTool {
    const { maxResult } = limitsOf(this.#definition)
    const pinned = () => this.#pinned(kind, name)
    const settings = this.#definition.tools?.[partOf({ kind, name })]
    const built = this.#build({
      name: partOf({ kind, name }),
      description: '',
      input: inputOf(pinned),
      output: resultSchema(() => pinned().outputSchema),
      effect: kind === 'prompt' ? 'read' : 'once',
      run: async (live, args, attempt) => {
        await this.#checkUnchanged(live, kind, name)
        if (kind === 'prompt') return askPrompt(live, this.name, name, args, attempt.signal, maxResult)
        const isKeyed = settings?.effect !== undefined && effectPolicies[settings.effect].carriesKey
        const key = isKeyed ? attempt.key : undefined
        return askTool(
          live,
          this.name,
          { name, args, key, traceparent: attempt.traceparent },
          attempt.signal,
          maxResult,
        )
      },
    })
    return Object.defineProperty(built, 'description', { get: () => pinned().description, enumerable: true })
  }

  #build(part: {
    name: string
    description: string
    input: StandardSchemaV1<Json, Json>
    output: StandardSchemaV1<McpResult, McpResult>
    effect: 'read' | 'once'
    run: Ask
  }): McpTool {
    const { timeoutMs, connectTimeoutMs } = limitsOf(this.#definition)
    return tool({
      risk: 'high',
      approval: 'always',
      answers: 'untrusted',
      ...part,
      ...this.#definition.tools?.[part.name],
      name: `${this.name}.${part.name}`,
      secrets: this.secrets,
      // An outer bound: the limits inside are closer and say more.
      timeout: 2 * (timeoutMs + connectTimeoutMs) + 10_000,
      run: async (args: Json, attempt: EffectAttempt) =>
        this.#connection.ask((live) => part.run(live, args, attempt), attempt.signal),
    }) as unknown as McpTool
  }

  /** What was pinned is what is called, or nothing is. @throws `NotApplied` */
  async #checkUnchanged(live: LiveConnection, kind: Definition['kind'], name: string): Promise<void> {
    const pinned = this.#pinned(kind, name)
    const listing = await live.listing().catch((error: unknown) => {
      if (error instanceof NotApplied) throw error
      throw notAsked(
        'mcp-not-listed',
        `MCP server "${this.name}" did not tell its tools: ${messageOf(error)}`,
        {
          retryable: true,
        },
      )
    })
    requireUnchanged(this.name, pinned, listing)
  }
}

type Ask = (live: LiveConnection, args: Json, attempt: EffectAttempt) => Promise<McpResult>
