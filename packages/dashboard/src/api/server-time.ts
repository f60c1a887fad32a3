/**
 * The time as the server has it: whatever a page shows was written by the server's clock, and the browser's may differ by an
 * hour, or by a year where the server plays a season through.
 */
export const timeHeader = 'reeve-time'
/** Less than this is the way that an answer takes. */
const leastMs = 1000

let aheadMs = 0
const listeners = new Set<() => void>()

/** Hears the time that an answer of the server brought. */
export function hearTime<T extends Pick<Response, 'headers'>>(answer: T): T {
  const told = Number.parseInt(answer.headers.get(timeHeader) ?? '', 10)
  const ahead = told - Date.now()
  if (Math.abs(ahead - aheadMs) >= leastMs) {
    aheadMs = ahead
    for (const listener of listeners) listener()
  }
  return answer
}

/** Now (ms), by the server's clock. */
export function serverNow(): number {
  return Date.now() + aheadMs
}

/** Called when the server's clock turns out to be another than was thought. */
export function onOtherTime(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
