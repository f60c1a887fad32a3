import type { Session } from '../database.ts'
import { quoted } from '../journal/events.ts'

/** Runs looked through, the newest first. */
const mostLooked = 10_000

/** The numbers of runs that ended since then, and asked one of these questions; the newest first. */
export async function runsThatAsked(
  session: Session,
  questions: readonly string[],
  { since, limit }: { since: number; limit: number },
): Promise<number[]> {
  if (questions.length === 0) return []
  const rows = await session.all<{ no: number }>(
    `select r.no from (select no, ended_at from runs where ended_at is not null and ended_at >= ?
       order by ended_at desc limit ${mostLooked}) as r
     where exists (select 1 from events e where e.run = r.no and e.type = ${quoted('question-completed')}
       and e.name in (${questions.map(() => '?').join(', ')}))
     order by r.ended_at desc limit ?`,
    [since, ...questions, limit],
  )
  return rows.map(({ no }) => no)
}

/** The calls of a run that solvers answered, in their order. */
export function answeredCalls(session: Session, run: number): Promise<{ step: number; name: string }[]> {
  return session.all(
    `select step, name from events where run = ? and type = ${quoted('question-completed')} order by step`,
    [run],
  )
}
