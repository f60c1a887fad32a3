import { ReeveError } from '../errors.ts'
import { describeValue, shorten } from '../text/shorten.ts'

/** What a timer is for, where that is not something that falls due: see `Clock.after`. */
export type TimerKind = 'upkeep' | 'pause'

/** Where the time comes from. Tests pass a fake one; nothing else reads the system's clock. */
export interface Clock {
  /** Whole milliseconds since the epoch. */
  now(): number
  /**
   * Calls back once after `delayMs`; the returned function cancels. Keeps the process alive until then.
   *
   * What `kind` says is for a clock of tests. `upkeep`: it looks again, or shows a sign of life, and nothing is due by it, so
   * that such a clock need not stop for it. `pause`: whoever set it does nothing else until then, as before another attempt.
   */
  after(delayMs: number, callback: () => void, kind?: TimerKind): () => void
}

const longestTimeoutMs = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, Math.min(Math.max(0, delayMs), longestTimeoutMs))
    return () => clearTimeout(timer)
  },
}

/** Milliseconds, seconds, minutes, hours, days, weeks. */
export type DurationUnit = 'ms' | 's' | 'm' | 'h' | 'd' | 'w'

/**
 * A length of time: milliseconds, or a number with a unit: `250ms`, `30s`, `5m`, `2h`, `3d`, `1w`. At most 100 years.
 * A text in another form, such as `3 days`, does not compile; where it comes in at run time it is a `bad-duration`.
 */
export type Duration = number | `${number}${DurationUnit}` | `${number} ${DurationUnit}`

/** A point in time: a Date, or its ISO text with the zone, such as `2026-07-01T09:00:00Z`. */
export type Moment = Date | string

const unitMs: Record<DurationUnit, number> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

/** Longer than anything waits; added to any date of this age it stays a whole number that databases keep exactly. */
const longestMs = 100 * 365.25 * unitMs.d

/** The last point in time that there is as a date. */
export const lastMoment = 8.64e15

/** A stored time as ISO text; one that no date can be, as the last one that can. */
export function isoText(at: number): string {
  return new Date(Math.min(Math.max(at, -lastMoment), lastMoment)).toISOString()
}

/**
 * A length of time in milliseconds.
 * @param what what the length is of, for the error: `limits.time of workflow "triage"`
 * @throws `bad-duration` when it is no length of time, negative, or longer than 100 years
 * @example
 * import { toMs } from 'reeve'
 *
 * toMs('3d') // 259_200_000
 */
export function toMs(duration: Duration | string, what?: string): number {
  const ms = readMs(duration)
  if (ms !== undefined && ms <= longestMs) return ms
  const shown = typeof duration === 'string' ? JSON.stringify(shorten(duration, 60)) : describeValue(duration)
  const subject = what === undefined ? shown : `${what} is ${shown}, which`
  throw new ReeveError(
    'bad-duration',
    ms === undefined
      ? `${subject} is not a valid duration. Write milliseconds or a number with a unit: 250ms, 30s, 5m, 2h, 3d, 1w.`
      : `${subject} is longer than 100 years, the longest duration. Write a shorter one; for no limit, leave it out.`,
  )
}

function readMs(duration: unknown): number | undefined {
  if (typeof duration === 'number') return duration >= 0 ? duration : undefined
  if (typeof duration !== 'string') return undefined
  const match = /^(\d{1,20}(?:\.\d{1,20})?)\s*(ms|s|m|h|d|w)$/.exec(duration.trim())
  return match ? Number(match[1]) * unitMs[match[2] as DurationUnit] : undefined
}

/** As `toMs`, for a length that code computes while it runs: what is less than nothing has passed already. */
export function toWaitMs(duration: Duration | string, what?: string): number {
  return typeof duration === 'number' && duration < 0 ? 0 : toMs(duration, what)
}

/** `duration` after `now`, in whole milliseconds. @throws `bad-duration` */
export function after(now: number, duration: Duration | string, what?: string): number {
  return Math.ceil(now + toWaitMs(duration, what))
}

/** A point in time (ms). @throws `bad-moment` when it is none, names no zone, or is more than 100 years after `now` */
export function toMoment(moment: Moment, now: number, what: string): number {
  const at = moment instanceof Date ? moment.getTime() : readMoment(moment)
  if (at - now <= longestMs) return at
  const shown = moment instanceof Date ? 'an invalid Date' : describeValue(moment)
  throw new ReeveError(
    'bad-moment',
    Number.isNaN(at)
      ? `${what} is ${shown}, which is not a valid point in time. Give a Date, or its ISO text with the zone: 2026-07-01T09:00:00Z.`
      : `${what} is ${new Date(at).toISOString()}, more than 100 years from now. Give an earlier one; for no limit, leave it out.`,
  )
}

/** Without a zone it would be another moment on every machine. */
const isoMoment = /^[+-]?\d{4,6}-(\d\d)-(\d\d)(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d))?$/

function readMoment(moment: unknown): number {
  if (typeof moment !== 'string') return Number.NaN
  const text = moment.trim()
  const [, month, day] = isoMoment.exec(text) ?? []
  // A day that its month does not have would be one of the next month.
  if (
    month === undefined ||
    new Date(Date.parse(`${text.split('T', 1)[0]}T00:00:00Z`)).getUTCDate() !== Number(day)
  )
    return Number.NaN
  return Date.parse(text)
}

/** A moment to the second, in the time zone of whoever reads. */
export function moment(at: number): string {
  const date = new Date(Math.min(Math.max(at, -lastMoment), lastMoment))
  const two = (part: number) => String(part).padStart(2, '0')
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}

/** A moment to the minute, in a zone that is named: `2026-11-30 08:00 Europe/Berlin`. */
export function inZone(at: number, zone: string): string {
  const format = { timeZone: zone, dateStyle: 'short', timeStyle: 'short', hourCycle: 'h23' } as const
  return `${new Intl.DateTimeFormat('sv-SE', format).format(at)} ${zone}`
}

/** `1.2 s`, `3 min 4 s`, `2 d 3 h`: for people. */
export function formatMs(ms: number): string {
  if (ms < 1) return `${ms.toFixed(2)} ms`
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  const parts: string[] = []
  let rest = Math.round(ms / 1000)
  for (const [unit, seconds] of [
    ['d', 86_400],
    ['h', 3600],
    ['min', 60],
    ['s', 1],
  ] as const) {
    const count = Math.floor(rest / seconds)
    if (count > 0) parts.push(`${count} ${unit}`)
    rest -= count * seconds
  }
  return parts.slice(0, 2).join(' ')
}
