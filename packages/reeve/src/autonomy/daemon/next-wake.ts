import { formatMs, isoText } from '../../base/time/time.ts'
import type { DecisionResult } from '../../store/journal/vocabulary/autonomy-events.ts'

/** The bounds of a daemon's wakes (ms). */
export interface WakeBounds {
  everyMs: number
  floorMs: number
  ceilingMs: number
}

export interface Wake {
  /** ms since 1970. */
  at: number
  why: string
}

const dayMs = 86_400_000

/**
 * When a daemon wakes next:
 *
 *   nothing to do            every, then twice as long each time, up to the ceiling
 *   something was done       a quarter of every: there may be more
 *   it failed, or goes on    every, then twice as long with each further failure
 *   money of the day is gone when the next day begins (UTC)
 *
 * Never sooner than the floor, and never later than the ceiling but for the last.
 */
export function nextWake(
  { everyMs, floorMs, ceilingMs }: WakeBounds,
  cycle: { now: number; result: DecisionResult; sleptMs: number; fruitless: number; isBroke: boolean },
): Wake {
  const { now, result, sleptMs, fruitless, isBroke } = cycle
  if (isBroke) {
    const at = (Math.floor(now / dayMs) + 1) * dayMs
    return {
      at: Math.max(at, now + floorMs),
      why: `the budget of today is used up; it continues at ${isoText(at)}`,
    }
  }
  const within = (ms: number) => Math.min(ceilingMs, Math.max(floorMs, Math.ceil(ms)))
  const wake = (ms: number, why: string): Wake => ({ at: now + ms, why: `${why}; in ${formatMs(ms)}` })
  if (result === 'success')
    return wake(within(everyMs / 4), 'something was done, and there may be more to do')
  if (result === 'idle' || result === 'skipped')
    return wake(within(sleptMs < everyMs ? everyMs : sleptMs * 2), 'there was nothing to do')
  if (result === 'pending' || result === 'taken')
    return wake(within(everyMs), 'what it decided is still in progress')
  return wake(
    within(everyMs * 2 ** Math.min(fruitless - 1, 20)),
    `what it decided came to nothing (${result})`,
  )
}
