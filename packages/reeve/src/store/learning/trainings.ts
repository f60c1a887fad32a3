import type { Session } from '../database.ts'

/**
 * What a training came to:
 *
 *   discarded                         it was not better on held-back cases, or there were too few of them
 *   proposed → adopted → replaced     by a later one; adopted again where that one is taken back
 *                ↘ withdrawn
 */
export type TrainingStatus = 'discarded' | 'proposed' | 'adopted' | 'replaced' | 'rejected' | 'withdrawn'

export interface TrainingRow {
  id: string
  learner: string
  made_at: number
  /** Of all that it was trained and tried with. */
  data_hash: string
  status: TrainingStatus
  /** JSON. */
  summary: string
  /** The classifier; null: it is not to be used, or not any more. */
  bytes: Uint8Array | null
}

/** Of each learner so many classifiers that were adopted can be gone back to. */
const mostKept = 5

export async function keepTraining(session: Session, row: TrainingRow): Promise<void> {
  await session.run(
    'insert into trainings (id, learner, made_at, data_hash, status, summary, bytes) values (?, ?, ?, ?, ?, ?, ?)',
    [row.id, row.learner, row.made_at, row.data_hash, row.status, row.summary, row.bytes],
  )
}

/** In a transaction: this one is used from now on, and none before it. */
export async function adoptTraining(session: Session, id: string): Promise<void> {
  const { learner } = (await session.get<TrainingRow>('select learner from trainings where id = ?', [id]))!
  await session.run(`update trainings set status = 'replaced' where learner = ? and status = 'adopted'`, [
    learner,
  ])
  await session.run(`update trainings set status = 'adopted' where id = ?`, [id])
  await session.run(
    `update trainings set bytes = null where learner = ? and status = 'replaced' and id not in
       (select id from trainings where learner = ? and status = 'replaced' order by id desc limit ${mostKept})`,
    [learner, learner],
  )
}

/** In a transaction: the one before it is used again, or what the project's own examples give. */
export async function withdrawTraining(session: Session, id: string): Promise<void> {
  const row = (await session.get<TrainingRow>('select learner, status from trainings where id = ?', [id]))!
  await session.run(`update trainings set status = 'withdrawn', bytes = null where id = ?`, [id])
  if (row.status !== 'adopted') return
  await session.run(
    `update trainings set status = 'adopted' where id = (select id from trainings
       where learner = ? and status = 'replaced' and bytes is not null order by id desc limit 1)`,
    [row.learner],
  )
}

export async function rejectTraining(session: Session, id: string): Promise<void> {
  await session.run(`update trainings set status = 'rejected', bytes = null where id = ?`, [id])
}

/** The ids of those that are used now, by learner. */
export async function adoptedTrainings(session: Session): Promise<Map<string, string>> {
  const rows = await session.all<{ learner: string; id: string }>(
    `select learner, id from trainings where status = 'adopted'`,
  )
  return new Map(rows.map(({ learner, id }) => [learner, id]))
}

export function readTraining(session: Session, id: string): Promise<TrainingRow | undefined> {
  return session.get<TrainingRow>('select * from trainings where id = ?', [id])
}

/** The last one of a learner, whatever came of it, without its bytes. */
export function lastTraining(session: Session, learner: string): Promise<TrainingRow | undefined> {
  return session.get<TrainingRow>(
    `select id, learner, made_at, data_hash, status, summary, null as bytes from trainings
     where learner = ? order by id desc limit 1`,
    [learner],
  )
}

/** In a transaction: those that wait for a person's decision, and that a later one takes the place of. */
export async function setAsideTrainings(session: Session, learner: string): Promise<void> {
  await session.run(
    `update trainings set status = 'discarded', bytes = null where learner = ? and status = 'proposed'`,
    [learner],
  )
}
