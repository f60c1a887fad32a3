import type { AuthoritySnapshot } from '../authority-snapshot.ts'
import type { PreparedGrant } from '../grants/grant.ts'
import { prepareGrants } from '../grants/grant.ts'
import { effectiveGrants } from '../grants/narrowing.ts'
import type { Chain, Link, Principal } from '../principals.ts'

/** An agent or workflow that acts, with what its code grants it. `undefined`: its code says nothing, and nothing limits it. */
export interface Actor {
  kind: 'agent' | 'workflow'
  name: string
  grants: readonly PreparedGrant[] | undefined
  /** Its code has a checklist, and so it has a level; `observe` to begin with. */
  isLevelled?: boolean
  /** Its code says itself what it may do. Default: whether there are `grants`. */
  isGranted?: boolean
}

/** What the code of workflows says of them. */
export interface WorkflowCode {
  /** What it grants it; undefined: it says nothing. */
  grantsOf(workflow: string): readonly PreparedGrant[] | undefined
  /** Whether it has a checklist. */
  isLevelled(workflow: string): boolean
}

/** What code may do that names no grants. */
const everything = prepareGrants([{ tool: '*' }])

/**
 * Who acts, on whose behalf: whoever started the run, then each workflow and agent that handed over, the one that calls last.
 * Whatever the database says of each of them holds now.
 */
export function chainOf(
  snapshot: AuthoritySnapshot,
  starter: string,
  actors: readonly Actor[],
  now: number,
): Chain {
  return [starterLink(snapshot, starter, now), ...actors.map((actor) => actorLink(snapshot, actor, now))]
}

export function actorId({ kind, name }: Pick<Actor, 'kind' | 'name'>): string {
  return `${kind}:${name}`
}

/** A starter that the database does not know is a service of the project: the code that starts a run answers for it. */
function starterLink(snapshot: AuthoritySnapshot, id: string, now: number): Link {
  const known = snapshot.principal(id)
  const { isRevoked = false, ...rest } = known ?? {}
  const principal: Principal = known ? { ...rest, id: known.id, kind: known.kind } : { id, kind: 'service' }
  return link(snapshot, principal, everything, isRevoked, now)
}

function actorLink(snapshot: AuthoritySnapshot, actor: Actor, now: number): Link {
  const id = actorId(actor)
  const isRevoked = snapshot.principal(id)?.isRevoked ?? false
  const level = snapshot.level(id) ?? (actor.isLevelled ? 'observe' : undefined)
  const made = link(snapshot, { id, kind: actor.kind }, actor.grants ?? everything, isRevoked, now)
  const isGranted = actor.isGranted ?? actor.grants !== undefined
  return { ...made, ...(level !== undefined && { level }), isGranted }
}

function link(
  snapshot: AuthoritySnapshot,
  principal: Principal,
  code: readonly PreparedGrant[],
  isRevoked: boolean,
  now: number,
): Link {
  const changes = snapshot.changesOf(principal.id)
  const grants = changes.length === 0 ? code : effectiveGrants(code, changes, now)
  return { principal, proof: 'started-by-reeve', grants, ...(isRevoked && { isRevoked }) }
}

/** Whether the database takes anything from a workflow's own call, or from whoever started it. */
export function isLimited(
  snapshot: AuthoritySnapshot,
  { principal, workflow, tool }: { principal: string; workflow: string; tool: string },
): boolean {
  const known = snapshot.principal(principal)
  if (known?.isRevoked || (known?.kind === 'person' && known.role !== 'owner' && known.role !== 'operator'))
    return true
  const id = actorId({ kind: 'workflow', name: workflow })
  if (snapshot.principal(id)?.isRevoked || snapshot.changesOf(id).length > 0) return true
  if (snapshot.level(id) !== undefined) return true
  const dot = tool.indexOf('.')
  const mode = snapshot.mode({ tool, ...(dot > 0 && { connector: tool.slice(0, dot) }) })
  return mode === 'off' || mode === 'ask'
}
