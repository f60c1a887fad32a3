import { ReeveError } from '../../base/errors.ts'
import { describeValue } from '../../base/text/shorten.ts'
import { hasRole, type Principal } from '../principals.ts'
import type { Constraint } from './constraints.ts'
import { type Grant, type PreparedGrant, prepareGrants } from './grant.ts'

/** What the database says about the grants in code. Everything but an exception takes away. */
export type GrantChange =
  | { kind: 'suspend'; grant: string; from: number; until?: number }
  /** `ofCode`: only while its code says that end. */
  | { kind: 'expire'; grant: string; at: number; ofCode?: number }
  | { kind: 'narrow'; grant: string; from: number; args: Readonly<Record<string, Constraint>> }
  /** Adds for a time; only an owner may. */
  | { kind: 'exception'; by: Principal; from: number; until: number; grant: Grant }

const longestExceptionMs = 30 * 24 * 3_600_000

/**
 * The grants that hold now: those in code, less what the database takes away, plus the exceptions of owners that have not ended.
 * A change of a grant that is not there any more changes nothing.
 * @throws `bad-exception` `bad-grant`
 */
export function effectiveGrants(
  code: readonly PreparedGrant[],
  changes: readonly GrantChange[],
  now: number,
): PreparedGrant[] {
  const isNow = (from: number, until = Infinity) => now >= from && now < until
  const taken = code.flatMap((grant) => {
    let { checks, ties, expiresAt } = grant
    for (const change of changes) {
      if (change.kind === 'exception' || change.grant !== grant.id) continue
      if (change.kind === 'suspend' && isNow(change.from, change.until)) return []
      const isExpired = change.kind === 'expire' && (change.ofCode ?? grant.expiresAt) === grant.expiresAt
      if (isExpired) expiresAt = Math.min(expiresAt, change.at)
      if (change.kind !== 'narrow' || !isNow(change.from)) continue
      const narrowing = prepareGrants([{ tool: grant.source.tool, args: change.args }])[0]!
      checks = [...checks, ...narrowing.checks]
      ties = new Set([...ties, ...narrowing.ties])
    }
    return [{ ...grant, checks, ties, expiresAt }]
  })
  const added = changes.flatMap((change) => {
    if (change.kind !== 'exception') return []
    checkException(change)
    if (!isNow(change.from, change.until)) return []
    const [grant] = prepareGrants([
      { ...change.grant, id: `exception:${change.grant.id ?? change.grant.tool}:${change.from}` },
    ])
    return [{ ...grant!, expiresAt: Math.min(grant!.expiresAt, change.until) }]
  })
  return [...taken, ...added]
}

/** @throws `bad-exception` */
function checkException({ by, from, until }: { by: Principal; from: number; until: number }): void {
  if (!hasRole(by, 'owner')) {
    throw new ReeveError(
      'bad-exception',
      `${describeValue(by.id)} may not make an exception: only an owner may add to what the code grants.`,
    )
  }
  if (!(until > from) || until - from > longestExceptionMs) {
    throw new ReeveError(
      'bad-exception',
      `An exception from ${describeValue(from)} to ${describeValue(until)} does not end within 30 days. Give it an end; what must hold for longer belongs into the code.`,
    )
  }
}
