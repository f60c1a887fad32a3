import type { Session } from '../database.ts'

/** A lesson that was adopted. Its words are those of the item of memory with its id. */
export interface LessonRow {
  /** Of its proposal, and of its item of memory. */
  id: string
  /** To whose runs it applies. */
  workflow: string
  /** Only to questions of that name; null: to all. */
  question: string | null
  /** JSON of what must hold of a run; null: nothing. */
  condition: string | null
  /** `advise`: questions are told. `avoid`: daemons do not start it. */
  act: 'advise' | 'avoid'
  /** Of 100 runs so many go without it, so that it can be measured. */
  withheld: number
  adopted_at: number
  ended_at: number | null
  ended_why: string | null
  /** JSON: how runs with it did against those without. */
  measured: string | null
}

/** A lesson in force, with its words. */
export type LessonInForce = LessonRow & { text: string }

/** Those in force: one whose item was taken out of memory by hand is not. */
export function lessonsInForce(session: Session): Promise<LessonInForce[]> {
  return session.all<LessonInForce>(
    `select l.*, i.text from lessons l join items i on i.id = l.id and i.ended_at is null
     where l.ended_at is null order by l.id`,
  )
}

/** In a transaction. Again does nothing. */
export async function addLesson(
  session: Session,
  row: Omit<LessonRow, 'ended_at' | 'ended_why' | 'measured'>,
): Promise<void> {
  await session.run(
    `insert into lessons (id, workflow, question, condition, act, withheld, adopted_at)
     values (?, ?, ?, ?, ?, ?, ?) on conflict (id) do nothing`,
    [row.id, row.workflow, row.question, row.condition, row.act, row.withheld, row.adopted_at],
  )
}

export async function endLesson(session: Session, id: string, at: number, why: string): Promise<void> {
  await session.run('update lessons set ended_at = ?, ended_why = ? where id = ? and ended_at is null', [
    at,
    why,
    id,
  ])
}

export async function noteMeasured(session: Session, id: string, measured: string): Promise<void> {
  await session.run('update lessons set measured = ? where id = ?', [measured, id])
}

/** Those of some proposals, in force or not. */
export function readLessons(session: Session, ids: readonly string[]): Promise<LessonRow[]> {
  if (ids.length === 0) return Promise.resolve([])
  return session.all<LessonRow>(`select * from lessons where id in (${ids.map(() => '?').join(', ')})`, [
    ...ids,
  ])
}
