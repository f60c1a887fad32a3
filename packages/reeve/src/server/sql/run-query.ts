import { messageOf, ReeveError } from '../../base/errors.ts'
import { nameAdvice } from '../../base/text/nearest-name.ts'
import type { Database } from '../../store/database.ts'
import { listTables } from '../../store/dialect.ts'
import { sqlTool } from '../../tools/sql/sql-tool.ts'
import { refuseUnsafe } from './refuse-unsafe.ts'
import { overViews, sqlViews } from './views.ts'

export type Cell = null | number | string | boolean

export interface QueryResult {
  columns: string[]
  rows: Cell[][]
  /** There are more rows than were asked for. */
  more: boolean
}

export interface QueryOptions {
  /** The most rows. Default 100, at most 1,000. */
  limit?: number
  /** The file of an SQLite database; absent: Postgres. */
  file?: string | undefined
  signal: AbortSignal
}

const mostRows = 1000
/** The most time that a query takes. */
const timeoutMs = 5_000
const mostBytes = 4 * 1024 * 1024

/**
 * Asks one reading query of the documented views. On SQLite in a process of its own, on Postgres in a transaction that can
 * only read; both end it when its time is over.
 * @throws `bad-query` `query-failed` `query-timeout`
 */
export async function runQuery(database: Database, sql: string, options: QueryOptions): Promise<QueryResult> {
  const limit = Math.min(Math.max(1, options.limit ?? 100), mostRows)
  const own = await database.all<{ name: string }>(listTables[database.kind])
  const schemas =
    database.kind === 'postgres'
      ? await database.all<{ name: string }>('select nspname as name from pg_namespace')
      : []
  refuseUnsafe(sql, ['main', 'temp', 'public', ...[...own, ...schemas].map(({ name }) => name)])
  const current =
    database.kind === 'postgres'
      ? await database.get<{ name: string }>('select current_schema() as name')
      : { name: 'main' }
  const whole = overViews(sql, current!.name, limit + 1)
  const asked =
    database.kind === 'postgres'
      ? askPostgres(database, whole)
      : askSqlite(whole, options.file, options.signal)
  const found = await asked.catch((error) => {
    throw withNearestView(error)
  })
  return { columns: found.columns, rows: found.rows.slice(0, limit), more: found.rows.length > limit }
}

/** Of a name that no view has, the nearest that there is. */
function withNearestView(error: unknown): unknown {
  const [, sqlite, postgres] =
    /no such table: (\S+)|relation "([^"]+)" does not exist/.exec(messageOf(error)) ?? []
  const unknown = sqlite ?? postgres
  if (unknown === undefined) return error
  const advice = nameAdvice(
    unknown,
    sqlViews.map(({ name }) => name),
  )
  return new ReeveError('bad-query', `There is no view "${unknown}". ${advice}`, { cause: error })
}

async function askSqlite(
  sql: string,
  file: string | undefined,
  signal: AbortSignal,
): Promise<Pick<QueryResult, 'columns' | 'rows'>> {
  if (file === undefined || file === ':memory:')
    throw new ReeveError(
      'bad-query',
      'A database in memory cannot be asked: the query runs in another process.',
    )
  const asking = sqlTool({
    name: 'reeve.sql',
    file,
    maxRows: mostRows + 1,
    maxBytes: mostBytes,
    timeout: timeoutMs,
  })
  return asking.run({ sql }, { signal } as never) as Promise<QueryResult>
}

async function askPostgres(database: Database, sql: string): Promise<Pick<QueryResult, 'columns' | 'rows'>> {
  try {
    const rows = await database.transaction(async (session) => {
      await session.run('set transaction read only')
      await session.run(`set local statement_timeout = ${timeoutMs}`)
      await session.run(`set local work_mem = '16MB'`)
      return session.all<Record<string, Cell>>(sql)
    })
    const columns = Object.keys(rows[0] ?? {})
    return { columns, rows: rows.map((row) => columns.map((column) => row[column] ?? null)) }
  } catch (cause) {
    if (cause instanceof ReeveError) throw cause
    const isLate = (cause as { code?: unknown })?.code === '57014'
    if (isLate) throw new ReeveError('query-timeout', `The query ran longer than ${timeoutMs} ms.`, { cause })
    throw new ReeveError('query-failed', `The query failed: ${messageOf(cause)}`, { cause })
  }
}
