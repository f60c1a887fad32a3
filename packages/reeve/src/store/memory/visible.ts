import type { Value } from '../database.ts'
import { type ItemKind, pathOf } from './items.ts'

/** Which items a search may find. */
export interface Visible {
  /** A scope and all below it. Empty: everything. */
  scope: string
  /** Empty: every kind. */
  kinds: readonly ItemKind[]
  /** As things stood then (ms). Absent: now, by `now`. */
  asOf: number | undefined
  now: number
  /** Nothing that came from outside. */
  trustedOnly: boolean
  /** Scopes that are left out, each with all below it. */
  hidden?: readonly string[] | undefined
}

/** The condition on rows of `items`, and its parameters. */
export function conditionOf({ scope, kinds, asOf, now, trustedOnly, hidden = [] }: Visible): {
  sql: string
  parameters: Value[]
} {
  const parts: string[] = []
  const parameters: Value[] = []
  const also = (sql: string, ...values: Value[]) => {
    parts.push(sql)
    parameters.push(...values)
  }
  if (asOf === undefined) parts.push('ended_at is null')
  else also('at <= ? and (ended_at is null or ended_at > ?)', asOf, asOf)
  const then = asOf ?? now
  also('(valid_from is null or valid_from <= ?) and (valid_until is null or valid_until > ?)', then, then)
  if (scope !== '') also('scope >= ? and scope < ?', pathOf(scope), `${scope}0`)
  if (kinds.length > 0) also(`kind in (${kinds.map(() => '?').join(', ')})`, ...kinds)
  for (const one of hidden) also('not (scope >= ? and scope < ?)', pathOf(one), `${one}0`)
  if (trustedOnly) parts.push('untrusted = 0')
  return { sql: parts.join(' and '), parameters }
}
