import type { Session } from '../../database.ts'
import { VeiledTexts } from '../../marks/written.ts'
import { reviewed } from '../reviews.ts'

/** A run that failed, with its last event. */
export interface FailedEnd {
  run: string
  workflow: string
  at: number
  /** JSON of its error; null where it is kept elsewhere. */
  payload: string | null
}

/** The newest runs that failed since then, by the index of failed runs. */
export function failedEnds(session: Session, since: number, limit: number): Promise<FailedEnd[]> {
  return session.all<FailedEnd>(
    `select r.id as run, r.workflow, r.ended_at as at, e.payload from
       (select no, id, workflow, ended_at, head_seq from runs
        where status = 'failed' and ended_at >= ? order by ended_at desc limit ?) as r
     left join events e on e.run = r.no and e.seq = r.head_seq order by r.ended_at desc`,
    [since, limit],
  )
}

/** What a person decided otherwise than it was asked. */
export interface Correction {
  run: string
  workflow: string
  at: number
  what: 'rejected' | 'edited' | 'answered'
  subject: string
  note: string | null
}

/** The newest rejections, edits and answers since then, by the index of decisions. */
export async function corrections(session: Session, since: number, limit: number): Promise<Correction[]> {
  const rows = await session.all<Correction & { no: number }>(
    `select ${reviewed('id')} as run, ${reviewed('no')} as no, ${reviewed('workflow')} as workflow, a.decided_at as at, a.subject, a.note,
       case when a.status = 'approved' then 'edited' else a.status end as what
     from (select run, decided_at, status, subject, note from approvals
       where decided_at is not null and decided_at >= ? and
         (status in ('rejected', 'answered') or (status = 'approved' and answer is not null))
       order by decided_at desc limit ?) as a
     join runs r on r.no = a.run left join runs p on p.no = r.parent order by a.decided_at desc`,
    [since, limit],
  )
  const texts = new VeiledTexts(session)
  const shown: Correction[] = []
  for (const { no, ...row } of rows)
    shown.push(await texts.shown({ run: no, shown: null, input_schema: null }, row))
  return shown
}
