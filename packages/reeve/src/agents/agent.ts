import type { StandardSchemaV1 } from '@standard-schema/spec'
import { messageOf, ReeveError } from '../base/errors.ts'
import { sha256 } from '../base/hash.ts'
import { canonical } from '../base/json/json.ts'
import { checkOptions, refuseUnknownOptions } from '../base/options.ts'
import { type InputOf, type OutputOf, requireSync, toJsonSchema } from '../base/schema/schema.ts'
import { describeValue, longestName } from '../base/text/shorten.ts'
import { type Grant, type PreparedGrant, prepareGrants } from '../governance/grants/grant.ts'
import type { ToolOffer } from '../models/solver.ts'
import { isTool, type Tool } from '../tools/tool.ts'
import { type AgentLimits, limitNames, type ResolvedLimits, resolveLimits } from './agent-limits.ts'
import type { Guard } from './loop/guardrails.ts'
import { argumentsOf, nameOf, recallOffer, recallTool, toolsOf } from './offers.ts'

/**
 * `worker` does one narrow thing · `coordinator` may hand tasks to a team of agents · `persona` is one identity over
 * many runs, with a tone and preferences.
 */
export type AgentRole = 'worker' | 'coordinator' | 'persona'

/** What `agent` is told. */
export interface AgentDefinition<I extends StandardSchemaV1, O extends StandardSchemaV1 | undefined> {
  /** Unique in the project: budgets, the journal and coordinators know it by this name. */
  name: string
  /** Default `worker`. */
  role?: AgentRole
  /** What it is for, as a coordinator is told. Default: the first line of its instructions. */
  description?: string
  /** What it is to do and to mind. */
  instructions: string
  /** What it is given. */
  input: I
  /** What the final answer must be; absent: text. */
  output?: O
  /** Tools, or the names of tools of the project: `helpdesk.reply`, `files.read_file` of the MCP server `files`. */
  tools?: readonly (Tool | string)[]
  /** Agents that a coordinator may call, each within what the coordinator itself has left. */
  team?: readonly AnyAgent[]
  /** The route that its turns are asked on. */
  route: string
  /**
   * What it may do: data, the ceiling of its rights. A tool without a grant is not offered to its model, and a call that no
   * grant covers is denied. Default: one grant without constraints for each of its tools.
   */
  grants?: readonly Grant[]
  /** The operating checklist, as data, as of a workflow: with it the agent has a level, and begins at `observe`. */
  readiness?: Readonly<Record<string, unknown>>
  /** What bounds one piece of its work. Default: see `AgentLimits`. */
  limits?: AgentLimits
  /** Scopes of the knowledge that it may search; it gets a tool `recall` for them. */
  memory?: readonly string[]
  /** Who answers for it: a person or a team. */
  owner: string
  /** How a persona speaks. */
  tone?: string
  /** What a persona knows of those it works for. */
  preferences?: readonly string[]
  /** What looks at what comes in, and at what goes out. Default: nothing. */
  guards?: { input?: readonly Guard[]; output?: readonly Guard[] }
}

/** An identity with a contract, as `ctx.agent` takes it. */
export interface Agent<Input = unknown, Output = unknown> {
  readonly kind: 'reeve-agent'
  readonly name: string
  readonly role: AgentRole
  readonly description: string
  readonly instructions: string
  readonly input: StandardSchemaV1
  /** Whether its input is no object, and so travels in the property `input` when a coordinator calls it. */
  readonly wrapsInput: boolean
  readonly output: StandardSchemaV1 | undefined
  readonly outputSchema: Record<string, unknown> | undefined
  readonly tools: readonly Tool[]
  /** What its code grants it. */
  readonly grants: readonly PreparedGrant[]
  /** The names of all tools that its code or its team's lists. */
  readonly listed: readonly string[]
  /** Whether its code says what it may do. */
  readonly hasGrants: boolean
  readonly readiness: Readonly<Record<string, unknown>> | undefined
  /** Whether a grant of its code is for this tool. */
  readonly mayUse: (tool: string) => boolean
  /** Tools of the project that it names and has not been given yet. */
  readonly toolNames: readonly string[]
  /** The same agent with the tools that it names. @throws `bad-agent` */
  readonly equip: (find: (name: string) => Tool) => AnyAgent
  readonly team: readonly AnyAgent[]
  /** Its tools, its team and its memory, as a model is told of them. */
  readonly offers: readonly ToolOffer[]
  readonly route: string
  readonly limits: ResolvedLimits
  readonly memory: readonly string[]
  readonly owner: string
  readonly guards: { input: readonly Guard[]; output: readonly Guard[] }
  /** SHA-256 of everything that shapes its answers: replay compares it. */
  readonly fingerprint: string
  /** For types only: never there. A function, so that an agent that asks for less may stand where more is given. */
  readonly types?: { input: (input: Input) => void; output: Output }
}

/** An agent whatever its input. */
export type AnyAgent = Agent<never, unknown>

const shape = {
  name: 'text',
  role: 'text',
  description: 'text',
  instructions: 'text',
  output: 'schema',
  tools: 'list',
  team: 'objects',
  route: 'text',
  limits: 'object',
  grants: 'objects',
  readiness: 'object',
  memory: 'texts',
  owner: 'text',
  guards: 'object',
  tone: 'text',
  preferences: 'texts',
} as const

/**
 * Declares an agent.
 * @throws `bad-agent` `bad-grant` `grant-without-tool` `contradicting-grants` `async-schema` `bad-text` `bad-number` `bad-duration` `bad-amount`
 * @example
 * import { agent } from 'reeve'
 * import { z } from 'zod'
 *
 * export const writer = agent({
 *   name: 'writer',
 *   description: 'Writes answers to customers',
 *   instructions: 'Answer from the policies alone. Be brief.',
 *   input: z.object({ question: z.string() }),
 *   route: 'writing',
 *   tools: ['shop.find_order'],
 *   memory: ['policy'],
 *   limits: { cost: '$0.10', time: '10m' },
 *   owner: 'support',
 * })
 */
export function agent<I extends StandardSchemaV1, O extends StandardSchemaV1 | undefined = undefined>(
  definition: AgentDefinition<I, O>,
): Agent<InputOf<I>, O extends StandardSchemaV1 ? OutputOf<O> : string> {
  const called = typeof definition?.name === 'string' ? `agent "${definition.name}"` : 'an agent'
  checkOptions(definition, called, shape, 'bad-agent')
  refuseUnknownOptions(definition, called, ['input', ...Object.keys(shape)], 'bad-agent')
  refuseUnknownOptions(definition.limits, `\`limits\` of ${called}`, limitNames, 'bad-agent')
  const guards = definition.guards ?? {}
  refuseUnknownOptions(guards, `\`guards\` of ${called}`, ['input', 'output'], 'bad-agent')
  checkOptions(guards, `\`guards\` of ${called}`, { input: 'list', output: 'list' }, 'bad-agent')
  const { name, role = 'worker', instructions, route, owner } = definition
  const fault = findFault(definition)
  if (fault) throw new ReeveError('bad-agent', `Agent ${describeValue(name)} ${fault}`)
  requireSync(definition.input, `The input schema of agent "${name}"`)
  requireSync(definition.output, `The output schema of agent "${name}"`)
  const given = definition.tools ?? []
  const tools = given.filter((each) => typeof each !== 'string')
  const toolNames = given.filter((each) => typeof each === 'string')
  const team = definition.team ?? []
  const memory = definition.memory ?? []
  const schemaOf = (schema: StandardSchemaV1, what: string) => {
    try {
      return toJsonSchema(schema, 'input')
    } catch (cause) {
      throw new ReeveError('bad-agent', `Agent "${name}": the schema of ${what}: ${messageOf(cause)}`, {
        cause,
      })
    }
  }
  // What it may hand on to its team is a part of what its code lets it do.
  const listed = [...new Set([...given.map(nameOf), ...team.flatMap(toolsOf)])]
  const grants = prepareGrants(definition.grants ?? listed.map((each) => ({ tool: each })), listed)
  const mayUse = (each: string) => grants.some((grant) => grant.isFor(each))
  const offers: ToolOffer[] = [
    ...tools
      .filter((each) => mayUse(each.name))
      .map((tool) => ({
        name: tool.name,
        description: tool.description,
        inputSchema: schemaOf(tool.input, `tool "${tool.name}"`),
      })),
    ...team.map((member) => ({
      name: member.name,
      description: member.description,
      inputSchema: argumentsOf(member, schemaOf(member.input, `agent "${member.name}"`)),
    })),
    ...(memory.length > 0 ? [recallOffer(memory)] : []),
  ]
  const inputSchema = schemaOf(definition.input, 'its input')
  const outputSchema = definition.output && schemaOf(definition.output, 'its output')
  const spoken = describeIdentity(definition, role)
  return {
    kind: 'reeve-agent',
    name,
    role,
    description: definition.description ?? instructions.trim().split('\n', 1)[0]!,
    instructions: spoken,
    input: definition.input,
    wrapsInput: inputSchema.type !== 'object',
    output: definition.output,
    outputSchema,
    tools,
    grants,
    listed,
    hasGrants: definition.grants !== undefined,
    readiness: definition.readiness,
    mayUse,
    toolNames,
    equip: (find) => {
      const all = given.map((each) => (typeof each === 'string' ? find(each) : each))
      return agent({ ...definition, tools: all }) as AnyAgent
    },
    team,
    offers,
    route,
    limits: resolveLimits(definition.limits ?? {}),
    memory,
    owner,
    guards: { input: definition.guards?.input ?? [], output: definition.guards?.output ?? [] },
    fingerprint: sha256(canonical({ name, route, spoken, offers, outputSchema: outputSchema ?? null })),
  }
}

export function isAgent(value: unknown): value is AnyAgent {
  return typeof value === 'object' && value !== null && (value as { kind?: unknown }).kind === 'reeve-agent'
}

function describeIdentity(
  {
    name,
    instructions,
    tone,
    preferences = [],
  }: AgentDefinition<StandardSchemaV1, StandardSchemaV1 | undefined>,
  role: AgentRole,
): string {
  const parts = [
    `You are ${name}, ${role === 'persona' ? 'a persona' : `a ${role} agent`}.`,
    instructions.trim(),
  ]
  if (tone) parts.push(`Tone: ${tone}`)
  if (preferences.length > 0) parts.push(`Preferences:\n${preferences.map((each) => `- ${each}`).join('\n')}`)
  return parts.join('\n\n')
}

function findFault(
  definition: AgentDefinition<StandardSchemaV1, StandardSchemaV1 | undefined>,
): string | undefined {
  const { name, role = 'worker', tools = [], team = [], memory = [], limits = {} } = definition
  if (typeof name !== 'string' || name.length > longestName || !/^[a-z][\w-]*$/i.test(name))
    return 'has a name that no agent may have. Use letters, digits, "-" and "_", a letter first: invoice-checker'
  if (!definition.instructions?.trim()) return 'has no instructions. Say what it is to do.'
  if (!definition.input?.['~standard']) return 'has no `input` schema (Zod, or any Standard Schema).'
  if (!definition.route) return 'names no route. Name one of reeve.config.ts.'
  if (!definition.owner?.trim()) return 'has no owner. Name the person or team that answers for it.'
  if (team.length > 0 && role !== 'coordinator')
    return `is a ${role} and has a team. Only a coordinator may call other agents: set role: 'coordinator'.`
  if ((definition.tone || definition.preferences) && role !== 'persona')
    return `is a ${role} with a tone or preferences. Only a persona has them: set role: 'persona'.`
  const other = tools.findIndex((each) => typeof each !== 'string' && !isTool(each))
  if (other >= 0)
    return `has ${describeValue(tools[other])} as \`tools[${other}]\`. Give it tools, or names of the project's.`
  const stranger = team.findIndex((each) => !isAgent(each))
  if (stranger >= 0) return `has ${describeValue(team[stranger])} as \`team[${stranger}]\`. Give it agents.`
  const names = [...tools, ...team].map((each) => (typeof each === 'string' ? each : each.name))
  if (memory.length > 0) names.push(recallTool)
  const twice = names.find((each, index) => names.indexOf(each) !== index)
  if (twice !== undefined)
    return `has two tools named "${twice}" (agents of its team and "${recallTool}" count). Rename or leave out one.`
  for (const key of ['iterations', 'tokens', 'context'] as const) {
    const value = limits[key]
    if (value !== undefined && !(Number.isInteger(value) && value >= 1))
      return `has limits.${key} ${typeof value === 'number' ? value : describeValue(value)}. Give a whole number from 1 on.`
  }
  return undefined
}
