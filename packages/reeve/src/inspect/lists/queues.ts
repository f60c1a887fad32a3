import { isoText } from '../../base/time/time.ts'
import type { Session } from '../../store/database.ts'
import { busyOf, laneDepths } from '../../store/dispatch/queues/queue-depths.ts'
import { listQueues } from '../../store/dispatch/queues/queues.ts'
import { drivenVersions, versionName } from '../../store/dispatch/workers.ts'

/** A queue and what stands in it. Counts go up to 10,000. */
export interface QueueView {
  name: string
  paused: boolean
  /** Runs that a worker could claim now. */
  ready: number
  /** Since when the run that comes next has been ready (ISO 8601); null: none is. */
  readySince: string | null
  /** Runs behind others of their key. */
  inLine: number
  running: number
  /** Most runs at once, of all and of each key; most claims of new runs in so many ms. Null: no limit. */
  limits: {
    concurrency: number | null
    keyConcurrency: number | null
    rate: { count: number; perMs: number } | null
  }
  /** Ready runs of workflows or versions that no live worker has. */
  lacking: { workflow: string; version: string; ready: number }[]
}

const mostCounted = 10_000

/** All queues, by name. `without`: runs of workflows whose names begin so are not counted. */
export async function queuesView(
  session: Session,
  { without }: { without?: string } = {},
): Promise<QueueView[]> {
  const depths = await laneDepths(session, mostCounted)
  const counted =
    without === undefined ? depths : depths.filter(({ workflow }) => !workflow.startsWith(without))
  const lanes = Map.groupBy(counted, ({ queue }) => queue)
  const driven = await drivenVersions(session)
  const views: QueueView[] = []
  for (const row of await listQueues(session)) {
    const { name, concurrency, key_concurrency, rate_count, rate_ms } = row
    const own = lanes.get(name) ?? []
    const { running, inLine } = await busyOf(session, name, { most: mostCounted, without })
    const since = own.length === 0 ? null : Math.min(...own.map((lane) => lane.since))
    views.push({
      name,
      paused: row.paused !== 0,
      ready: own.reduce((sum, lane) => sum + lane.ready, 0),
      readySince: since === null ? null : isoText(since),
      inLine,
      running,
      limits: {
        concurrency,
        keyConcurrency: key_concurrency,
        rate: rate_count === null || rate_ms === null ? null : { count: rate_count, perMs: rate_ms },
      },
      lacking: own
        .filter(({ workflow, version }) => driven && !driven.has(versionName(workflow, version)))
        .map(({ workflow, version, ready }) => ({ workflow, version, ready })),
    })
  }
  return views
}
