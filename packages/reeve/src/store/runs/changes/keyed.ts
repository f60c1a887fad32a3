import type { Session } from '../../database.ts'
import type { RunRow } from '../runs.ts'

/** A run by its idempotency key. */
export type KeyedRun = Pick<RunRow, 'no' | 'id' | 'given' | 'principal'>

/** The run of a workflow that has this idempotency key. */
export function runWithKey(
  session: Session,
  workflow: string,
  key: string | null,
): Promise<KeyedRun | undefined> {
  return session.get<KeyedRun>(
    'select no, id, given, principal from runs where workflow = ? and idempotency = ?',
    [workflow, key],
  )
}

/** The same, whole and locked. */
export function lockRunWithKey(
  session: Session,
  workflow: string,
  key: string | null,
): Promise<RunRow | undefined> {
  return session.get<RunRow>('select * from runs where workflow = ? and idempotency = ? {lock}', [
    workflow,
    key,
  ])
}

/** A queued run that nothing was done of is not begun before this time. */
export async function putOff(session: Session, no: number, at: number): Promise<void> {
  await session.run('update runs set available_at = ?, wake_at = ?, fresh = 1 where no = ?', [at, at, no])
}

/** Its key is free for another run. */
export async function giveKeyUp(session: Session, no: number): Promise<void> {
  await session.run('update runs set idempotency = null where no = ?', [no])
}
