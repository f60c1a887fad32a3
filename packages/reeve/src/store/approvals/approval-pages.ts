import type { Session, Value } from '../database.ts'
import { type ApprovalKind, type ApprovalOfRun, type ApprovalStatus, openApprovals } from './approvals.ts'

export interface ApprovalFilter {
  status: ApprovalStatus
  kind?: ApprovalKind | undefined
  workflow?: string | undefined
  /** The id of a run. */
  run?: string | undefined
}

/** In the order in which they were asked. `after`: behind the one with this time (ms) and id, `TIME ID`. */
export async function pageOfApprovals(
  session: Session,
  filter: ApprovalFilter,
  page: { after?: string | undefined; limit: number },
): Promise<ApprovalOfRun[]> {
  const conditions = ['a.status = ?']
  const values: Value[] = [filter.status]
  const add = (sql: string, ...more: Value[]) => {
    conditions.push(sql)
    values.push(...more)
  }
  if (filter.kind !== undefined) add('a.kind = ?', filter.kind)
  if (filter.workflow !== undefined) add('r.workflow = ?', filter.workflow)
  if (filter.run !== undefined) add('r.id = ?', filter.run)
  if (page.after !== undefined) {
    const [at = '', id = ''] = page.after.split(' ')
    add('(a.requested_at > ? or (a.requested_at = ? and a.id > ?))', Number(at) || 0, Number(at) || 0, id)
  }
  // Written out where it is what an index is for.
  const status = filter.status === 'pending' ? `a.status = 'pending' and ` : ''
  const rows = await session.all<ApprovalOfRun>(
    `select a.*, r.id as run_id, r.workflow from approvals a join runs r on r.no = a.run
     where ${status}${conditions.join(' and ')} order by a.requested_at, a.id limit ?`,
    [...values, page.limit],
  )
  return openApprovals(session, rows)
}
