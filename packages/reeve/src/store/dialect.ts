/**
 * What differs between the SQL of SQLite and of Postgres. All other files write it once, in the words of
 * `database.ts`; here they become either database's own.
 */

import type { Bulk, Value } from './database.ts'
import { checkRow } from './values.ts'

/** A statement of the schema in the words of both databases, or what each needs of its own. */
export type Migration = string | { sqlite: readonly string[]; postgres: readonly string[] }

const columnTypes = { int: 'bigint', text: 'text', bytes: 'bytea' } as const

/** A statement for SQLite, which locks the whole database for a writer. */
export function forSqlite(sql: string): string {
  return sql.replace(/\{(lock|skip)\}/g, '')
}

/** A statement for `count` rows, which SQLite reads as the table `given`. */
export function bulkForSqlite(bulk: Bulk, count: number): string {
  const columns = Object.keys(bulk.columns)
  const row = `(${columns.map(() => '?').join(', ')})`
  const given = `with given (${columns.join(', ')}) as (values ${Array(count).fill(row).join(', ')})`
  const sql = bulk.sql
    .replace('{from}', 'from given')
    .replace('{also}', ', given')
    .replace(/\{(lock|skip)\}/, '')
    .replace(/:([a-z_]+)/g, 'given.$1')
  return `${given} ${sql}`
}

/** Words that Postgres reads otherwise; a text in quotes is left as it is. */
const words = /'[^']*'|\?|\{(?:lock|skip)\}|\breeve_now\(\)/g

/** A statement for Postgres. The clock is read once for the statement, so that an index can be searched by it. */
export function forPostgres(sql: string): string {
  let count = 0
  return sql.replace(words, (word) => {
    if (word === '?') return `$${++count}`
    if (word === '{lock}') return 'for no key update'
    if (word === '{skip}') return 'for no key update skip locked'
    return word === 'reeve_now()' ? '(select reeve_now())' : word
  })
}

/** A statement for many rows: Postgres gets one array for each column and reads them as the table `given`. */
export function bulkForPostgres(bulk: Bulk): string {
  const columns = Object.entries(bulk.columns)
  const arrays = columns.map(([, type], index) => `$${index + 1}::${columnTypes[type]}[]`)
  const given = `unnest(${arrays.join(', ')}) as given(${columns.map(([name]) => name).join(', ')})`
  const table = /^\s*select\b.*?\bfrom\s+(\w+)/is.exec(bulk.sql)?.[1]
  return bulk.sql
    .replace(/:([a-z_]+)\b/g, 'given.$1')
    .replace('reeve_now()', '(select reeve_now())')
    .replace('{from}', () => `from ${given}`)
    .replace('{also}', () => `, ${given}`)
    .replace('{skip}', 'for no key update skip locked')
    .replace('{lock}', table ? `for no key update of ${table}` : 'for no key update')
}

/** The rows of a bulk statement, turned into one array literal for each column. */
export function arraysOf(bulk: Bulk, rows: Value[][]): string[] {
  for (const row of rows) checkRow(bulk, row)
  return Object.values(bulk.columns).map((type, column) => {
    let text = '{'
    for (let index = 0; index < rows.length; index++) {
      if (index > 0) text += ','
      text += element(rows[index]![column] ?? null, type)
    }
    return `${text}}`
  })
}

function element(value: Value, type: Bulk['columns'][string]): string {
  if (value === null) return 'NULL'
  if (type === 'int') return String(value)
  if (value instanceof Uint8Array) return `"\\\\x${Buffer.from(value).toString('hex')}"`
  return `"${String(value).replace(/["\\]/g, '\\$&')}"`
}

/** What the migration of a Postgres database needs beside the tables: the store's clock. */
export const postgresClock = `create or replace function reeve_now () returns bigint language sql volatile parallel safe as $$
  select coalesce(
    nullif(current_setting('reeve.fixed_now', true), '')::bigint,
    floor(extract(epoch from clock_timestamp()) * 1000)::bigint
  )
$$`

/** The types in the migrations that have two names; a path is a text that sorts by its bytes. */
export const columnKinds = {
  sqlite: { key: 'integer primary key', serial: 'integer primary key', bytes: 'blob', path: 'text' },
  postgres: {
    key: 'bigint primary key',
    serial: 'bigserial primary key',
    bytes: 'bytea',
    path: 'text collate "C"',
  },
} as const

/** The tables of the database without those that an index makes for itself, or of the schema that the role's search path names first. */
export const listTables = {
  sqlite: `select name from pragma_table_list where schema = 'main' and type = 'table' and name not like 'sqlite_%'`,
  postgres: 'select tablename as name from pg_tables where schemaname = current_schema() order by tablename',
} as const

/** Holds other migrations up until the transaction ends; SQLite has one writer anyway. */
export const lockSchema = {
  sqlite: [],
  postgres: [
    // However long another process takes, and no lock after this one is waited for so long.
    `select set_config('lock_timeout', '10min', true)`,
    `select pg_advisory_xact_lock(hashtextextended('reeve:' || current_schema(), 0))`,
    'set local lock_timeout to default',
  ],
} as const

/**
 * The columns of every table with their place in its primary key (0: none), and whether a sequence fills them.
 */
export const listColumns = {
  sqlite: `select t.name as in_table, c.name, lower(c.type) as type, c.pk as key_place, 0 as counted
    from pragma_table_list t join pragma_table_info(t.name) c
    where t.schema = 'main' and t.type = 'table' and t.name not like 'sqlite_%' order by t.name, c.cid`,
  postgres: `select t.relname as in_table, c.attname as name, format_type(c.atttypid, null) as type,
      coalesce(array_position(k.indkey::int2[], c.attnum) + 1, 0) as key_place,
      (pg_get_serial_sequence(quote_ident(t.relname), c.attname) is not null)::int as counted
    from pg_class t join pg_attribute c on c.attrelid = t.oid and c.attnum > 0 and not c.attisdropped and c.attgenerated = ''
      left join pg_index k on k.indrelid = t.oid and k.indisprimary
    where t.relkind = 'r' and t.relnamespace = current_schema()::regnamespace order by t.relname, c.attnum`,
} as const

/** Keeps others from writing these tables until the transaction ends, however long it is idle; SQLite has one writer. */
export const holdStill = {
  sqlite: () => [],
  postgres: (tables: string[]) => [
    'set local idle_in_transaction_session_timeout = 0',
    `lock table ${tables.join(', ')} in share row exclusive mode`,
  ],
} as const

/** Has a sequence go on after the highest key that is there; SQLite looks for that itself. */
export const countOnward = {
  sqlite: undefined,
  postgres: (table: string, column: string) =>
    `select setval(pg_get_serial_sequence('${table}', '${column}'), coalesce(max(${column}), 1), max(${column}) is not null) from ${table}`,
} as const
