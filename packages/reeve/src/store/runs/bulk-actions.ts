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

/** The newest first. Ids sort by time. */
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

/**
 * An action waits for the end of those that were asked for before it, where what becomes of a run depends on which comes last: a
 * resume after a pause, anything beside a retry. Those of one verb do not, nor does a cancel beside a pause or a resume.
 */
const isFree = `not exists (select 1 from bulk_actions before
  where before.status = 'running' and before.id < bulk_actions.id and before.action <> bulk_actions.action
    and ('retry' in (before.action, bulk_actions.action) or 'cancel' not in (before.action, bulk_actions.action)))`

/** In a transaction: takes the actions that nobody carries out now, the oldest first. */
export async function takeBulkActions(session: Session): Promise<BulkActionRow[]> {
  const rows = await session.all<BulkActionRow>(
    `select * from bulk_actions where status = 'running' and moved_at < reeve_now() - ? and ${isFree}
     order by id {skip}`,
    [takenForMs],
  )
  await holdBulkActions(
    session,
    rows.map(({ id }) => id),
  )
  return rows
}

/** Keeps actions that wait for their turn in the process that carries them out. */
export async function holdBulkActions(session: Session, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return
  await session.run(
    `update bulk_actions set moved_at = reeve_now() where status = 'running' and id in (${ids.map(() => '?').join(', ')})`,
    [...ids],
  )
}

/**
 * Where it goes on; no place: it is done. Answers false when it was stopped meanwhile: what was done until then still counts. So
 * does what another process did that took it over: then it is not moved.
 */
export async function moveBulkAction(
  session: Session,
  id: string,
  step: {
    from: RunPlace | undefined
    place: RunPlace | undefined
    done: number
    refused: number
    problem: string | null
  },
): Promise<boolean> {
  const row = await session.get<Pick<BulkActionRow, 'status'>>(
    `update bulk_actions set place = ?, done = done + ?, refused = refused + ?, problem = coalesce(?, problem),
       moved_at = reeve_now(), status = case when status = 'running' then ? else status end,
       ended_at = case when status = 'running' and ? = 1 then reeve_now() else ended_at end
     where id = ? and coalesce(place, '') = ? returning status`,
    [
      step.place ? JSON.stringify(step.place) : null,
      step.done,
      step.refused,
      step.problem,
      step.place ? 'running' : 'done',
      step.place ? 0 : 1,
      id,
      step.from ? JSON.stringify(step.from) : '',
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
