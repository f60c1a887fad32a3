import type { Session } from '../database.ts'
import { listQueues } from '../dispatch/queues.ts'
import { drivenVersions, lackOf } from '../dispatch/workers.ts'
import type { ApprovalRow } from './approvals.ts'
import { endedStatuses, type RunRow } from './runs.ts'

/**
 * How a run stands, its children included:
 *
 *   moving    something of it can go on without anybody doing anything (a timer counts)
 *   waiting   a person must decide, send a signal or resume it
 *   stuck     a person must look at `run`, which is the run itself or a child
 *   ended     it stays as it is
 */
export interface Standing {
  state: 'moving' | 'waiting' | 'stuck' | 'ended'
  /** The run that decides the state. */
  run: RunRow
  /** What people are asked. */
  approvals: ApprovalRow[]
  /** Why nobody drives the run, though workers are there. */
  lack?: string
}

export async function standingOf(session: Session, run: RunRow): Promise<Standing> {
  if (endedStatuses.includes(run.status)) return { state: 'ended', run, approvals: [] }
  if (run.status === 'stuck') return { state: 'stuck', run, approvals: [] }
  const family = await familyOf(session, run.no)
  const held = new Set((await listQueues(session)).filter((queue) => queue.paused).map(({ name }) => name))
  const goesOn = (member: RunRow) =>
    member.status === 'running' ||
    (member.status === 'queued' && !isHeld(member) && lackOf(member, driven) === undefined)
  const driven = await drivenVersions(session)
  const isHeld = (member: RunRow) => member.paused !== 0 || held.has(member.queue)
  const approvals = await pendingOf(session, run.no)
  if (family.some(goesOn)) return { state: 'moving', run, approvals }
  if (approvals.length > 0) return { state: 'waiting', run, approvals }
  const stuck = family.find((member) => member.status === 'stuck')
  if (stuck) return { state: 'stuck', run: stuck, approvals }
  const lacking = family.find((member) => lackOf(member, driven) !== undefined)
  if (lacking) return { state: 'waiting', run: lacking, approvals, lack: lackOf(lacking, driven)! }
  const timed = family.some((member) => member.wake_at !== null && member.paused === 0)
  return { state: timed ? 'moving' : 'waiting', run, approvals }
}

const family = `with recursive family(no) as (
  select no from runs where no = ? union all select runs.no from runs join family on runs.parent = family.no)`

function familyOf(session: Session, no: number): Promise<RunRow[]> {
  return session.all<RunRow>(
    `${family} select * from runs where no in (select no from family)
       and status not in ('succeeded', 'failed', 'cancelled') order by no`,
    [no],
  )
}

/** What people are asked by a run and the runs below it, ended ones included. */
export function pendingOf(session: Session, no: number): Promise<ApprovalRow[]> {
  return session.all<ApprovalRow>(
    `${family} select * from approvals where run in (select no from family) and status = 'pending' order by requested_at, id`,
    [no],
  )
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
