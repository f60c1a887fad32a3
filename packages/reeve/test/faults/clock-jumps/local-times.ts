/** When a schedule of these trials falls due, in local time. */
export type Pattern =
  | { hour: number; minute: number; weekday: number | undefined }
  /** Every hour, whatever the clock calls it, at the minutes that `every` divides, or at `minute` alone. */
  | { every: number }
  | { minute: number }

export function cronOf(pattern: Pattern): string {
  if ('hour' in pattern) return `${pattern.minute} ${pattern.hour} * * ${pattern.weekday ?? '*'}`
  return 'every' in pattern ? `*/${pattern.every} * * * *` : `${pattern.minute} * * * *`
}

const slotMs = 15 * 60_000
const formats = new Map<string, Intl.DateTimeFormat>()

/** The local time of a moment in a zone, written as if it were UTC (ms). */
function localOf(zone: string, at: number): number {
  let format = formats.get(zone)
  if (!format) {
    const numeric = 'numeric' as const
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: numeric,
      month: numeric,
      day: numeric,
      hour: numeric,
      minute: numeric,
    })
    formats.set(zone, format)
  }
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]))
  return Date.UTC(parts.year!, parts.month! - 1, parts.day!, parts.hour!, parts.minute!)
}

/** The moments (ms) at which a zone's clocks are set in a year. */
export function transitionsOf(zone: string, year: number): number[] {
  const found: number[] = []
  const end = Date.UTC(year + 1, 0, 1)
  let offset = offsetOf(zone, Date.UTC(year, 0, 1))
  for (let day = Date.UTC(year, 0, 1); day < end; day += 86_400_000) {
    if (offsetOf(zone, day + 86_400_000) === offset) continue
    let at = day
    while (offsetOf(zone, at) === offset) at += slotMs
    found.push(at)
    offset = offsetOf(zone, at)
  }
  return found
}

function offsetOf(zone: string, at: number): number {
  return localOf(zone, at) - at
}

/**
 * The nominal times after `from` and up to `to`, from the zone's rules alone. A time of day comes once on each local
 * date: at its first moment if it comes twice, at the first moment after the gap if it does not come at all.
 */
export function nominalTimes(pattern: Pattern, zone: string, from: number, to: number): number[] {
  const found: number[] = []
  const begin = Math.floor(from / slotMs) * slotMs - 86_400_000
  let wanted = Number.NaN
  for (let slot = begin; slot <= to; slot += slotMs) {
    const local = localOf(zone, slot)
    const next = localOf(zone, slot + slotMs)
    if (!('hour' in pattern)) {
      for (let minute = 0; minute < 15; minute++) {
        const shown = new Date(local + minute * 60_000).getUTCMinutes()
        if ('every' in pattern ? shown % pattern.every === 0 : shown === pattern.minute)
          found.push(slot + minute * 60_000)
      }
      continue
    }
    const date = new Date(local)
    const time = Date.UTC(
      date.getUTCFullYear(),
      date.getUTCMonth(),
      date.getUTCDate(),
      pattern.hour,
      pattern.minute,
    )
    for (const day of [time, time + 86_400_000]) {
      if (day <= wanted || day < local || day >= Math.max(next, local + slotMs)) continue
      if (pattern.weekday !== undefined && new Date(day).getUTCDay() !== pattern.weekday) continue
      wanted = day
      found.push(Math.min(slot + (day - local), slot + slotMs))
    }
  }
  return found.filter((at) => at > from && at <= to)
}
