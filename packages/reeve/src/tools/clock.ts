import { z } from 'zod'
import { ReeveError } from '../base/errors.ts'
import { checkOptions } from '../base/options.ts'
import { type Clock, systemClock } from '../base/time/time.ts'
import { type Tool, tool } from './tool.ts'

/** What `clockTool` is asked. */
export interface ClockToolInput {
  /** Of the IANA database, such as `Europe/Berlin`. Default `UTC`. */
  timeZone?: string
}

/** What `clockTool` tells. */
export interface ClockToolOutput {
  /** The moment in UTC, ISO 8601. */
  iso: string
  timeZone: string
  /** `2026-03-29 14:05:00` on the clocks of the zone. */
  local: string
  weekday: string
  /** Of the zone at this moment: `+02:00`. */
  offset: string
}

const output = z.object({
  iso: z.string(),
  timeZone: z.string(),
  local: z.string(),
  weekday: z.string(),
  offset: z.string(),
})

/**
 * A tool that tells the time. What it told once is in the journal: a replay sees the same time.
 * @example
 * import { clockTool } from 'reeve/tools'
 *
 * export const clock = clockTool({ name: 'clock.now' })
 */
export function clockTool(
  options: { name?: string; clock?: Clock } = {},
): Tool<ClockToolInput, ClockToolOutput> {
  checkOptions(options, 'a clock tool', { name: 'text', clock: 'object' }, 'bad-tool')
  const { name = 'clock.now', clock = systemClock } = options
  return tool({
    name,
    description: 'Tell the date, the time and the weekday in a time zone',
    input: z.object({ timeZone: z.string().max(64).optional() }),
    output,
    effect: 'read',
    reads: 'none',
    sends: 'none',
    roles: { timeZone: 'plain' },
    answers: 'trusted',
    isVouched: true,
    place: 'the clock',
    run: ({ timeZone = 'UTC' }) => localTime(clock.now(), timeZone),
  })
}

function localTime(now: number, timeZone: string): ClockToolOutput {
  const moment = new Date(now)
  let format: Intl.DateTimeFormat
  try {
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      weekday: 'long',
      timeZoneName: 'longOffset',
    })
  } catch (cause) {
    throw new ReeveError(
      'unknown-time-zone',
      `"${timeZone}" is not a time zone. Write one like Europe/Berlin.`,
      {
        cause,
        details: { sent: false },
      },
    )
  }
  const part = Object.fromEntries(format.formatToParts(moment).map(({ type, value }) => [type, value]))
  return {
    iso: moment.toISOString(),
    timeZone,
    local: `${part.year}-${part.month}-${part.day} ${part.hour}:${part.minute}:${part.second}`,
    weekday: part.weekday!,
    offset: part.timeZoneName!.replace(/^GMT$/, 'GMT+00:00').slice(3),
  }
}
