import type { Json } from '../../base/json/json.ts'
import { actsOf } from '../../store/authority/authority-log.ts'
import { listCeilings } from '../../store/authority/ceilings.ts'
import { grantChangesBetween } from '../../store/authority/grant-changes.ts'
import type { Session } from '../../store/database.ts'
import { listAllPrincipals } from '../../store/identity/principals.ts'
import type { AuthoritySnapshot } from '../authority-snapshot.ts'
import { prepareConstraint } from '../grants/constraints.ts'
import { type PreparedGrant, prepareGrants } from '../grants/grant.ts'
import { effectiveGrants, type GrantChange } from '../grants/narrowing.ts'
import type { Level } from '../readiness/readiness.ts'
import type { Ceiling } from './ceilings.ts'
import { actsOfStanding, PastAuthority, type PastFacts } from './past-authority.ts'

export interface WhoCouldQuestion {
  tool: string
  /** Only what these arguments may be; absent: whatever they are. */
  args?: Readonly<Record<string, Json>>
  /** Milliseconds since 1970; `until` is not included. */
  from: number
  until: number
}

/** A stretch of time in which an agent or workflow had the right to a call. */
export interface CouldSpan {
  principal: string
  from: number
  until: number
  /** `code`: its code grants it; `exception`: an owner's exception did; `unlimited`: its code named no grants. */
  by: 'code' | 'exception' | 'unlimited'
  grant: string | null
  /** A person was asked first: the grant, or a switch, wanted that. */
  isAsked: boolean
  /** What else had to hold, in words. */
  conditions: string[]
}

/** Who had the right to a call, and of whom that is not known. */
export interface WhoCould {
  spans: CouldSpan[]
  /** Those whose grants were first seen after the beginning: before that nothing is known. */
  unknownBefore: { principal: string; at: number }[]
}

/** So many acts are read; there are few, for people make them. */
const mostActs = 100_000

/**
 * Who could have called a tool between two times: by what code granted as it was then, less what was taken from it, plus exceptions.
 * It is what each could have done at most: a call needs the right of everybody in whose service it is made, and provenance,
 * policies and the tool itself ask or deny beyond that.
 */
export async function whoCould(session: Session, question: WhoCouldQuestion): Promise<WhoCould> {
  const { from, until } = question
  const facts: PastFacts = {
    ceilings: await listCeilings(session),
    changes: await grantChangesBetween(session, from, until),
    principals: await listAllPrincipals(session),
    acts: await actsOf(session, actsOfStanding, mostActs),
  }
  return couldSpans(new PastAuthority(facts), question)
}

/** Pure. */
function couldSpans(past: PastAuthority, question: WhoCouldQuestion): WhoCould {
  const { from, until } = question
  const open = new Map<string, CouldSpan>()
  const spans: CouldSpan[] = []
  const times = past.timesBetween(from, until)
  for (const [index, at] of times.entries()) {
    const end = times[index + 1] ?? until
    const snapshot = past.snapshotAt(at)
    for (const principal of past.actors.keys()) {
      const ceiling = past.ceilingAt(principal, at)
      if (!ceiling) continue
      for (const right of rightsOf({ principal, ceiling, snapshot, at }, question)) {
        const key = JSON.stringify([principal, right])
        const before = open.get(key)
        if (before?.until === at) before.until = end
        else {
          const span = { principal, from: at, until: end, ...right }
          open.set(key, span)
          spans.push(span)
        }
      }
    }
  }
  const unknownBefore = [...past.actors].flatMap(([principal, at]) =>
    at > from && at < until ? [{ principal, at }] : [],
  )
  return { spans: spans.sort((one, other) => compare(one, other)), unknownBefore }
}

type Right = Omit<CouldSpan, 'principal' | 'from' | 'until'>

function rightsOf(
  of: { principal: string; ceiling: Ceiling; snapshot: AuthoritySnapshot; at: number },
  question: WhoCouldQuestion,
): Right[] {
  const { principal, ceiling, snapshot, at } = of
  const { tool } = question
  if (snapshot.principal(principal)?.isRevoked) return []
  const dot = tool.indexOf('.')
  const mode = snapshot.mode({
    tool,
    ...(principal.startsWith('agent:') && { agent: principal.slice('agent:'.length) }),
    ...(dot > 0 && { connector: tool.slice(0, dot) }),
  })
  if (mode === 'off') return []
  const level = snapshot.level(principal) ?? (ceiling.isLevelled ? 'observe' : undefined)
  const byLevel = level === 'observe' ? ['only where it is a read, for it stood at observe'] : []
  const changes = snapshot.changesOf(principal)
  const isUnlimited = ceiling.grants === null && ceiling.tools === undefined
  if (isUnlimited && changes.length === 0)
    return [
      {
        by: 'unlimited',
        grant: null,
        isAsked: mode === 'ask' || isAskedAt(level, false),
        conditions: byLevel,
      },
    ]
  const rights: Right[] = []
  for (const grant of grantsAt(ceiling, changes, at)) {
    if (!grant.isFor(tool) || at >= grant.expiresAt) continue
    const conditions = conditionsOf(grant, changes, question)
    if (!conditions) continue
    const by = grant.id.startsWith('exception:') ? 'exception' : isUnlimited ? 'unlimited' : 'code'
    const isNamed = by === 'exception' || ceiling.grants !== null
    const isAsked = mode === 'ask' || grant.source.asks === true || isAskedAt(level, isNamed)
    rights.push({ by, grant: grant.id, isAsked, conditions: [...byLevel, ...conditions] })
  }
  return rights
}

function isAskedAt(level: Level | undefined, isNamed: boolean): boolean {
  return level === 'draft' || (level === 'supervised' && !isNamed)
}

function grantsAt({ grants, tools }: Ceiling, changes: readonly GrantChange[], at: number): PreparedGrant[] {
  const code = prepareGrants(grants ?? tools?.map((tool) => ({ tool })) ?? [{ tool: '*' }])
  return effectiveGrants(code, changes, at)
}

/** What else must hold; undefined: these arguments break what the grant allows. */
function conditionsOf(
  { id, source, checks }: PreparedGrant,
  changes: readonly GrantChange[],
  { args }: WhoCouldQuestion,
): string[] | undefined {
  const narrowed = changes.flatMap((change) =>
    change.kind === 'narrow' && change.grant === id ? Object.entries(change.args) : [],
  )
  const conditions: string[] = []
  const held = [...Object.entries(source.args ?? {}), ...narrowed].slice(0, checks.length)
  for (const [argument, constraint] of held) {
    const isTied = typeof constraint === 'object' && 'same' in constraint
    const check = prepareConstraint(constraint, argument)
    if (args && Object.hasOwn(args, argument) && !isTied) {
      if (check(args[argument], () => undefined) !== undefined) return undefined
      continue
    }
    conditions.push(`${argument} within ${JSON.stringify(constraint)}`)
  }
  const { window, account, rate, budgets = [] } = source
  if (window) conditions.push(`from ${window[0]} to ${window[1]} o'clock UTC`)
  if (account !== undefined) conditions.push(`with the account ${account}`)
  if (rate) conditions.push(`at most ${rate.count} per ${rate.per}`)
  for (const { id: budget, ceiling, per } of budgets)
    conditions.push(`within ${ceiling}${per === undefined ? '' : ` per ${per}`} of "${budget}"`)
  return conditions
}

function compare(one: CouldSpan, other: CouldSpan): number {
  if (one.principal !== other.principal) return one.principal < other.principal ? -1 : 1
  return one.from - other.from
}
