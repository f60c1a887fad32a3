import type { Session } from '../../database.ts'
import type { RunRow, RunStatus } from '../runs.ts'

/** Runs that ended in a stretch of time, or the newest of them where they are many. */
export interface Outcomes {
  counts: Map<RunStatus, number>
  /** Of those that were counted, when the first one ended (ms); null: none did. */
  from: number | null
}

/** How the runs ended that did so since one time and before another; the newest `most` of them. */
export async function outcomesBetween(
  session: Session,
  since: number,
  until: number,
  most: number,
): Promise<Outcomes> {
  const rows = await session.all<{ status: RunStatus; count: number; first: number }>(
    `select status, count(*) as count, min(ended_at) as first from
       (select status, ended_at from runs where ended_at is not null and ended_at >= ? and ended_at < ?
        order by ended_at desc limit ?) as ended
     group by status`,
    [since, until, most],
  )
  return {
    counts: new Map(rows.map(({ status, count }) => [status, count])),
    from: rows.length === 0 ? null : Math.min(...rows.map(({ first }) => first)),
  }
}

export type FailedRun = Pick<RunRow, 'id' | 'workflow' | 'reason' | 'ended_at'>

/** The runs that failed since then, the newest first. */
export async function failuresSince(session: Session, since: number, limit: number): Promise<FailedRun[]> {
  return session.all<FailedRun>(
    `select id, workflow, reason, ended_at from runs where status = 'failed' and ended_at >= ?
     order by ended_at desc limit ?`,
    [since, limit],
  )
}

export type RunningRun = Pick<
  RunRow,
  'id' | 'workflow' | 'reason' | 'worker' | 'created_at' | 'available_at'
> & {
  /** When its last event was written (ms); null: it has none yet. */
  moved_at: number | null
}

/** The runs that workers hold, each with the time of its last event. */
export async function runningRuns(session: Session, limit: number): Promise<RunningRun[]> {
  return session.all<RunningRun>(
    `select r.id, r.workflow, r.reason, r.worker, r.created_at, r.available_at,
       (select e.at from events e where e.run = r.no order by e.seq desc limit 1) as moved_at
     from runs r where r.status = 'running' limit ?`,
    [limit],
  )
}

/** What people decided in a stretch of time, of the newest `most` decisions. */
export interface Decisions {
  approved: number
  /** Of the approved ones, those with an edit. */
  edited: number
  rejected: number
  answered: number
}

export async function decisionsBetween(
  session: Session,
  since: number,
  until: number,
  most: number,
): Promise<Decisions> {
  const row = await session.get<Decisions>(
    `select cast(coalesce(sum(case when status = 'approved' then 1 else 0 end), 0) as bigint) as approved,
       cast(coalesce(sum(case when status = 'approved' and answer is not null then 1 else 0 end), 0) as bigint) as edited,
       cast(coalesce(sum(case when status = 'rejected' then 1 else 0 end), 0) as bigint) as rejected,
       cast(coalesce(sum(case when status = 'answered' then 1 else 0 end), 0) as bigint) as answered
     from (select status, answer from approvals where decided_at is not null and decided_at >= ? and decided_at < ?
        order by decided_at desc limit ?) as decided`,
    [since, until, most],
  )
  return row!
}
