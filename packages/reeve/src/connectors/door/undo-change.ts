import { canonical, type Json } from '../../base/json/json.ts'
import { NotApplied } from '../../engine/calls/effect/definition.ts'

/** A field of a thing, before and after an update. */
export interface FieldChange {
  field: string
  from?: unknown
  to?: unknown
}

/**
 * An update is taken back only while what it set still stands: what somebody set since is theirs.
 * @throws `not-applied`
 */
export function refuseChanged(
  changes: readonly FieldChange[],
  now: Readonly<Record<string, unknown>>,
  what: string,
): void {
  const other = changes.find(({ field, to }) => !isSame(now[field], to))
  if (other === undefined) return
  throw new NotApplied(
    `${what} was changed since: ${other.field} is not what this call had set. Look at it, and set by hand what shall stand there.`,
  )
}

/**
 * What stood there before an update, as its call wrote it down.
 * @throws `not-applied` where its outcome was found out afterwards, so that nobody looked before it
 */
export function knownBefore<Before>(before: Before | null, what: string): Before {
  if (before !== null) return before
  throw new NotApplied(
    `What stood in ${what} before this call is not known: its answer was lost, and it was found out afterwards that it was done. Set by hand what shall stand there.`,
  )
}

export function isSame(one: unknown, other: unknown): boolean {
  return canonical((one ?? null) as Json) === canonical((other ?? null) as Json)
}
