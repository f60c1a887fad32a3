import type { Session } from '../database.ts'

/** An answer of a solver that may be given again, with the run that paid for it. */
export interface AnswerRow {
  /** SHA-256 of everything that shaped the answer. */
  key: string
  run: number
  run_id: string
  /** JSON. */
  answer: string
  /** What it did cost, in billionths of a US dollar. */
  cost_nanousd: number
  kept_at: number
  expires_at: number
}

/** An answer that has not expired and was kept after `after` (ms). */
export async function findAnswer(
  session: Session,
  key: string,
  { now, after }: { now: number; after: number },
): Promise<AnswerRow | undefined> {
  return session.get<AnswerRow>(
    'select * from answers where key = ? and expires_at > ? and kept_at > ? limit 1',
    [key, now, after],
  )
}

/** Keeps an answer; one that was there under its key gives way. */
export async function keepAnswer(session: Session, row: AnswerRow): Promise<void> {
  await session.run(
    `insert into answers (key, run, run_id, answer, cost_nanousd, kept_at, expires_at) values (?, ?, ?, ?, ?, ?, ?)
     on conflict (key) do update set run = excluded.run, run_id = excluded.run_id, answer = excluded.answer,
       cost_nanousd = excluded.cost_nanousd, kept_at = excluded.kept_at, expires_at = excluded.expires_at`,
    [row.key, row.run, row.run_id, row.answer, row.cost_nanousd, row.kept_at, row.expires_at],
  )
}

/** Drops what has expired, and the oldest of what is more than `most`, at most `slice` of each. Answers how many went. */
export async function pruneAnswers(
  session: Session,
  now: number,
  most: number,
  slice: number,
): Promise<number> {
  const expired = await session.run(
    'delete from answers where key in (select key from answers where expires_at <= ? order by expires_at limit ?)',
    [now, slice],
  )
  const surplus = await session.get<{ kept_at: number }>(
    'select kept_at from answers order by kept_at desc limit 1 offset ?',
    [most],
  )
  if (!surplus) return expired
  const oldest = 'select key from answers where kept_at <= ? order by kept_at limit ?'
  return (
    expired + (await session.run(`delete from answers where key in (${oldest})`, [surplus.kept_at, slice]))
  )
}

/** Drops every answer, or those that one run paid for. Answers how many went. */
export async function forgetAnswers(session: Session, runId?: string): Promise<number> {
  return runId === undefined
    ? session.run('delete from answers')
    : session.run('delete from answers where run_id = ?', [runId])
}
