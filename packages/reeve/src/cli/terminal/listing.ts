import { ReeveError } from '../../base/errors.ts'

/** The number that an option for a limit gives. @throws `bad-option` */
export function toLimit(text: string, option = '--limit'): number {
  const limit = Number(text)
  if (Number.isInteger(limit) && limit > 0 && limit <= 1_000_000) return limit
  throw new ReeveError('bad-option', `${option} is "${text}"; it must be a whole number from 1 to 1000000.`)
}

/** The last line of a list that was cut. `shown` names what is there: `the newest 20 runs`. */
export function moreLine(shown: string, limit: number, total?: number): string {
  const most = total === undefined ? limit * 10 : Math.min(total, 1_000_000)
  return `${shown}${total === undefined ? '' : ` of ${total}`}; see more with --limit ${most}`
}
