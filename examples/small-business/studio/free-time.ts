const hourMs = 3_600_000
const callMs = hourMs / 2

interface Stretch {
  start: string
  end: string
}

/** The days among which a call is looked for: from tomorrow on. */
export function nextDays(now: Date): { from: string; until: string } {
  const tomorrow = Math.ceil((now.getTime() + 1) / (24 * hourMs)) * 24 * hourMs
  return {
    from: new Date(tomorrow).toISOString(),
    until: new Date(tomorrow + 14 * 24 * hourMs).toISOString(),
  }
}

/** The first free half hour on a working day between 10:00 and 16:00 (UTC); undefined: there is none. */
export function freeHalfHour(
  { from, until }: { from: string; until: string },
  busy: readonly Stretch[],
): Stretch | undefined {
  for (let at = Date.parse(from); at < Date.parse(until); at += callMs) {
    const time = new Date(at)
    const isOffice = time.getUTCHours() >= 10 && time.getUTCHours() < 16
    if (!isOffice || time.getUTCDay() % 6 === 0) continue
    const overlaps = busy.some(({ start, end }) => Date.parse(start) < at + callMs && Date.parse(end) > at)
    if (!overlaps) return { start: time.toISOString(), end: new Date(at + callMs).toISOString() }
  }
  return undefined
}
