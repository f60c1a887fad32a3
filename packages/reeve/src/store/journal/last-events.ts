import type { Session, Value } from '../database.ts'
import type { TailEvent } from './tail.ts'

/** Which events: of these types, of one run, of one workflow. */
export interface LastEventsFilter {
  types: readonly string[]
  /** A run's number. */
  run?: number | undefined
  workflow?: string | undefined
}

/** No look goes further back over all runs: what is rare is then not looked for through the whole database. */
const mostIdsBack = 100_000

/** The newest events that fit, in the order in which they were written; at most `limit`. */
export async function lastEvents(
  session: Session,
  { types, run, workflow }: LastEventsFilter,
  limit: number,
): Promise<TailEvent[]> {
  const where = [`e.type in (${types.map(() => '?').join(', ')})`]
  const values: Value[] = [...types]
  if (run === undefined) where.push(`e.id > (select coalesce(max(id), 0) from events) - ${mostIdsBack}`)
  else {
    where.push('e.run = ?')
    values.push(run)
  }
  if (workflow !== undefined) {
    where.push('r.workflow = ?')
    values.push(workflow)
  }
  const rows = await session.all<TailEvent>(
    `select e.id, e.run, e.seq, e.type, e.step, e.name, e.args, e.at, e.blob, e.hash, e.payload,
       r.id as run_id, r.workflow, r.reason as run_reason
     from events e join runs r on r.no = e.run where ${where.join(' and ')} order by e.id desc limit ?`,
    [...values, limit],
  )
  return rows.reverse()
}
