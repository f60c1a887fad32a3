import type { Session, Value } from '../database.ts'
import type { RunRow } from '../runs/runs.ts'

/** The ready runs of one version of a workflow in one queue: whoever has that version may claim them, in their order. */
export interface Lane {
  queue: string
  workflow: string
  version: string
}

/** What counts when runs are put in order. */
export type Place = Pick<RunRow, 'no' | 'fresh' | 'priority' | 'available_at'>

/**
 * A queued run that is neither held nor put off, nor behind others of its key. Written as in the index `runs_ready`, which
 * holds only such runs.
 */
export const ready = `status = 'queued' and paused = 0 and wake_at is null and key_line = 0`

/** Wake-ups and recoveries first, then by priority and age. */
const inOrder = 'order by fresh, priority desc, available_at, no'

export function byPlace(left: Place, right: Place): number {
  return byLevel(left, right) || left.available_at - right.available_at || left.no - right.no
}

/** Runs on one level differ in age only. */
export function byLevel(left: Place, right: Place): number {
  return left.fresh - right.fresh || right.priority - left.priority
}

/** The first run of the lanes behind a lane's, where `condition` holds. */
function behind(condition: string): string {
  return `(select no from runs later where later.status = 'queued' and later.paused = 0 and later.wake_at is null
    and later.key_line = 0 and ${condition} order by later.queue, later.workflow, later.version, later.fresh, later.priority desc,
      later.available_at, later.no limit 1)`
}

/**
 * The lanes that hold anything: all of them, or the first `most` behind `after`. Leaps from lane to lane through the index:
 * it costs by the number of lanes, not of runs. (Comparing three columns at once would search by the first one only, in
 * SQLite.)
 */
export async function readLanes(
  session: Session,
  { after, most }: { after?: Lane | undefined; most?: number } = {},
): Promise<Lane[]> {
  const first = after
    ? `no = coalesce(${behind('later.queue = ? and later.workflow = ? and later.version > ?')},
         ${behind('later.queue = ? and later.workflow > ?')}, ${behind('later.queue > ?')})`
    : `${ready} order by queue, workflow, version, fresh, priority desc, available_at, no limit 1`
  const { queue, workflow, version } = after ?? { queue: '', workflow: '', version: '' }
  const place = after ? [queue, workflow, version, queue, workflow, queue] : []
  return session.all<Lane>(
    `with recursive lanes (no, queue, workflow, version) as (
       select * from (select no, queue, workflow, version from runs where ${first}) as first
       union all
       select next.no, next.queue, next.workflow, next.version from lanes join runs next on next.no = coalesce(
         ${behind('later.queue = lanes.queue and later.workflow = lanes.workflow and later.version > lanes.version')},
         ${behind('later.queue = lanes.queue and later.workflow > lanes.workflow')},
         ${behind('later.queue > lanes.queue')})
     ) select queue, workflow, version from lanes${most === undefined ? '' : ' limit ?'}`,
    most === undefined ? place : [...place, most],
  )
}

/** How many runs a lane holds. */
export async function countLane(session: Session, { queue, workflow, version }: Lane): Promise<number> {
  const row = await session.get<{ count: number }>(
    `select count(*) as count from runs where ${ready} and queue = ? and workflow = ? and version = ?`,
    [queue, workflow, version],
  )
  return row!.count
}

/** A lane with how many of its runs are wanted. */
export interface Wanted {
  lane: Lane
  limit: number
}

/** Lanes that one statement reads: SQLite takes no more than 500. */
const mostAtOnce = 50

/** The first ready runs of each of the lanes, lane by lane; `index` says which. `more`: conditions of the caller's. */
export async function readReady<Row>(
  session: Session,
  wanted: Wanted[],
  columns: string,
  more: { sql: string; parameters: Value[]; locks: boolean },
): Promise<(Row & { index: number })[]> {
  const rows: (Row & { index: number })[] = []
  for (let from = 0; from < wanted.length; from += mostAtOnce) {
    const some = wanted.slice(from, from + mostAtOnce)
    const parts = some.map(
      (_lane, at) =>
        `select * from (select ${from + at} as "index", ${columns} from runs
           where ${ready} and queue = ? and workflow = ? and version = ? ${more.sql} ${inOrder} limit ? ${more.locks ? '{skip}' : ''}) as lane${at}`,
    )
    const parameters = some.flatMap(({ lane, limit }) => [
      lane.queue,
      lane.workflow,
      lane.version,
      ...more.parameters,
      limit,
    ])
    rows.push(...(await session.all<Row & { index: number }>(parts.join(' union all '), parameters)))
  }
  return rows
}
