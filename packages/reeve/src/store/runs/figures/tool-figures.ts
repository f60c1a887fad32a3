import type { Session } from '../../database.ts'
import { quoted } from '../../journal/events.ts'

/** The end of a call of a tool. */
export interface ToolEnd {
  name: string
  failed: number
  run: string
  /** ms. */
  at: number
  /** Of one that failed: its error, as the journal has it. */
  payload: string | null
}

/** The journals of so many runs, the newest that ended, are read, of each so many events. */
const mostRuns = 1000
const mostEvents = 500

/** How the calls of these tools ended in the newest runs that ended since then, the newest last. */
export function toolEnds(session: Session, names: readonly string[], since: number): Promise<ToolEnd[]> {
  return session.all<ToolEnd>(
    `select e.name, case when e.type = ${quoted('effect-failed')} then 1 else 0 end as failed, r.id as run, e.at,
       case when e.type = ${quoted('effect-failed')} then e.payload end as payload
     from (select no, id from runs where ended_at is not null and ended_at >= ? order by ended_at desc limit ${mostRuns}) as r
     join events e on e.run = r.no and e.seq <= ${mostEvents}
     where e.type in (${quoted('effect-completed', 'effect-failed')}) and e.name in (${names.map(() => '?').join(', ')})
     order by e.at, e.id`,
    [since, ...names],
  )
}
