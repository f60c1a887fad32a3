import type { Json } from '../../base/json/json.ts'
import { type Definition, type Listed, warningsOf } from './definition/definition.ts'
import { differences } from './definition/definition-diff.ts'
import { hashOf, keyOf, type ServerPins } from './definition/pins.ts'
import { notAsked } from './faults.ts'

/** What a server offers now, beside what was pinned of it. */
export interface McpOffer {
  definition: Definition
  hash: string
  /** `refused`: it cannot be used or pinned, for `problem`. */
  state: 'pinned' | 'new' | 'changed' | 'refused'
  /** What differs from the pinned definition. */
  changes: string[]
  /** What a person should look at twice. */
  warnings: string[]
  problem: string | null
}

export function offerOf(
  { definition, problem }: Listed,
  pin: ServerPins['definitions'][string] | undefined,
): McpOffer {
  const hash = hashOf(definition)
  const state = problem !== undefined ? 'refused' : !pin ? 'new' : pin.hash === hash ? 'pinned' : 'changed'
  const changes = pin && state === 'changed' ? differences(asJson(pin.definition), asJson(definition)) : []
  return { definition, hash, state, changes, warnings: warningsOf(definition), problem: problem ?? null }
}

/** What was pinned is what is called, or nothing is. @throws `NotApplied` with `mcp-changed` */
export function requireUnchanged(server: string, pinned: Definition, listing: readonly Listed[]): void {
  const offered = listing.filter(({ definition }) => keyOf(definition) === keyOf(pinned))
  const what = `The ${pinned.kind} "${pinned.name}" of MCP server "${server}"`
  if (offered.length === 0) throw notAsked('mcp-changed', `${what} is gone: the server no longer lists it.`)
  const { definition, problem } = offered[0]!
  if (problem !== undefined) throw notAsked('mcp-changed', `${what} is refused: ${problem}.`)
  if (hashOf(definition) === hashOf(pinned)) return
  const changes = differences(asJson(pinned), asJson(definition))
  throw notAsked(
    'mcp-changed',
    `${what} is not what was pinned, and was not called. Changed: ${changes.join('; ')}. If that is right, pin it again.`,
  )
}

function asJson(definition: Definition): Json {
  return definition as unknown as Json
}
