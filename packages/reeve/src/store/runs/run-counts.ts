import type { Session } from '../database.ts'
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
