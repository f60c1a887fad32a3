import type { Database, Session, Value } from '../../packages/reeve/src/store/database.ts'
import { type RunRow, requireRun } from '../../packages/reeve/src/store/runs/runs.ts'

/** What each copy has of its own; all else is as in the run that is copied. */
const ownOfRuns = ['no', 'id', 'created_at', 'ended_at', 'available_at', 'wake_at']
const ownOfEvents = ['id', 'run', 'at']

/**
 * Writes `count` runs in one statement a table, as copies of one that the engine has written: with every column of its
 * row and of its events, whatever the schema has. Only numbers, ids and times are each copy's own: they lie `backMs`
 * before those of the run that is copied, a millisecond after one another. The hashes of their journals are those of the
 * first run, so that no copy must come to be driven: a journal is verified before its run goes on.
 */
export async function seedLike(
  database: Database,
  runId: string,
  count: number,
  { backMs = 60_000 }: { backMs?: number } = {},
): Promise<void> {
  const run = await requireRun(database, runId)
  const columns = {
    runs: await columnsOf(database, 'runs'),
    events: await columnsOf(database, 'events'),
  }
  await database.transaction(async (session) => {
    const first = await reserve(session, count)
    await copy(session, columns.runs, { table: 'runs', source: 'no', run, first, count, backMs })
    await copy(session, columns.events, { table: 'events', source: 'run', run, first, count, backMs })
  })
  await checkCopies(database, run, count)
  if (database.kind === 'postgres') await database.run('analyze')
}

/** As the engine numbers its runs. Answers the first number. */
async function reserve(session: Session, count: number): Promise<number> {
  const row = await session.get<{ value: number }>(
    `update counters set value = value + ? where name = 'run' returning value`,
    [count],
  )
  return row!.value - count + 1
}

interface Copied {
  table: 'runs' | 'events'
  /** The column that holds the run's number. */
  source: 'no' | 'run'
  run: RunRow
  first: number
  count: number
  backMs: number
}

async function copy(session: Session, columns: string[], copied: Copied): Promise<void> {
  const { table, source, run, first, count, backMs } = copied
  const shift = `s.{} - ${backMs} + n.i % 60000`
  const own: Record<string, string> = {
    [source]: `${first} + n.i`,
    // 17 characters, as ids have, in the order of their birth.
    id: `substr(s.id, 1, 7) || substr(cast(10000000000 + ${first} + n.i as text), 2)`,
    ...Object.fromEntries(
      ['created_at', 'ended_at', 'available_at', 'wake_at', 'at'].map((name) => [
        name,
        shift.replace('{}', name),
      ]),
    ),
  }
  const written = columns.filter((name) => table === 'runs' || name !== 'id')
  await session.run(
    `insert into ${table} (${written.join(', ')})
     with recursive n (i) as (select cast(0 as bigint) union all select i + 1 from n where i + 1 < ${count})
     select ${written.map((name) => own[name] ?? `s.${name}`).join(', ')} from n, ${table} s
     where s.${source} = ? ${table === 'events' ? 'order by n.i, s.seq' : 'order by n.i'}`,
    [run.no],
  )
}

async function columnsOf(database: Database, table: string): Promise<string[]> {
  const sql =
    database.kind === 'sqlite'
      ? 'select name from pragma_table_info(?)'
      : 'select column_name as name from information_schema.columns where table_name = ? and table_schema = current_schema()'
  return (await database.all<{ name: string }>(sql, [table])).map(({ name }) => name)
}

/** Those whose rows name the run that they are of by its number. */
async function tablesOfRuns(database: Database): Promise<string[]> {
  const sql =
    database.kind === 'sqlite'
      ? `select m.name from sqlite_master m, pragma_table_info(m.name) c
         where m.type = 'table' and c.name = 'run' and lower(c.type) = 'bigint'`
      : `select table_name as name from information_schema.columns
         where column_name = 'run' and data_type = 'bigint' and table_schema = current_schema()`
  return (await database.all<{ name: string }>(sql)).map(({ name }) => name)
}

/** @throws when the last copy is not what the engine wrote, column by column, or rows of another table are missing */
async function checkCopies(database: Database, run: RunRow, count: number): Promise<void> {
  const last = await database.get<RunRow>('select * from runs where workflow = ? order by no desc limit 1', [
    run.workflow,
  ])
  const differ = differences({ ...run }, { ...last! }, ownOfRuns)
  const events = (no: number) =>
    database.all<Record<string, Value>>('select * from events where run = ? order by seq', [no])
  const [real, copied] = [await events(run.no), await events(last!.no)]
  if (real.length !== copied.length) differ.push('the number of events')
  for (const [index, event] of real.entries()) differ.push(...differences(event, copied[index]!, ownOfEvents))
  for (const table of await tablesOfRuns(database)) {
    if (table === 'events') continue
    if (await database.get(`select 1 as found from ${table} where run = ?`, [run.no]))
      differ.push(`rows of ${table}`)
  }
  const all = await database.get<{ count: number }>('select count(*) as count from runs where workflow = ?', [
    run.workflow,
  ])
  if (Number(all!.count) < count) differ.push('the number of runs')
  if (differ.length > 0)
    throw new Error(`Seeded runs are not as the engine writes them: ${differ.join(', ')}`)
}

function differences(real: object, copied: object, own: string[]): string[] {
  const other = copied as Record<string, unknown>
  return Object.entries(real).flatMap(([name, value]) => {
    if (!own.includes(name)) return value === other[name] ? [] : [name]
    // What each has of its own is there or absent in both.
    return (value === null) === (other[name] === null) ? [] : [name]
  })
}
