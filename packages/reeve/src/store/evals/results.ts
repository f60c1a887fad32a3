import type { Database, Session } from '../database.ts'

/** A result as it is kept. */
export interface EvalRow {
  id: string
  name: string
  /** ms. */
  at: number
  run_by: string
  data_hash: string
  verdict: string
  baseline: string | null
  /** JSON. */
  summary: string
}

export interface EvalCaseRow {
  no: number
  case_id: string
  /** JSON. */
  result: string
}

/** So many results of one evaluation stay. */
const mostKept = 100
const casesAtOnce = 200

/** Keeps a result with its cases; the oldest of its name beyond the last hundred go. */
export async function keepResult(
  database: Database,
  row: EvalRow,
  cases: readonly Omit<EvalCaseRow, 'no'>[],
): Promise<void> {
  // The cases come first: a result that is there is whole.
  for (let at = 0; at < cases.length; at += casesAtOnce)
    await database.transaction(async (session) => {
      for (const [index, { case_id, result }] of cases.slice(at, at + casesAtOnce).entries())
        await session.run('insert into eval_cases (eval, no, case_id, result) values (?, ?, ?, ?)', [
          row.id,
          at + index,
          case_id,
          result,
        ])
    })
  await database.transaction(async (session) => {
    await session.run(
      `insert into eval_results (id, name, at, run_by, data_hash, verdict, baseline, summary)
       values (?, ?, ?, ?, ?, ?, ?, ?)`,
      [row.id, row.name, row.at, row.run_by, row.data_hash, row.verdict, row.baseline, row.summary],
    )
    const old = await session.all<{ id: string }>(
      'select id from eval_results where name = ? order by at desc, id desc limit 1000 offset ?',
      [row.name, mostKept],
    )
    for (const { id } of old) {
      await session.run('delete from eval_cases where eval = ?', [id])
      await session.run('delete from eval_results where id = ?', [id])
    }
  })
}

/** The newest first. */
export function listResults(
  session: Session,
  { name, limit }: { name?: string | undefined; limit: number },
): Promise<EvalRow[]> {
  return name === undefined
    ? session.all<EvalRow>('select * from eval_results order by at desc, id desc limit ?', [limit])
    : session.all<EvalRow>('select * from eval_results where name = ? order by at desc, id desc limit ?', [
        name,
        limit,
      ])
}

export function readResult(session: Session, id: string): Promise<EvalRow | undefined> {
  return session.get<EvalRow>('select * from eval_results where id = ?', [id])
}

/** All cases of a result, in their order. */
export function casesOf(session: Session, id: string): Promise<EvalCaseRow[]> {
  return session.all<EvalCaseRow>('select no, case_id, result from eval_cases where eval = ? order by no', [
    id,
  ])
}
