export const hourMs = 3_600_000
export const dayMs = 24 * hourMs

/** A Monday: the first day of the business. */
export const firstDay = Date.UTC(2026, 2, 2)

/** 1 on the first day. */
export function dayNumber(now: number): number {
  return Math.floor((now - firstDay) / dayMs) + 1
}

export function startOfDay(day: number): number {
  return firstDay + (day - 1) * dayMs
}

/** 2026-03-02 */
export function isoDay(now: number): string {
  return new Date(now).toISOString().slice(0, 10)
}
