import { isoText } from '../../base/time/time.ts'
import type { Session } from '../../store/database.ts'
import { liveWorkers } from '../../store/dispatch/workers.ts'
import { countOpenRuns, type OpenCounts } from '../../store/runs/run-counts.ts'
import { type SpendView, spendAt } from '../costs/spend.ts'
import { countsOfWaiting, type WaitingCounts, type WaitingItem, waitingPage } from '../lists/people-inbox.ts'
import { type QueueView, queuesView } from '../lists/queues.ts'
import { type ScheduleView, schedulesView } from '../lists/schedules.ts'
import { type Failures, failuresByCause } from './failure-causes.ts'
import { type Health, healthOf } from './sentence.ts'
import { type SilentRun, silentRuns } from './silent.ts'
import { type Success, successOf } from './success.ts'

/** Whether it is well, and what it wants from a person. */
export interface Today {
  /** When it was read (ISO 8601, the store's clock). */
  at: string
  health: Health
  waiting: { counts: WaitingCounts /** What has waited longest. */; oldest: WaitingItem[] }
  /** Runs by state, each counted up to 10,001. */
  runs: OpenCounts
  queues: QueueView[]
  /** Processes that drive runs. */
  workers: number
  spend: SpendView
  /** Of the last 7 days, against the 7 before. */
  success: Success
  /** Of the last 7 days. */
  failures: Failures
  silent: SilentRun[]
  /** The next ones, five at most. */
  schedules: ScheduleView[]
}

const weekMs = 7 * 86_400_000
const dayMs = 86_400_000
const mostOldest = 10
const mostSchedules = 5

/** Reads all of it. `now`: the store's clock (ms). */
export async function viewToday(session: Session, now: number): Promise<Today> {
  const counts = await countsOfWaiting(session)
  const { items: oldest } = await waitingPage(session, { limit: mostOldest })
  const runs = await countOpenRuns(session)
  const queues = await queuesView(session)
  const workers = (await liveWorkers(session)).length
  const silent = await silentRuns(session, now)
  const failures = await failuresByCause(session, now - weekMs)
  const { count: failedSinceYesterday } = await failuresByCause(session, now - dayMs)
  return {
    at: isoText(now),
    health: healthOf({ now, counts, oldest, runs, queues, workers, silent, failedSinceYesterday }),
    waiting: { counts, oldest },
    runs,
    queues,
    workers,
    spend: await spendAt(session, now),
    success: await successOf(session, now, weekMs),
    failures,
    silent,
    schedules: (await schedulesView(session)).filter(({ nextAt }) => nextAt !== null).slice(0, mostSchedules),
  }
}
