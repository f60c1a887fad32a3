import { setTimeout as delay } from 'node:timers/promises'
import { systemClock } from '../../base/time/time.ts'
import type { Database } from '../../store/database.ts'
import { type JournalEvent, lastSeqIn, readEvents } from '../../store/journal/journal.ts'
import { topOf } from '../../store/runs/family.ts'
import { type RunRow, requireRun } from '../../store/runs/runs.ts'
import { isAtRest, onlyWaits, type RunStanding, standingOf, waitsForOf } from '../run-standing.ts'

const pollMs = 25

/** The number of a run's last event. */
export async function lastSeqOf(database: Database, run: RunRow): Promise<number> {
  return (await lastSeqIn(database, run.no)) ?? 0
}

/**
 * Tells every event of a run after `afterSeq`, in order, whoever drives it, until the run and the runs above it have
 * come to rest; `leaves`: also when they only wait for more than a minute. Answers how the run stands then; undefined when
 * `signal` ended the following.
 */
export async function follow(
  database: Database,
  runId: string,
  options: { afterSeq: number; leaves: boolean; onEvent: (event: JournalEvent) => void; signal: AbortSignal },
): Promise<RunStanding | undefined> {
  const { leaves, onEvent, signal } = options
  const clock = database.clock ?? systemClock
  const isOver = (standing: RunStanding) =>
    isAtRest(standing) || (leaves && onlyWaits(waitsForOf(standing), clock.now()))
  let after = options.afterSeq
  for (;;) {
    // The row is read before the events: when it says that the run rests, the events that led there are all there.
    const run = await requireRun(database, runId)
    const { no } = run
    const standing = await standingOf(database, run)
    const top = !isOver(standing) ? run : await topOf(database, run)
    const above = top.no === no ? standing : await standingOf(database, top)
    for (const event of await readEvents(database, no, after)) {
      onEvent(event)
      after = event.seq
    }
    if (isOver(standing) && isOver(above)) return standing
    if (signal.aborted) return undefined
    await delay(pollMs, undefined, { signal }).catch(() => undefined)
  }
}
