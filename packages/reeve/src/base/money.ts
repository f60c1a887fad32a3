import { ReeveError } from './errors.ts'
import { describeValue } from './text/shorten.ts'

/** US dollars: a number, or a text such as `$0.05`. */
export type Usd = number | `$${string}`

/** The most dollars that the ledger, which counts in billionths, keeps exactly. */
const mostUsd = 9_000_000

/**
 * @param what what the amount is of, for the error
 * @throws `bad-amount` when it is none, negative, or more than 9 million
 */
export function toUsd(amount: Usd, what?: string): number {
  const value = readUsd(amount)
  if (value >= 0 && value <= mostUsd) return value
  const subject = what === undefined ? describeValue(amount) : `${what} is ${describeValue(amount)}, which`
  throw new ReeveError(
    'bad-amount',
    value > mostUsd
      ? `${subject} is more than $${mostUsd}, the most that the ledger keeps. Write a smaller amount; for no limit, leave it out.`
      : `${subject} is not an amount of US dollars. Write a number or a text like "$0.05".`,
  )
}

function readUsd(amount: unknown): number {
  if (typeof amount === 'number') return amount
  return typeof amount === 'string' && /^\$(\d+\.?\d*|\.\d+)$/.test(amount)
    ? Number(amount.slice(1))
    : Number.NaN
}

/** Of what is shown: the ledger counts no smaller parts. */
const mostPlaces = 9

/** The ledger counts in billionths of a dollar. */
const nano = 1e9

/** What is spent, as the ledger keeps it: whole billionths, rounded up, and never beyond what it can keep. */
export function toNanoUsd(usd: number): number {
  return Math.min(Math.ceil(usd * nano), Number.MAX_SAFE_INTEGER)
}

/** What may be spent, as the ledger keeps it: rounded down, so that no ceiling is above the one that was named. */
export function ceilingInNanoUsd(usd: number): number {
  return Math.floor(usd * nano)
}

/** Dollars of what the ledger keeps. */
export function fromNanoUsd(nanousd: number): number {
  return nanousd / nano
}

/** "$0", "$3.12", below a cent with two digits that count: "$0.0043". */
export function formatUsd(value: number): string {
  if (value === 0) return '$0'
  const amount = Math.abs(value)
  // What rounds to a cent is a cent.
  const isSmall = amount < 0.00995
  const places = isSmall ? Math.min(Math.ceil(-Math.log10(amount)) + 1, mostPlaces) : 2
  return `${value < 0 ? '-' : ''}$${amount.toFixed(places)}`
}
