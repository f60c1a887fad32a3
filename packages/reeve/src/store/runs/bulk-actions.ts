import { ReeveError } from '../../base/errors.ts'
import { isShortText, shownId } from '../../base/text/text.ts'
import type { Session } from '../database.ts'
import type { RunPlace } from './run-lists.ts'

export const bulkVerbs = ['cancel', 'pause', 'resume', 'retry'] as const
export type BulkVerb = (typeof bulkVerbs)[number]

/**
 * One action on all runs that a filter found when it was asked for:
 *
 *   running → done | stopped
 *
 * `place` is how far it has come. It goes on from there after a restart, and does what was cut off again: each action
 * on a run can be done twice.
 */
export interface BulkActionRow {
  id: string
  action: BulkVerb
  /** JSON text. */
  filter: string
  created_by: string
  status: 'running' | 'done' | 'stopped'
  /** JSON text of a `RunPlace`; null: it has not begun. */
  place: string | null
  done: number
  /** Runs that the action does not fit, such as those that ended meanwhile. */
  refused: number
  /** Why the last of them was refused. */
  problem: string | null
  /** Runs that were started later are not meant. */
  created_at: number
  moved_at: number
  ended_at: number | null
}

export async function beginBulkAction(
  session: Session,
  row: Pick<BulkActionRow, 'id' | 'action' | 'filter' | 'created_by' | 'created_at'>,
): Promise<void> {
  await session.run(
    `insert into bulk_actions (id, action, filter, created_by, status, created_at, moved_at)
     values (?, ?, ?, ?, 'running', ?, 0)`,
    [row.id, row.action, row.filter, row.created_by, row.created_at],
  )
}

/** @throws `unknown-bulk-action` */
export async function requireBulkAction(session: Session, id: string): Promise<BulkActionRow> {
  const row = isShortText(id)
    ? await session.get<BulkActionRow>('select * from bulk_actions where id = ?', [id])
    : undefined
  if (row) return row
  throw new ReeveError('unknown-bulk-action', `There is no bulk action ${shownId(id)}.`)
}

/** The newest first. ids sort by time. */
export function listBulkActions(
  session: Session,
  page: { before?: string | undefined; limit: number },
): Promise<BulkActionRow[]> {
  const { before, limit } = page
  return session.all<BulkActionRow>(
    `select * from bulk_actions ${before === undefined ? '' : 'where id < ?'} order by id desc limit ?`,
    [...(before === undefined ? [] : [before]), limit],
  )
}

/** So long nobody else takes an action over from a process that carries it out (ms). */
const takenForMs = 10_000

/** In a transaction: takes the oldest action that nobody carries out now. */
export async function takeBulkAction(session: Session): Promise<BulkActionRow | undefined> {
  const row = await session.get<BulkActionRow>(
    `select * from bulk_actions where status = 'running' and moved_at < reeve_now() - ?
     order by created_at limit 1 {skip}`,
    [takenForMs],
  )
  if (row) await session.run('update bulk_actions set moved_at = reeve_now() where id = ?', [row.id])
  return row
}

/**
 * Where it goes on; no place: it is done. Answers false when it was stopped meanwhile: what was done until then still counts.
 */
export async function moveBulkAction(
  session: Session,
  id: string,
  step: { place: RunPlace | undefined; done: number; refused: number; problem: string | null },
): Promise<boolean> {
  const row = await session.get<Pick<BulkActionRow, 'status'>>(
    `update bulk_actions set place = ?, done = done + ?, refused = refused + ?, problem = coalesce(?, problem),
       moved_at = reeve_now(), status = case when status = 'running' then ? else status end,
       ended_at = case when status = 'running' and ? = 1 then reeve_now() else ended_at end
     where id = ? returning status`,
    [
      step.place ? JSON.stringify(step.place) : null,
      step.done,
      step.refused,
      step.problem,
      step.place ? 'running' : 'done',
      step.place ? 0 : 1,
      id,
    ],
  )
  return row !== undefined && row.status !== 'stopped'
}

/** What is done stays done. */
export async function stopBulkAction(session: Session, id: string): Promise<void> {
  await session.run(
    `update bulk_actions set status = 'stopped', ended_at = reeve_now() where id = ? and status = 'running'`,
    [id],
  )
}
