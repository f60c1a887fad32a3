import { Cron } from 'croner'
import { messageOf, ReeveError } from '../../base/errors.ts'
import { encode, type Json } from '../../base/json/json.ts'
import { describeValue } from '../../base/text/shorten.ts'
import { checkText } from '../../base/text/text.ts'

/** Starts a workflow at the times of a cron pattern. */
export interface ScheduleDefinition {
  /** The workflow that it starts, by name. */
  workflow: string
  /** Five or six fields, or `@daily` and the like. */
  cron: string
  /** IANA name, such as `Europe/Berlin`. Default `UTC`. */
  zone?: string
  /** Must fit the workflow's input schema. Default `{}`. */
  input?: Json
  /**
   * What happens to times that passed while nothing ran: drop them, start the last, or start up to `all` of them (0 to
   * 10,000), the last ones. Default `latest`.
   */
  catchUp?: 'skip' | 'latest' | { all: number }
}

/** A definition as the database has it. */
export interface KeptDefinition extends ScheduleDefinition {
  /** Times that an earlier pattern had and nobody has dealt with yet, oldest first. */
  earlier?: number[]
  /** From when the pattern counts, where it replaced an earlier one (ms). */
  since?: number
}

/** Times that have come. */
export interface DueTimes {
  /** Oldest first. */
  times: number[]
  /** Those of them that catch-up wants started. */
  starting: number[]
  /** The first of still older ones, which are too many to be told one by one. */
  oldest?: number
}

/** A start this late still counts as on time. */
const onTimeMs = 60_000
/** The most times that passed and are told one by one, where catch-up wants no more. */
const mostTold = 1000
const mostAll = 10_000
/** So many times are looked for one after the other; of more, the last ones are. */
const fewTimes = 20
/** Then so many at once: some milliseconds. */
const timesAtOnce = 50

/** The next nominal time after `after` (ms); null when there is none. @throws `bad-schedule` */
export function nextAfter(name: string, definition: ScheduleDefinition, after: number): number | null {
  return cronOf(name, definition).nextRun(new Date(after))?.getTime() ?? null
}

function cronOf(name: string, { cron, zone = 'UTC' }: ScheduleDefinition): Cron {
  try {
    return new Cron(cron, { timezone: zone, paused: true })
  } catch (cause) {
    const what = `Schedule "${name}" cannot be read (cron "${cron}", zone "${zone}")`
    throw new ReeveError('bad-schedule', `${what}: ${messageOf(cause)}`, { cause })
  }
}

/** @throws `bad-schedule` when it cannot be meant as it stands */
export function checkSchedule(name: string, definition: ScheduleDefinition): void {
  const { cron, zone, input, catchUp } = definition
  const refuse = (problem: string) =>
    new ReeveError('bad-schedule', `Schedule ${describeValue(name)} ${problem}`)
  const problem = nameProblem(name)
  if (problem !== undefined) throw refuse(`cannot have that name. ${problem}`)
  if (typeof cron !== 'string') throw refuse(`has no cron pattern, such as '0 9 * * 1-5'.`)
  if (zone !== undefined && !isZone(zone)) {
    const shown = typeof zone === 'string' ? `"${zone}"` : String(zone)
    throw refuse(
      `has the zone ${shown}, which is not a valid time zone. Give an IANA name such as Europe/Berlin, or leave it out for UTC.`,
    )
  }
  const all = typeof catchUp === 'object' && catchUp !== null ? catchUp.all : undefined
  const isCount = Number.isInteger(all) && all! >= 0 && all! <= mostAll
  if (catchUp !== undefined && catchUp !== 'skip' && catchUp !== 'latest' && !isCount) {
    const wanted = `'skip', 'latest' or { all: a whole number from 0 to ${mostAll} }`
    throw refuse(`has the catchUp ${JSON.stringify(catchUp)}; it must be ${wanted}.`)
  }
  if (nextAfter(name, definition, 0) === null) {
    throw refuse(`has the cron pattern "${cron}", which never matches. Is there such a day in its months?`)
  }
  try {
    encode(input, 'The input')
  } catch (error) {
    throw refuse(`has an input that cannot be kept. ${messageOf(error)}`)
  }
}

/** It names the principal of its runs, and its row: in both databases alike. */
function nameProblem(name: string): string | undefined {
  try {
    checkText(name, 'It')
    const whole = checkText(`schedule:${name}`, 'It, with "schedule:" before it,')
    return whole.endsWith(name) ? undefined : 'It has half a surrogate pair: it was cut inside a character.'
  } catch (error) {
    return messageOf(error)
  }
}

function isZone(zone: unknown): boolean {
  if (typeof zone !== 'string' || zone === '') return false
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }) !== undefined
  } catch {
    return false
  }
}

/**
 * The times of a schedule that have come at `now`. `next`: the first that nobody has dealt with. Thousands of them take a
 * second to be found: `rest` is called in between.
 */
export async function dueTimes(
  name: string,
  definition: KeptDefinition,
  next: number,
  now: number,
  rest: () => Promise<void> = async () => {},
): Promise<DueTimes> {
  const { catchUp = 'latest', earlier = [], since } = definition
  // Beside those that are on time.
  const told = Math.max(mostTold, typeof catchUp === 'object' ? catchUp.all + onTimeMs / 1000 : 0)
  const first = earlier.length > 0 ? nextAfter(name, definition, since ?? earlier.at(-1)!) : next
  const own = first === null ? [] : await timesBetween(name, definition, first, now, told, rest)
  const times = [...earlier, ...own]
  const due: DueTimes = { times, starting: toStart(times, catchUp, now) }
  if (earlier.length === 0 && own.length > 0 && own[0]! > next) due.oldest = next
  return due
}

/** The last `most` times from `first`, which is one, to `last`. */
async function timesBetween(
  name: string,
  definition: ScheduleDefinition,
  first: number,
  last: number,
  most: number,
  rest: () => Promise<void>,
): Promise<number[]> {
  const times: number[] = []
  for (let at: number | null = first; at !== null && at <= last; at = nextAfter(name, definition, at)) {
    if (times.length >= fewTimes) return lastTimes(cronOf(name, definition), first, last, most, rest)
    times.push(at)
  }
  return times
}

async function lastTimes(
  cron: Cron,
  first: number,
  last: number,
  most: number,
  rest: () => Promise<void>,
): Promise<number[]> {
  const times: number[] = []
  // What is asked for lies before its reference, which itself may be a time.
  for (let before = last + 1; times.length < most; ) {
    const some = cron.previousRuns(Math.min(timesAtOnce, most - times.length), new Date(before))
    for (const date of some) if (date.getTime() >= first) times.push(date.getTime())
    before = some.at(-1)?.getTime() ?? first
    if (before <= first) break
    await rest()
  }
  return times.reverse()
}

function toStart(times: number[], policy: NonNullable<ScheduleDefinition['catchUp']>, now: number): number[] {
  const onTime = times.filter((at) => at > now - onTimeMs)
  const missed = times.filter((at) => at <= now - onTimeMs)
  if (policy === 'skip') return onTime
  if (policy === 'latest') return onTime.length > 0 ? onTime : missed.slice(-1)
  return [...(policy.all > 0 ? missed.slice(-policy.all) : []), ...onTime]
}
