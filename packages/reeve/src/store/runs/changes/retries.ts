import type { Session } from '../../database.ts'
import { quoted } from '../../journal/events.ts'
import type { RunRow } from '../runs.ts'

/** Children of its chapter that were cancelled in this name, those after one of them, so many. */
export function childrenCancelledBy(
  session: Session,
  run: Pick<RunRow, 'no' | 'chapter_call'>,
  { by, after, limit }: { by: string; after: number; limit: number },
): Promise<RunRow[]> {
  return session.all<RunRow>(
    `select * from runs where parent = ? and parent_step > ? and no > ? and status = 'cancelled' and cancelled_by = ?
     order by no limit ${limit}`,
    [run.no, run.chapter_call, after, by],
  )
}

/** The call by which a failed run failed; undefined: none, or the run has not failed. */
export async function failedStep(
  session: Session,
  { no, status }: Pick<RunRow, 'no' | 'status'>,
): Promise<number | undefined> {
  if (status !== 'failed') return undefined
  const failed = await session.get<{ step: number | null }>(
    `select step from events where run = ? and type = ${quoted('run-failed')} order by seq desc limit 1`,
    [no],
  )
  return failed?.step ?? undefined
}

/** Asks people again what was withdrawn as the run ended: not what its code gave up, nor what these calls asked. */
export async function askAgain(
  session: Session,
  run: Pick<RunRow, 'no' | 'chapter_call' | 'chapter_seq'>,
  but: readonly number[],
): Promise<void> {
  const isOther = but.length === 0 ? '' : `and not step in (${but.join(', ')})`
  await session.run(
    `update approvals set status = 'pending' where run = ? and step > ? and status = 'withdrawn' and kind <> 'outcome' ${isOther} and not exists (
       select 1 from events e where e.run = approvals.run and e.seq > ? and e.step = approvals.step and e.type = ${quoted('approval-given-up')})`,
    [run.no, run.chapter_call, run.chapter_seq],
  )
}

/** What people are asked of outcomes though no call waits for the answer: the run goes on now, and finds out by itself. */
export async function withdrawOutcomes(session: Session, { no }: Pick<RunRow, 'no'>): Promise<void> {
  await session.run(
    `update approvals set status = 'withdrawn' where run = ? and status = 'pending' and kind = 'outcome' and not exists (
       select 1 from events e where e.run = approvals.run and e.step = approvals.step and e.type = ${quoted('effect-unknown')}
         and not exists (select 1 from events later where later.run = e.run and later.step = e.step and later.seq > e.seq))`,
    [no],
  )
}
