import { ReeveError } from '../../base/errors.ts'

/** Milliseconds since 1970 of an ISO time. @throws `bad-option` */
export function toTime(text: string, option: string): number {
  const time = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isFinite(time)) return time
  throw new ReeveError(
    'bad-option',
    `${option} is "${text}", which is not a valid time. Write it as 2026-11-03, or 2026-11-03T12:00Z.`,
  )
}
