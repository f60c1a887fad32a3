import type { Session } from '../database.ts'
import { ready } from '../dispatch/lanes.ts'
import { conditionsOf, type RunFilter, searched, stretchOf, walkOf, wrong } from './run-lists.ts'
import type { RunStatus } from './runs.ts'

/** Rows that one statement counts: none holds the log of a database at work for long. */
const slice = 20_000

/** How many runs there are of each status. */
export async function countRuns(session: Pick<Session, 'all' | 'get'>): Promise<Map<RunStatus, number>> {
  const counts = new Map<RunStatus, number>()
  for (let after = -1; ; ) {
    const last = await session.get<{ no: number }>(
      'select no from runs where no > ? order by no limit 1 offset ?',
      [after, slice - 1],
    )
    const rows = await session.all<{ status: RunStatus; count: number }>(
      `select status, count(*) as count from runs where no > ? ${last ? 'and no <= ?' : ''} group by status`,
      last ? [after, last.no] : [after],
    )
    for (const { status, count } of rows) counts.set(status, (counts.get(status) ?? 0) + count)
    if (!last) return counts
    after = last.no
  }
}

/** How many runs are driven, or could be. */
export async function countMoving(session: Pick<Session, 'get'>): Promise<number> {
  const row = await session.get<{ count: number }>(
    `select count(*) as count from runs where paused = 0 and status in ('queued', 'running')`,
  )
  return row!.count
}

/** How many runs there are; of more than `most` only that. */
export async function countRunsUpTo(session: Pick<Session, 'get'>, most: number): Promise<number> {
  const row = await session.get<{ number: number }>(
    `select count(*) as number from (select no from runs limit ${most}) as counted`,
  )
  return row?.number ?? 0
}

/** How many runs of each queue are queued and running. */
export function countByQueue(
  session: Pick<Session, 'all'>,
): Promise<{ queue: string; status: string; count: number }[]> {
  return session.all(
    `select queue, status, count(*) as count from runs where status in ('queued', 'running') group by queue, status`,
  )
}

/** More than this is counted as this and one more. */
const mostCounted = 10_000

export interface OpenCounts {
  running: number
  /** Ready, or behind others of their key; not those put off to a later time. */
  queued: number
  waiting: number
  stuck: number
  failed: number
}

/** How many runs there are of those states that their indexes tell, each up to `mostCounted` and one. */
export async function countOpenRuns(session: Session): Promise<OpenCounts> {
  const count = async (where: string) => {
    const row = await session.get<{ count: number }>(
      `select count(*) as count from (select 1 as one from runs where ${where} limit ${mostCounted + 1}) as counted`,
    )
    return row!.count
  }
  return {
    running: await count(`status = 'running'`),
    // By the index of those that are ready, which begins with the queue; there may be many more that are not.
    queued: (await count(`${ready} and queue >= ''`)) + (await count('key_line = 1')),
    waiting: await count(`status = 'waiting'`),
    stuck: await count(`${wrong} and status = 'stuck'`),
    failed: await count(`${wrong} and status = 'failed'`),
  }
}

/** Rows that a count looks at: those that come first in the list with its filter. */
const mostLookedAt = 50_000

export interface FitCount {
  total: number
  /** There may be more, further back than it looked. */
  isMore: boolean
}

/** How many runs a filter lets through, among the first rows of its list: it costs by those, and not by the number of runs. */
export async function countFitting(session: Session, filter: RunFilter): Promise<FitCount> {
  const { sql, parameters } = conditionsOf(filter)
  // Of those that run there are no more than workers have room for.
  const { inner, values } =
    filter.status === 'running'
      ? { inner: `from runs where status = 'running'`, values: [] }
      : stretchOf(walkOf(filter.status), filter, undefined)
  const row = await session.get<{ seen: number; total: number }>(
    `select count(*) as seen, count(case when ${sql} then 1 end) as total
     from (select ${searched} ${inner} limit ${mostLookedAt}) as stretch`,
    [...parameters, ...values],
  )
  return { total: row!.total, isMore: row!.seen === mostLookedAt }
}
