import { ReeveError } from './errors.ts'

/** US dollars: a number, or a text such as `$0.05`. */
export type Usd = number | `$${string}`

/** @throws `bad-amount` */
export function toUsd(amount: Usd): number {
  const value = typeof amount === 'number' ? amount : Number(amount.slice(1))
  if (!Number.isFinite(value) || value < 0) {
    throw new ReeveError(
      'bad-amount',
      `"${amount}" is not an amount of US dollars. Write a number or a text like "$0.05".`,
    )
  }
  return value
}

export function formatUsd(value: number): string {
  return value === 0 ? '$0' : value < 0.01 ? `$${value.toPrecision(2)}` : `$${value.toFixed(2)}`
}
