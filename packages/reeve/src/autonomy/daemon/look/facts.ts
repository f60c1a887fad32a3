import { reservedPrefix } from '../../../engine/workflow.ts'
import { healthOf } from '../../../inspect/health/sentence.ts'
import { silentRuns } from '../../../inspect/health/silent.ts'
import { workflowMetrics } from '../../../inspect/health/workflow-metrics.ts'
import { countsOfWaiting } from '../../../inspect/lists/people-inbox.ts'
import { queuesView } from '../../../inspect/lists/queues.ts'
import { schedulesView } from '../../../inspect/lists/schedules.ts'
import type { Session } from '../../../store/database.ts'
import { liveWorkers } from '../../../store/dispatch/workers.ts'
import { countItems } from '../../../store/memory/items.ts'
import { failuresSince } from '../../../store/runs/figures/outcomes.ts'
import { countOpenRuns } from '../../../store/runs/run-counts.ts'
import { isWork } from '../../work.ts'
import type { CycleMemory } from '../cycle-memory.ts'

const weekMs = 7 * 86_400_000
const dayMs = 86_400_000
const mostWorkflows = 20
const mostSchedules = 50

/**
 * How the project stands, from the read model. What is no work of the project is left out: nothing is decided by it, each decision would pay
 * for it, and whether it runs at the moment of a look is chance.
 */
export async function readFacts(session: Session, now: number): Promise<NonNullable<CycleMemory['facts']>> {
  const counts = await countsOfWaiting(session)
  const queues = (await queuesView(session, { without: reservedPrefix })).filter(
    ({ name }) => name !== daemonQueue,
  )
  const health = healthOf({
    now,
    counts,
    oldest: [],
    runs: await countOpenRuns(session),
    queues,
    // Whoever looks is one, also where the clock went on further than its last sign of life.
    workers: Math.max(1, (await liveWorkers(session)).length),
    silent: await silentRuns(session, now),
    failedSinceYesterday: (await failuresSince(session, now - dayMs, 1000)).length,
  })
  const { workflows } = await workflowMetrics(session, now - weekMs)
  return {
    health: {
      state: health.state,
      sentence: health.sentence,
      problems: health.problems.map(({ words }) => words),
    },
    metrics: workflows
      .filter(({ workflow }) => isWork(workflow))
      .sort((left, right) => right.total.ended - left.total.ended)
      .slice(0, mostWorkflows)
      .map(({ workflow, total: { toolCalls: _, ...total } }) => ({ workflow, ...total })),
    queues: queues
      .filter(({ ready, running, paused }) => paused || ready + running > 0)
      .map(({ name, paused, ready, running }) => ({ name, paused, ready, running })),
    waiting: counts.total,
    calendar: (await schedulesView(session))
      .filter(({ workflow }) => isWork(workflow))
      .slice(0, mostSchedules)
      .map(({ name, workflow, nextAt }) => ({ schedule: name, workflow, nextAt })),
    memory: { items: await countItems(session), lessons: await countItems(session, ['lesson']) },
  }
}

/** The queue that cycles wait in, so that none stands behind the work that it leads. */
export const daemonQueue = 'daemons'
