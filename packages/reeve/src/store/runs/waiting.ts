import { type ApprovalKind, type ApprovalOfRun, openApprovals } from '../approvals/approvals.ts'
import { isAside, type Limits } from '../approvals/crowding/aside.ts'
import type { Session, Value } from '../database.ts'
import type { RunRow } from './runs.ts'

/** A place among what waits: what was asked then, and of that what has a higher id, comes after it. */
export interface WaitingPlace {
  at: number
  id: string
}

/** Which pending requests: those that people are asked now, or those that wait aside. */
export interface Shown {
  limits: Limits
  aside?: boolean
}

function shownSql({ limits, aside = false }: Shown): { sql: string; values: Value[] } {
  const { sql, values } = isAside(limits)
  return { sql: aside ? `a.crowd is not null and ${sql}` : `(a.crowd is null or not ${sql})`, values }
}

/** What people are asked, what was asked first first: that after a place. */
export async function pendingAfter(
  session: Session,
  place: WaitingPlace | undefined,
  limit: number,
  shown: Shown,
): Promise<ApprovalOfRun[]> {
  const { sql, values } = shownSql(shown)
  const rows = await session.all<ApprovalOfRun>(
    `select a.*, r.id as run_id, r.workflow from approvals a join runs r on r.no = a.run
     where a.status = 'pending' and ${sql} ${place ? 'and a.requested_at >= ? and (a.requested_at > ? or a.id > ?)' : ''}
     order by a.requested_at, a.id limit ?`,
    [...values, ...(place ? [place.at, place.at, place.id] : []), limit],
  )
  return openApprovals(session, rows)
}

export type StuckRun = RunRow & { stuck_at: number | null }

/** The runs that are stuck, with the time of their last event. */
export async function stuckRuns(session: Session, limit: number): Promise<StuckRun[]> {
  return session.all<StuckRun>(
    `select r.*, e.at as stuck_at from runs r left join events e on e.run = r.no and e.seq = r.head_seq
     where r.status in ('failed', 'cancelled', 'stuck') and r.status = 'stuck' order by r.id limit ?`,
    [limit],
  )
}

const kinds: readonly ApprovalKind[] = ['approval', 'question', 'outcome']

/** How many things of each kind people are asked, counted up to `most` in all. */
export async function countWaiting(
  session: Session,
  most: number,
  limits: Limits,
): Promise<Map<ApprovalKind, number>> {
  const { sql, values } = shownSql({ limits })
  const row = await session.get<Record<ApprovalKind, number | null>>(
    `select ${kinds.map((kind) => `sum(case when kind = '${kind}' then 1 else 0 end) as ${kind}`).join(', ')} from (
       select a.kind from approvals a where a.status = 'pending' and ${sql} limit ?) as counted`,
    [...values, most],
  )
  return new Map(kinds.flatMap((kind) => (row?.[kind] ? [[kind, Number(row[kind])] as const] : [])))
}
