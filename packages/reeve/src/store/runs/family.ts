import { type ApprovalRow, openApprovals } from '../approvals/approvals.ts'
import type { Session } from '../database.ts'
import type { RunRow } from './runs.ts'

const family = `with recursive family(no) as (
  select no from runs where no = ? union all select runs.no from runs join family on runs.parent = family.no)`

/** A run and the runs below it, without those that ended. */
export function openFamilyOf(session: Session, no: number): Promise<RunRow[]> {
  return session.all<RunRow>(
    `${family} select * from runs where no in (select no from family)
       and status not in ('succeeded', 'failed', 'cancelled') order by no`,
    [no],
  )
}

/** A run and all runs below it, whatever started them; `from`: without those that its own earlier calls have started. */
export function familyOf(session: Session, no: number, from = 0): Promise<RunRow[]> {
  return session.all<RunRow>(
    `with recursive family(no) as (
       select no from runs where no = ?
       union all select runs.no from runs join family on runs.parent = family.no
         where runs.parent <> ? or runs.parent_step >= ?)
     select * from runs where no in (select no from family) order by no`,
    [no, no, from],
  )
}

/** What people are asked by a run and the runs below it, ended ones included. */
export async function pendingOf(session: Session, no: number): Promise<ApprovalRow[]> {
  const rows = await session.all<ApprovalRow>(
    `${family} select * from approvals where run in (select no from family) and status = 'pending' order by requested_at, id`,
    [no],
  )
  return openApprovals(session, rows)
}

/** The run whose end nothing else waits for: the run itself or the topmost run above it. */
export async function topOf(session: Session, run: RunRow): Promise<RunRow> {
  const row = await session.get<RunRow>(
    `with recursive line(no, parent) as (
       select no, parent from runs where no = ?
       union all select runs.no, runs.parent from runs join line on runs.no = line.parent)
     select * from runs where no in (select no from line where parent is null)`,
    [run.no],
  )
  return row ?? run
}

/** For whom a run is, and what started it. */
export interface WhoseRun {
  no: number
  principal: string
  parent_ended_at: number | null
  parent_workflow: string | null
}

export function whoseRuns(session: Session, runs: readonly number[]): Promise<WhoseRun[]> {
  return session.all<WhoseRun>(
    `select r.no, r.principal, p.ended_at as parent_ended_at, p.workflow as parent_workflow
     from runs r left join runs p on p.no = r.parent where r.no in (${runs.map(() => '?').join(', ')})`,
    [...runs],
  )
}
