import { ReeveError } from '../../base/errors.ts'
import { type Clock, formatMs } from '../../base/time/time.ts'
import type { EngineServices } from '../services.ts'
import type { ClaimedRuns } from './claiming/claimed-runs.ts'
import type { LocalRuns } from './local-runs.ts'

/** What acts when a worker is stopped may finish within this time. */
export const defaultGraceMs = 10_000
/** For the last writes of a worker that stops, however short its grace. */
const writeWithinMs = 5_000

/**
 * Gives back every run that a worker drives. What acts may finish for at most `graceMs`, or until somebody is in a hurry;
 * what acts longer is left to itself, and its run is given back all the same. That is no death, and none is counted.
 * @throws `stop-unfinished` when the database did not take it in time
 */
export async function giveBack(
  runs: LocalRuns,
  driver: Pick<ClaimedRuns, 'drain' | 'abandon'>,
  { clock, commits }: Pick<EngineServices, 'clock' | 'commits'>,
  { graceMs, hurried }: { graceMs: number; hurried: Promise<void> },
): Promise<void> {
  driver.drain()
  await within(clock, graceMs, Promise.race([runs.none(), hurried]))
  driver.abandon(`The worker was stopped, and what acted did not end within ${formatMs(graceMs)}.`)
  const written = runs.none().then(() => commits.settled())
  if (await within(clock, Math.max(graceMs, writeWithinMs), written)) return
  throw new ReeveError(
    'stop-unfinished',
    `The worker stopped before the database took its last writes; ${runs.size} of its runs were not given back. Nothing acknowledged is lost: the next worker takes them over as after a death.`,
    { details: { runs: runs.size } },
  )
}

/** Whether it was done within that time. */
export async function within(clock: Clock, ms: number, done: Promise<unknown>): Promise<boolean> {
  let cancel = () => {}
  const late = new Promise<false>((resolve) => {
    cancel = clock.after(ms, () => resolve(false))
  })
  const isDone = await Promise.race([done.then(() => true), late])
  cancel()
  return isDone
}
