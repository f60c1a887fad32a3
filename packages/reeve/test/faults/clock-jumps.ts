import { jumpOverSchedules } from './clock-jumps/schedules.ts'
import { jumpOverTimers } from './clock-jumps/timers.ts'
import type { Fault } from './fault.ts'

/** Clocks that are wrong, are set, and are set by law twice a year: timers and schedules by turns. */
export const clockJumps: Fault = {
  name: 'clock-jumps',
  injects:
    'clocks set by 1 s to 1 day either way, skew between workers and database, daylight saving in 11 zones',
  invariants: 'no timer early, one start for each occurrence, nothing waits for ever; I1–I7',
  trials: 2000,
  trial: (seed) => (seed % 2 === 0 ? jumpOverSchedules(seed) : jumpOverTimers(seed)),
}
