/** Hours of the day in which nobody is to be troubled. */
interface Quiet {
  from: string
  to: string
  zone?: string
}

const minuteMs = 60_000
const dayMinutes = 24 * 60

/** The same time, or the end of the quiet hours that it lies in (ms). */
export function afterQuiet(at: number, quiet: Quiet | undefined): number {
  if (!quiet) return at
  const [start, end] = [minutesOf(quiet.from), minutesOf(quiet.to)]
  const now = minuteOfDay(at, quiet)
  const isQuiet = start <= end ? now >= start && now < end : now >= start || now < end
  if (!isQuiet) return at
  const moved = Math.floor(at / minuteMs) * minuteMs + ((end - now + dayMinutes) % dayMinutes) * minuteMs
  // Where clocks were changed meanwhile, the end is an hour nearer or farther.
  const off = (end - minuteOfDay(moved, quiet) + 1.5 * dayMinutes) % dayMinutes
  return moved + (off - dayMinutes / 2) * minuteMs
}

function minuteOfDay(at: number, { zone = 'UTC' }: Quiet): number {
  const format = { timeZone: zone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const
  return minutesOf(new Intl.DateTimeFormat('en-GB', format).format(at))
}

function minutesOf(time: string): number {
  const [hours, minutes] = time.split(':').map(Number)
  return hours! * 60 + minutes!
}
