import type { Session } from '../database.ts'
import { isUnclear } from '../spending/business-keys.ts'
import type { ApprovalRow } from './approvals.ts'

/** What was answered to a question, as JSON text; undefined: nothing yet. */
export async function answerTo(session: Session, id: string): Promise<string | undefined> {
  const asked = await session.get<Pick<ApprovalRow, 'answer'>>(
    `select answer from approvals where id = ? and status = 'answered'`,
    [id],
  )
  return asked?.answer ?? undefined
}

/** What people were asked of the outcome of a call, and answered; the last answer first. */
export function outcomesAsked(
  session: Session,
  { run, step }: { run: number; step: number },
): Promise<Pick<ApprovalRow, 'id' | 'status' | 'answer'>[]> {
  return session.all<Pick<ApprovalRow, 'id' | 'status' | 'answer'>>(
    `select id, status, answer from approvals where run = ? and step = ? and kind = 'outcome'
     order by decided_at desc`,
    [run, step],
  )
}

/** What people have answered to questions about a run's effects, also of chapters that are over. */
export function outcomesAnswered(
  session: Session,
  run: number,
): Promise<Pick<ApprovalRow, 'id' | 'step' | 'answer'>[]> {
  return session.all<Pick<ApprovalRow, 'id' | 'step' | 'answer'>>(
    `select id, step, answer from approvals where run = ? and kind = 'outcome' and status = 'answered'`,
    [run],
  )
}

/**
 * The first run after `after` that has ended, or whose chapter has, with an answer of what became of an effect, and may not have
 * heard it: since `since` (ms), or with a business key that is unclear still.
 */
export async function runLeftUnheard(
  session: Session,
  { after, since }: { after: number; since: number },
): Promise<number | undefined> {
  const row = await session.get<{ run: number }>(
    `select a.run from approvals a join runs r on r.no = a.run
     where a.kind = 'outcome' and a.run > ? and a.status = 'answered' and (r.ended_at is not null or a.step <= r.chapter_call)
       and (coalesce(r.ended_at, a.decided_at) > ?
         or exists (select 1 from business_keys k where k.run = a.run and k.step = a.step and k.${isUnclear}))
     order by a.run limit 1`,
    [after, since],
  )
  return row?.run
}

/** A version of the schema (`schema-versions.ts`), never edited once released. */
export const outcomeTables: string[] = [
  `create index approvals_outcomes on approvals (run) where kind = 'outcome'`,
]
