import type { Database } from './database.ts'
import { listColumns } from './dialect.ts'

export interface UnsafeNumbers {
  table: string
  rows: number
  /** The ids of runs that they belong to, where the table names runs: the first of them. */
  runs: string[]
}

const mostNamed = 5

/**
 * The tables that hold numbers which this code would not write: beyond 2^53, or no whole ones. They are read as the nearest
 * number, so what they say may be wrong. Reads every row.
 */
export async function findUnsafeNumbers(database: Database): Promise<UnsafeNumbers[]> {
  const columns = await database.all<{ in_table: string; name: string; type: string }>(
    listColumns[database.kind],
  )
  const found: UnsafeNumbers[] = []
  for (const [table, all] of Map.groupBy(columns, ({ in_table }) => in_table)) {
    const whole = all.filter(({ type }) => /^(bigint|integer)$/.test(type)).map(({ name }) => name)
    if (whole.length === 0) continue
    const unsafe = whole.map((name) => unsafeIn(name, database.kind)).join(' or ')
    const rows = await countIn(database, table, unsafe)
    if (rows === 0) continue
    const run = table === 'runs' ? 'no' : all.some(({ name }) => name === 'run') ? 'run' : undefined
    const ids =
      run === undefined
        ? []
        : await database.all<{ id: string }>(
            `select id from runs where no in (select ${run} from ${table} where ${unsafe}) order by no limit ${mostNamed}`,
          )
    found.push({ table, rows, runs: ids.map(({ id }) => id) })
  }
  return found
}

/** SQLite's log is held while a statement reads: so none reads a whole large table there. */
const slice = 20_000

async function countIn(database: Database, table: string, condition: string): Promise<number> {
  const count = async (where: string, values: number[] = []) =>
    (await database.get<{ rows: number }>(`select count(*) as rows from ${table} where ${where}`, values))!
      .rows
  if (database.kind !== 'sqlite') return count(condition)
  let sum = 0
  for (let after: number | undefined; ; ) {
    const from = after === undefined ? 'true' : 'rowid > ?'
    const values = after === undefined ? [] : [after]
    const last = await database.get<{ rowid: number }>(
      `select rowid as rowid from ${table} where ${from} order by rowid limit 1 offset ?`,
      [...values, slice - 1],
    )
    if (!last) return sum + (await count(`${from} and (${condition})`, values))
    sum += await count(`${from} and rowid <= ? and (${condition})`, [...values, last.rowid])
    after = last.rowid
  }
}

function unsafeIn(column: string, kind: Database['kind']): string {
  const beyond = `${column} > ${Number.MAX_SAFE_INTEGER} or ${column} < ${Number.MIN_SAFE_INTEGER}`
  return kind === 'sqlite' ? `${beyond} or typeof(${column}) not in ('integer', 'null')` : beyond
}
