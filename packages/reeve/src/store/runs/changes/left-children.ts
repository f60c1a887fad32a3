import type { Session } from '../../database.ts'
import type { RunRow } from '../runs.ts'

/** Not those that are let go on, nor those that a process drives and was told to end. One born too late is cancelled. */
const toEnd = `parent_step <= ? and ended_at is null and (detached = 0 or cancelled_by is not null)
  and (status <> 'running' or cancelled_by is null)`

/** The first run after this one that leaves children, locked; one that another transaction has is passed over. */
export function lockLeaver(session: Session, after: number): Promise<RunRow | undefined> {
  return session.get<RunRow>(
    'select * from runs where leaves_children = 1 and no > ? order by no limit 1 {skip}',
    [after],
  )
}

/** Those of its children up to a call that are to be ended, locked; those that another transaction has are passed over. */
export function lockChildrenToEnd(
  session: Session,
  parent: number,
  lastCall: number,
  limit: number,
): Promise<RunRow[]> {
  return session.all<RunRow>(
    `select * from runs where parent = ? and ${toEnd} order by no limit ${limit} {skip}`,
    [parent, lastCall],
  )
}

/** Whether any is to be ended, in whoever's hands it is. */
export async function hasChildrenToEnd(session: Session, parent: number, lastCall: number): Promise<boolean> {
  const child = await session.get(`select no from runs where parent = ? and ${toEnd} limit 1`, [
    parent,
    lastCall,
  ])
  return child !== undefined
}

export async function leavesNoChildren(session: Session, parent: number): Promise<void> {
  await session.run('update runs set leaves_children = 0 where no = ?', [parent])
}

/** Notes that a run is cancelled, and that its children are to be ended. `goesOn`: its process has yet to hear of it. */
export async function noteCancelled(
  session: Session,
  no: number,
  by: string,
  { goesOn }: { goesOn: boolean },
): Promise<void> {
  await session.run(
    `update runs set cancelled_by = ?, leaves_children = case when exists (
       select 1 from runs below where below.parent = runs.no and below.ended_at is null) then 1
       else ${goesOn ? 'leaves_children' : '0'} end
     where no = ?`,
    [by, no],
  )
}
