import type { Session } from '../database.ts'
import type { RunRow } from '../runs/runs.ts'

/** The newest run of each of these workflows, among the newest `among` runs. */
export function newestOf(
  session: Session,
  workflows: readonly string[],
  among: number,
): Promise<{ workflow: string; no: number }[]> {
  return session.all(
    `select workflow, max(no) as no from (select workflow, no from runs order by no desc limit ${among}) as newest
     where workflow in (${workflows.map(() => '?').join(', ')}) group by workflow`,
    [...workflows],
  )
}

/** Runs of a queue with smaller numbers than `before`, the newest first. */
export function newestInQueue(
  session: Session,
  queue: string,
  of: { before: number; workflow?: string | undefined; since?: number | undefined; limit: number },
): Promise<Pick<RunRow, 'no' | 'id'>[]> {
  const { before, workflow, since, limit } = of
  return session.all(
    `select no, id from runs where queue = ? and no < ?${workflow === undefined ? '' : ' and workflow = ?'}
       ${since === undefined ? '' : 'and created_at >= ?'} order by no desc limit ${limit}`,
    [queue, before, ...(workflow === undefined ? [] : [workflow]), ...(since === undefined ? [] : [since])],
  )
}
