import { type ActRow, saidOf } from '../../store/authority/authority-log.ts'
import type { CeilingRow } from '../../store/authority/ceilings.ts'
import type { GrantChangeRow } from '../../store/authority/grant-changes.ts'
import type { PrincipalRow, Role } from '../../store/identity/principals.ts'
import { type AuthoritySnapshot, type Switch, snapshotOf } from '../authority-snapshot.ts'
import type { GrantChange } from '../grants/narrowing.ts'
import { type Level, levelFrom } from '../readiness/readiness.ts'
import type { Ceiling } from './ceilings.ts'

/** Everything by which it can be told who was allowed what at a time. */
export interface PastFacts {
  ceilings: readonly CeilingRow[]
  changes: readonly GrantChangeRow[]
  principals: readonly PrincipalRow[]
  /** Acts about principals, roles and switches since ever, in their order. */
  acts: readonly Pick<ActRow, 'type' | 'at' | 'subject' | 'payload'>[]
}

/** The acts that it is made of. */
export const actsOfStanding = [
  'principal-removed',
  'principal-revoked',
  'principal-restored',
  'role-changed',
  'switch-set',
  'level-changed',
] as const

/** What the code granted, and what the database said of it, at any time. */
export class PastAuthority {
  readonly #facts: PastFacts

  constructor(facts: PastFacts) {
    this.#facts = facts
  }

  /** The agents and workflows that were ever seen, by id, with when each was first seen (ms). */
  get actors(): Map<string, number> {
    const first = new Map<string, number>()
    for (const { principal, seen_at: at } of this.#facts.ceilings)
      first.set(principal, Math.min(at, first.get(principal) ?? at))
    return first
  }

  /** Every time between at which anything changed, and both ends but the last. */
  timesBetween(from: number, until: number): number[] {
    const { ceilings, changes, acts } = this.#facts
    const times = [
      ...ceilings.map(({ seen_at: at }) => at),
      ...acts.map(({ at }) => at),
      ...changes.flatMap(({ change, made_at: made, ends_at: ends, undone_at: undone }) => [
        made,
        ends ?? made,
        undone ?? made,
        endOf(JSON.parse(change) as GrantChange) ?? made,
      ]),
    ]
    const within = times.filter((at) => at > from && at < until)
    return [...new Set([from, ...within])].sort((one, other) => one - other)
  }

  ceilingAt(id: string, at: number): Ceiling | undefined {
    const row = this.#facts.ceilings.findLast(
      ({ principal, seen_at: seen }) => principal === id && seen <= at,
    )
    return row && (JSON.parse(row.ceiling) as Ceiling)
  }

  snapshotAt(at: number): AuthoritySnapshot {
    const { changes, principals } = this.#facts
    const known = principals.map((row) => ({
      id: row.name,
      kind: row.kind,
      ...(row.role !== null && { role: this.#roleAt(row, at) }),
      isRevoked: this.#isRevokedAt(row, at),
    }))
    const byName = new Map(known.map((each) => [each.id, each]))
    return snapshotOf({
      version: 0,
      principals: known,
      changes: changes.flatMap(
        ({
          principal,
          change: text,
          made_by: madeBy,
          made_at: made,
          undone_at: undone,
        }): { principal: string; change: GrantChange }[] => {
          if (made > at || (undone !== null && undone <= at)) return []
          const change = JSON.parse(text) as GrantChange
          if (change.kind !== 'exception') return [{ principal, change }]
          const maker = byName.get(madeBy)
          if (maker?.kind !== 'person' || maker.role !== 'owner' || maker.isRevoked) return []
          const { isRevoked: _, ...by } = maker
          return [{ principal, change: { ...change, by } }]
        },
      ),
      switches: this.#switchesAt(at),
      levels: this.#levelsAt(at),
    })
  }

  #roleAt({ name, role }: PrincipalRow, at: number): Role {
    const next = this.#facts.acts.find(
      (act) => act.type === 'role-changed' && act.subject === name && act.at > at,
    )
    const before = next && saidOf(next).details?.before
    return (typeof before === 'string' ? before : role) as Role
  }

  #isRevokedAt({ name, ended_at: ended, created_at: created }: PrincipalRow, at: number): boolean {
    // Somebody who was not there yet could do nothing; an agent has a row only since it was revoked.
    const isActing = /^(agent|workflow):/.test(name)
    if (!isActing && at < created) return true
    const last = this.#facts.acts.findLast(
      (act) => act.subject === name && act.at <= at && act.type.startsWith('principal-'),
    )
    if (last) return last.type !== 'principal-restored'
    const isTold = this.#facts.acts.some((act) => act.subject === name && act.type.startsWith('principal-'))
    return !isTold && ended !== null && ended <= at
  }

  #levelsAt(at: number): { principal: string; level: Level }[] {
    const given = new Map<string, Level>()
    for (const act of this.#facts.acts)
      if (act.type === 'level-changed' && act.at <= at)
        given.set(act.subject, levelFrom(String(saidOf(act).details?.level)))
    return [...given].map(([principal, level]) => ({ principal, level }))
  }

  #switchesAt(at: number): Switch[] {
    const set = new Map<string, Switch>()
    for (const act of this.#facts.acts) {
      if (act.type !== 'switch-set' || act.at > at) continue
      const { agent, tool, connector, mode } = (saidOf(act).details ?? {}) as unknown as Omit<
        Switch,
        'mode'
      > & {
        mode: Switch['mode'] | 'none'
      }
      const place = { ...(agent && { agent }), ...(tool && { tool }), ...(connector && { connector }) }
      if (mode === 'none') set.delete(act.subject)
      else set.set(act.subject, { ...place, mode })
    }
    return [...set.values()]
  }
}

function endOf(change: GrantChange): number | undefined {
  return change.kind === 'expire' ? change.at : change.kind === 'narrow' ? undefined : change.until
}
