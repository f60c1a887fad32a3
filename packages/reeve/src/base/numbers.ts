import { ReeveError } from './errors.ts'
import { describeValue } from './text/shorten.ts'

/**
 * A whole number that every database keeps exactly.
 * @param what how it is called in the error: `The priority of a start`
 * @throws `bad-number`
 */
export function wholeNumber(
  value: unknown,
  what: string,
  { least = 1, most = Number.MAX_SAFE_INTEGER }: { least?: number; most?: number } = {},
): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most)
    return value + 0
  throw new ReeveError(
    'bad-number',
    `${what} is ${describeValue(value)}; it must be a whole number from ${least} to ${most}.${value === Number.POSITIVE_INFINITY ? ' For no limit, leave it out.' : ''}`,
  )
}
