import type { StandardSchemaV1 } from '@standard-schema/spec'
import { ReeveError } from '../base/errors.ts'
import { checkOptions } from '../base/options.ts'
import { toJsonSchema } from '../base/schema/schema.ts'
import { describeValue } from '../base/text/shorten.ts'
import type { ArgumentRole, GovernedTool, Reads, Sends } from '../governance/tools/governed-tool.ts'
import { type DescribedTool, inferTool } from '../governance/tools/infer-tool.ts'
import type { EffectClass } from '../store/journal/vocabulary/effect-class.ts'

/**
 * What permission must know of a tool beside its effect: whose data it shows, how far its arguments go, what each argument does,
 * and what its answers are worth. What is not said is inferred from its name, description and schema by rules that err towards a
 * question (docs/governance.md).
 */
export interface ToolAxes {
  /** Whose data a call shows: `none`, `public`, or `private` (the operator's own). Default: inferred. */
  reads?: Reads
  /** How far what a call is handed goes: `none`, `inside` (your own people and systems), `outside` (anybody). Default: inferred. */
  sends?: Sends
  /**
   * The arguments that decide whom or what a call reaches: recipient, account, URL, path, id. Where each of their values comes
   * from is judged at each call of an agent. Default: every argument that is not clearly something else.
   */
  directs?: readonly string[]
  /** What other arguments do, by name, where the inferred role is wrong: `{ note: 'content', query: 'query' }`. */
  roles?: Readonly<Record<string, ArgumentRole>>
  /**
   * `untrusted`: strangers can write what stands in its answers (mail, web, documents). `trusted`: names, numbers, dates and ids
   * there are the operator's own; prose is untrusted all the same, unless `isVouched`. Default: inferred; tools of MCP servers,
   * OpenAPI documents, HTTP and the web are untrusted.
   */
  answers?: 'trusted' | 'untrusted'
  /** Of trusted answers: nobody outside can write into their prose either. Default false. */
  isVouched?: boolean
  /** A whole answer is prose, however short: the content of a file or page. Default: inferred. */
  isProse?: boolean
  /** The thing that a call changes without anything happening yet, such as `cart` or `draft`. Default: inferred. */
  stages?: string
  /** The thing whose contents a call makes happen: a call asks when a value of a stranger had changed it. Default: inferred. */
  commits?: string
  /** Adds something that is easily removed, such as a download or a folder. Default: inferred. */
  isAdditive?: boolean
  /** Where its answers stand, in words for a person: `a mail`, `an order`. Default: inferred. */
  place?: string
  /** The kinds of effects that a call is, as a request speaks of them: `['message']`, `['pay']`. Default: inferred. */
  kinds?: readonly string[]
}

const readsValues: readonly Reads[] = ['none', 'public', 'private']
const sendsValues: readonly Sends[] = ['none', 'inside', 'outside']
const roleValues: readonly ArgumentRole[] = [
  'directs',
  'amount',
  'count',
  'content',
  'query',
  'proof',
  'plain',
]

const shape = {
  directs: 'texts',
  roles: 'object',
  isVouched: 'flag',
  isProse: 'flag',
  stages: 'text',
  commits: 'text',
  isAdditive: 'flag',
  place: 'text',
  kinds: 'texts',
} as const

export const axisNames: readonly (keyof ToolAxes)[] = [
  'reads',
  'sends',
  'answers',
  ...(Object.keys(shape) as (keyof typeof shape)[]),
]

/** What of a tool's definition is for permission. */
export function axesOf(definition: ToolAxes): ToolAxes {
  const said = axisNames.map((name) => [name, definition[name]] as const)
  return Object.fromEntries(said.filter(([, value]) => value !== undefined))
}

/** @throws `bad-tool` */
export function checkAxes(axes: ToolAxes, what: string): void {
  checkOptions(axes, what, shape, 'bad-tool')
  oneOf(axes.reads, readsValues, `\`reads\` of ${what}`)
  oneOf(axes.sends, sendsValues, `\`sends\` of ${what}`)
  oneOf(axes.answers, ['trusted', 'untrusted'], `\`answers\` of ${what}`)
  for (const [name, role] of Object.entries(axes.roles ?? {}))
    oneOf(role, roleValues, `\`roles.${name}\` of ${what}`)
  for (const name of axes.directs ?? []) {
    const role = axes.roles?.[name]
    if (role === undefined || role === 'directs' || role === 'amount') continue
    throw new ReeveError(
      'bad-tool',
      `${what} says of the argument "${name}" that it directs, and that it is "${role}". Leave out one of the two.`,
    )
  }
}

function oneOf(value: unknown, allowed: readonly unknown[], what: string): void {
  if (value === undefined || allowed.includes(value)) return
  throw new ReeveError('bad-tool', `${what} is ${describeValue(value)}; it must be ${allowed.join(', ')}.`)
}

/** A tool as permission sees it, of its gravest call: what it declares, else what the rules infer. */
export function governedTool(
  tool: { name: string; description: string; input: StandardSchemaV1; effect: EffectClass },
  axes: ToolAxes,
): GovernedTool {
  const { name, description, input, effect } = tool
  const parameters = parametersOf(input)
  const inferred = inferTool({ name, description, effect, ...(parameters && { parameters }) })
  const { directs = [], roles, ...said } = axes
  const directing = directs.map((argument): [string, ArgumentRole] => [
    argument,
    inferred.roles[argument] === 'amount' ? 'amount' : 'directs',
  ])
  return { ...inferred, ...said, roles: { ...inferred.roles, ...roles, ...Object.fromEntries(directing) } }
}

/** Undefined where the schema has no JSON Schema: then every argument directs. */
function parametersOf(input: StandardSchemaV1): DescribedTool['parameters'] {
  try {
    return toJsonSchema(input, 'input') as DescribedTool['parameters']
  } catch {
    return undefined
  }
}
