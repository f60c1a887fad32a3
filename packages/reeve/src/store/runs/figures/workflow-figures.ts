import type { Session } from '../../database.ts'
import { quoted } from '../../journal/events.ts'

/** Of one workflow on one day (of UTC, by number since 1970). */
interface OfDay {
  workflow: string
  day: number
}

/** The newest ended runs are looked at, found by one index: a database of a million runs costs no more than one of 20,000. */
export const mostRuns = 20_000
/** Of these, the runs whose journals are looked into. */
const mostJournals = 1000
const mostCalls = 20_000
const mostDecisions = 20_000

const endedRuns = `select no, workflow, status, cast(ended_at / 86400000 as bigint) as day, ended_at from runs
  where ended_at is not null and ended_at >= ? order by ended_at desc limit ?`
const sum = (condition: string) =>
  `cast(coalesce(sum(case when ${condition} then 1 else 0 end), 0) as bigint)`

/** How runs ended, and how many of them had asked a person. */
export function endingsByDay(
  session: Session,
  since: number,
): Promise<
  (OfDay & { ended: number; succeeded: number; failed: number; escalated: number; first: number })[]
> {
  return session.all(
    `select workflow, day, count(*) as ended, ${sum("status = 'succeeded'")} as succeeded,
       ${sum("status = 'failed'")} as failed,
       ${sum('exists (select 1 from approvals a where a.run = e.no)')} as escalated, min(ended_at) as first
     from (${endedRuns}) as e group by workflow, day`,
    [since, mostRuns],
  )
}

/** What people decided, and what of it they corrected: an edit, a rejection. */
export function correctionsByDay(
  session: Session,
  since: number,
): Promise<(OfDay & { decided: number; corrected: number })[]> {
  return session.all(
    `select r.workflow, d.day, count(*) as decided, ${sum('d.corrected = 1')} as corrected
     from (select run, cast(decided_at / 86400000 as bigint) as day,
         case when status = 'rejected' or (status = 'approved' and answer is not null) then 1 else 0 end as corrected
       from approvals where decided_at is not null and decided_at >= ? and kind = 'approval' and status in ('approved', 'rejected')
       order by decided_at desc limit ?) as d join runs r on r.no = d.run group by r.workflow, d.day`,
    [since, mostDecisions],
  )
}

/** How often solvers were asked by runs that succeeded, and how many calls of tools were denied, of how many. */
export function journalFiguresByDay(
  session: Session,
  since: number,
): Promise<(OfDay & { completed: number; asked: number; called: number; blocked: number })[]> {
  return session.all(
    `select e.workflow, e.day, count(distinct case when e.status = 'succeeded' then e.no end) as completed,
       ${sum(`j.type = ${quoted('question-completed')} and e.status = 'succeeded'`)} as asked,
       ${sum(`j.type in (${quoted('effect-completed', 'effect-failed')})`)} as called,
       ${sum(`j.type = ${quoted('effect-failed')} and j.payload like '%"code":"call-denied"%'`)} as blocked
     from (${endedRuns}) as e left join events j on j.run = e.no and j.seq <= 500
     group by e.workflow, e.day`,
    [since, mostJournals],
  )
}

/** What calls of paid models cost. */
export function spentByDay(session: Session, since: number): Promise<(OfDay & { nanousd: number })[]> {
  return session.all(
    `select workflow, day, cast(sum(nanousd) as bigint) as nanousd
     from (select workflow, cast(at / 86400000 as bigint) as day, nanousd from model_calls where at >= ?
       order by at desc limit ?) as c group by workflow, day`,
    [since, mostCalls],
  )
}
