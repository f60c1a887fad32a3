import type { Role } from '../store/identity/principals.ts'
import type { GrantChange } from './grants/narrowing.ts'
import type { Principal } from './principals.ts'
import type { Level } from './readiness/readiness.ts'
import { strictest } from './reasons.ts'

/** What a person has set for calls at run time. None of them loosens what the code asks for. */
export type Mode = 'off' | 'ask' | 'allow'

/** A switch: holds for every call that has all that it names; one that names nothing holds for everything. */
export interface Switch {
  /** The agent's name, without `agent:`. */
  agent?: string
  tool?: string
  /** What stands before the first dot of its tools' names. */
  connector?: string
  mode: Mode
}

/** A principal as the database knows it. */
export interface KnownPrincipal extends Principal {
  /** It was removed or revoked: whatever it starts, or runs for it, may not call anything more. */
  isRevoked: boolean
}

/**
 * What the database says now about those who act: a snapshot, which never changes. Whoever decides twice for one call takes it
 * twice; between two snapshots with one `version` nothing differs.
 */
export interface AuthoritySnapshot {
  /** Grows with each change. */
  readonly version: number
  /** By its name for a person or a service, `agent:NAME` or `workflow:NAME`. Undefined: the database says nothing of it. */
  principal(id: string): KnownPrincipal | undefined
  /** What is taken from, or added to, the grants that this principal has in code. */
  changesOf(principalId: string): readonly GrantChange[]
  /** How far the principal is trusted; undefined: nobody gave it a level, and it lost none. */
  level(principalId: string): Level | undefined
  /** The strictest of all switches that hold for the call; undefined where none does. */
  mode(call: { agent?: string; tool: string; connector?: string }): Mode | undefined
}

/** Where this moment's snapshot is read: from memory, at each call. */
export interface Authority {
  current(): AuthoritySnapshot
  /** Reads it now: what was durable before this call is in it afterwards. */
  renew?(): Promise<void>
}

/** What a snapshot is made of. */
export interface AuthorityFacts {
  version: number
  principals: readonly { id: string; kind: Principal['kind']; role?: Role; isRevoked: boolean }[]
  changes: readonly { principal: string; change: GrantChange }[]
  switches: readonly Switch[]
  levels?: readonly { principal: string; level: Level }[]
}

export function snapshotOf({
  version,
  principals,
  changes,
  switches,
  levels = [],
}: AuthorityFacts): AuthoritySnapshot {
  const known = new Map(principals.map((each) => [each.id, each]))
  const levelBy = new Map(levels.map(({ principal, level }) => [principal, level]))
  const changesBy = Map.groupBy(changes, ({ principal }) => principal)
  const changed = new Map([...changesBy].map(([id, of]) => [id, of.map(({ change }) => change)]))
  return {
    version,
    principal: (id) => known.get(id),
    level: (id) => levelBy.get(id),
    changesOf: (id) => changed.get(id) ?? noChange,
    mode: (call) => (switches.length === 0 ? undefined : strictestMode(switches, call)),
  }
}

const noChange: readonly GrantChange[] = []
const verdicts = { off: 'deny', ask: 'ask', allow: 'allow' } as const
const modes = { deny: 'off', ask: 'ask', allow: 'allow' } as const

function strictestMode(
  switches: readonly Switch[],
  call: { agent?: string; tool: string; connector?: string },
): Mode | undefined {
  const holding = switches.filter(
    ({ agent, tool, connector }) =>
      (agent === undefined || agent === call.agent) &&
      (tool === undefined || tool === call.tool) &&
      (connector === undefined || connector === call.connector),
  )
  return holding.length === 0 ? undefined : modes[strictest(holding.map(({ mode }) => verdicts[mode]))]
}

/** Of a database that says nothing: the code alone holds. */
export const emptySnapshot: AuthoritySnapshot = snapshotOf({
  version: 0,
  principals: [],
  changes: [],
  switches: [],
})
