import type { Session, Value } from '../database.ts'
import type { RunRow } from '../runs/runs.ts'

/** Which runs, of those that succeeded or failed. */
export interface EndedFilter {
  /** Only its runs. Default: of all workflows but the runtime's own. */
  workflow?: string | undefined
  /** Ended then or later (ms). Default: whenever. */
  since?: number | undefined
}

/** A page of them, what ended last first. `below`: the last one of the page before. */
export function endedRuns(
  session: Session,
  { workflow, since = 0 }: EndedFilter,
  limit: number,
  below?: Pick<RunRow, 'ended_at' | 'no'>,
): Promise<RunRow[]> {
  const conditions = [
    'ended_at is not null',
    'ended_at >= ?',
    `status in ('succeeded', 'failed')`,
    workflow === undefined ? `workflow not like 'reeve.%'` : 'workflow = ?',
  ]
  const values: Value[] = [since, ...(workflow === undefined ? [] : [workflow])]
  if (below) {
    conditions.push('ended_at <= ? and (ended_at < ? or no < ?)')
    values.push(below.ended_at, below.ended_at, below.no)
  }
  return session.all<RunRow>(
    `select * from runs where ${conditions.join(' and ')} order by ended_at desc, no desc limit ?`,
    [...values, limit],
  )
}
