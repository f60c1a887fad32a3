import { afterQuiet } from '../../base/time/quiet-hours.ts'
import type { Session } from '../database.ts'
import { type ApprovalTerms, termsOf } from './approval-terms.ts'
import type { ApprovalRow } from './approvals.ts'

/**
 * What is to be told to those who may decide. `escalated`: from now on others may, too; `overdue`: its time is over and it waits
 * on. Whoever brings it to people (mail, chat) reads these by their ids and keeps the last one that it told.
 */
export interface ApprovalNotice {
  id: number
  approval: string
  kind: 'reminder' | 'escalated' | 'overdue'
  at: number
}

/** When something is to be told of a request next, after a time (ms); null: nothing any more. */
export function nextDue(terms: ApprovalTerms | undefined, after: number): number | null {
  const { remindEveryMs, decideBy, onTimeout, quietHours } = terms ?? {}
  const times: number[] = []
  if (remindEveryMs !== undefined) times.push(afterQuiet(after + remindEveryMs, quietHours))
  if (decideBy !== undefined && onTimeout !== 'reject' && decideBy > after) times.push(decideBy)
  return times.length === 0 ? null : Math.min(...times)
}

/** Whether a reminder or an escalation is due. */
export async function isAnyDue(session: Session, now: number): Promise<boolean> {
  const due = await session.get(
    `select id from approvals where status = 'pending' and due_at is not null and due_at <= ? limit 1`,
    [now],
  )
  return due !== undefined
}

/** In a transaction: writes down what is due by now of at most `limit` requests; answers how many they were. */
export async function noteDue(session: Session, now: number, limit: number): Promise<number> {
  const rows = await session.all<Pick<ApprovalRow, 'id' | 'terms' | 'due_at'>>(
    `select id, terms, due_at from approvals where status = 'pending' and due_at is not null and due_at <= ?
     order by due_at limit ? {skip}`,
    [now, limit],
  )
  for (const row of rows) {
    const terms = termsOf(row)
    await session.run('insert into approval_notices (approval, kind, at) values (?, ?, ?)', [
      row.id,
      kindOf(terms, { dueAt: row.due_at!, now }),
      now,
    ])
    await session.run('update approvals set due_at = ? where id = ?', [nextDue(terms, now), row.id])
  }
  return rows.length
}

function kindOf(
  { decideBy, onTimeout }: ApprovalTerms = {},
  { dueAt, now }: { dueAt: number; now: number },
): ApprovalNotice['kind'] {
  const isOver = decideBy !== undefined && onTimeout !== 'reject' && dueAt <= decideBy && decideBy <= now
  if (!isOver) return 'reminder'
  return onTimeout === 'escalate' ? 'escalated' : 'overdue'
}

/** Those with a higher id, the oldest first. */
export function readNotices(session: Session, after: number, limit: number): Promise<ApprovalNotice[]> {
  return session.all<ApprovalNotice>('select * from approval_notices where id > ? order by id limit ?', [
    after,
    limit,
  ])
}
