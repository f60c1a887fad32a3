import { ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import { describeValue } from '../../base/text/shorten.ts'
import { type Duration, toMs } from '../../base/time/time.ts'
import { canonicalValue, wordsOf } from '../provenance/canonical.ts'

/** A ceiling on what effects add up to: refunds of 500 a day, one mail a day to each address. */
export interface EffectBudget {
  id: string
  ceiling: number
  /** The stretch of time that ends now. Default: for ever. */
  per?: Duration
  /** The argument whose numbers add up. Default: each call counts 1. */
  adds?: string
  /** The argument that is counted apart for each value: `to`. */
  by?: string
}

/** What a call would take of a budget; written in the commit of its intent, settled by its outcome. */
export interface BudgetReservation {
  /** The account: the budget, and for `by` the value. */
  key: string
  amount: number
  ceiling: number
  /** Only what was reserved after this counts. */
  since: number
}

/** What is reserved and spent on an account since a time: one row each, a reservation counts in full until it is settled. */
export type SpentSince = (key: string, since: number) => number

/** @throws `bad-grant` */
export function checkBudget(budget: EffectBudget, grant: string): EffectBudget {
  const { id, ceiling, per, adds, by } = budget
  const where = `Effect budget ${describeValue(id)} of grant "${grant}"`
  if (typeof id !== 'string' || id === '') throw new ReeveError('bad-grant', `${where} needs an \`id\`.`)
  if (typeof ceiling !== 'number' || !(ceiling >= 0) || ceiling === Infinity)
    throw new ReeveError(
      'bad-grant',
      `${where} has the ceiling ${describeValue(ceiling)}. Give a number from 0.`,
    )
  for (const name of [adds, by])
    if (name !== undefined && typeof name !== 'string')
      throw new ReeveError('bad-grant', `${where} names the argument ${describeValue(name)}.`)
  return per === undefined ? budget : { ...budget, per: toMs(per, `\`per\` of ${where}`) }
}

/**
 * What a call takes of each budget. A list in `by` takes from the account of each entry. An amount that is no number, or below
 * 0, takes more than any ceiling: it can never be reserved.
 */
export function reservationsFor(
  budgets: readonly EffectBudget[],
  args: Readonly<Record<string, Json | undefined>>,
  now: number,
): BudgetReservation[] {
  const reservations: BudgetReservation[] = []
  for (const { id, ceiling, per, adds, by } of budgets) {
    const amount = adds === undefined ? 1 : amountOf(args[adds])
    const since = per === undefined ? 0 : now - (per as number)
    const apart = by === undefined ? [''] : valuesOf(args[by])
    for (const value of apart)
      reservations.push({ key: value === '' ? id : `${id}:${value}`, amount, ceiling, since })
  }
  return reservations
}

/** The first that does not fit any more. The store must check the same again in the commit that reserves. */
export function firstOver(
  reservations: readonly BudgetReservation[],
  spent: SpentSince,
): (BudgetReservation & { spent: number }) | undefined {
  for (const reservation of reservations) {
    const before = spent(reservation.key, reservation.since)
    if (!(before + reservation.amount <= reservation.ceiling + 1e-9)) return { ...reservation, spent: before }
  }
  return undefined
}

function amountOf(value: Json | undefined): number {
  const number =
    typeof value === 'number'
      ? value
      : typeof value === 'string'
        ? Number(canonicalValue(value).key)
        : Number.NaN
  return number >= 0 ? number : Infinity
}

/** One account for all spellings of a value: what provenance takes for the same must not have a ceiling of its own. */
function accountOf(value: string | number | boolean): string {
  const { kind, key } = canonicalValue(value)
  return ((kind === 'text' || kind === 'path') && wordsOf(key).join('')) || key
}

function valuesOf(value: Json | undefined): string[] {
  const values = Array.isArray(value) ? value : [value ?? '(none)']
  return [...new Set(values.map((one) => (typeof one === 'object' ? JSON.stringify(one) : accountOf(one))))]
}
