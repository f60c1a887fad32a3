// Runs inside a disposable child: a query may take as long and as much memory as its writer likes.
import { constants, DatabaseSync, type SQLInputValue, type SQLOutputValue } from 'node:sqlite'

export interface QueryRequest {
  sql: string
  parameters: SQLInputValue[] | Record<string, SQLInputValue>
  /** Which tables and views may be read; null: all. */
  tables: string[] | null
  maxRows: number
  maxBytes: number
}

/** A value of a row. */
export type QueryCell = null | number | string
export type QueryReply =
  | { status: 'done'; columns: string[]; rows: QueryCell[][]; more: boolean }
  | { status: 'failed'; error: string }

const {
  SQLITE_OK,
  SQLITE_DENY,
  SQLITE_SELECT,
  SQLITE_READ,
  SQLITE_FUNCTION,
  SQLITE_RECURSIVE,
  SQLITE_PRAGMA,
} = constants
const refusedFunctions = new Set(['load_extension', 'fts3_tokenizer'])
/** Table-valued functions that read their argument and no table. */
const argumentReaders = new Set(['json_each', 'json_tree'])
const strict = { allowExtension: false, enableDoubleQuotedStringLiterals: false, defensive: true } as const
const limits = { length: 10_000_000, sqlLength: 100_000, attach: 0, likePatternLength: 1000 }
type Authorizer = Exclude<Parameters<DatabaseSync['setAuthorizer']>[0], null>

const database = open(process.argv[2]!)
process.stdout.write('ready\n')
process.stdin.setEncoding('utf8')
let text = ''
for await (const chunk of process.stdin) text += chunk
process.stdout.write(JSON.stringify(answer(JSON.parse(text) as QueryRequest)), () => process.exit(0))

/** All that it will ever need is opened here, before the process is locked. */
function open(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { ...strict, readOnly: true, timeout: 2000 })
  database.exec('PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON')
  database.exec('BEGIN')
  database.prepare('SELECT count(*) FROM sqlite_schema').get()
  Object.assign(database.limits, limits)
  return database
}

function answer({ sql, parameters, tables, maxRows, maxBytes }: QueryRequest): QueryReply {
  try {
    if (tables) readsOnly(tables, sql)
    database.setAuthorizer(readingOf(() => true))
    const statement = database.prepare(sql)
    if (!/^[\s;]*$/.test(sql.slice(sql.indexOf(statement.sourceSQL) + statement.sourceSQL.length))) {
      return { status: 'failed', error: 'it has more than one statement' }
    }
    statement.setReturnArrays(true)
    statement.setReadBigInts(true)
    statement.setAllowBareNamedParameters(true)
    const columns = statement.columns().map(({ name }) => name)
    const found = Array.isArray(parameters) ? statement.iterate(...parameters) : statement.iterate(parameters)
    const rows: QueryCell[][] = []
    let bytes = 0
    for (const values of found as Iterable<unknown> as Iterable<SQLOutputValue[]>) {
      const row = values.map(cell)
      bytes += JSON.stringify(row).length
      if (rows.length >= maxRows || bytes > maxBytes) return { status: 'done', columns, rows, more: true }
      rows.push(row)
    }
    return { status: 'done', columns, rows, more: false }
  } catch (error) {
    return { status: 'failed', error: messageOf(error) }
  }
}

/** Whoever may read what: nothing else is allowed of a statement than to read, and to call harmless functions. */
function readingOf(mayRead: (table: string) => boolean): Authorizer {
  return (action, first, second) => {
    switch (action) {
      case SQLITE_SELECT:
      case SQLITE_RECURSIVE:
        return SQLITE_OK
      case SQLITE_FUNCTION:
        return refusedFunctions.has(String(second).toLowerCase()) ? SQLITE_DENY : SQLITE_OK
      case SQLITE_READ:
        return mayRead(String(first).toLowerCase()) ? SQLITE_OK : SQLITE_DENY
      case SQLITE_PRAGMA:
        // Asked by full-text search for itself.
        return first === 'data_version' && second === null ? SQLITE_OK : SQLITE_DENY
      default:
        return SQLITE_DENY
    }
  }
}

/**
 * Refuses a statement that names anything but the listed tables and views. SQLite tells an authorizer the innermost view
 * by its name, and a `WITH` clause of that name looks the same. So the statement is first prepared in an empty database
 * that has the listed names alone, each as a plain table of the same columns: there every table that it reads is told
 * by its own name, and what is not listed does not exist. Both see one snapshot of the schema.
 */
function readsOnly(tables: readonly string[], sql: string): void {
  const listed = new Set(tables.map((name) => name.toLowerCase()))
  const outline = new DatabaseSync(':memory:', strict)
  Object.assign(outline.limits, limits)
  const own = ownTables()
  const found = own.filter(({ name }) => listed.has(name.toLowerCase()) && !/^sqlite_/i.test(name))
  for (const { name } of found.filter(({ module }) => module === null)) outlineTable(outline, name)
  for (const { name, module } of found) if (module !== null) outlineVirtualTable(outline, name, module)
  const ownNames = new Set(own.map(({ name }) => name.toLowerCase()))
  outline.setAuthorizer(
    readingOf((table) => listed.has(table) || (argumentReaders.has(table) && !ownNames.has(table))),
  )
  try {
    outline.prepare(sql)
  } catch (error) {
    const missing = /^no such table: (.+)$/s.exec(messageOf(error))?.[1]
    if (missing === undefined) throw error
    throw new Error(`access to ${missing} is prohibited; only ${tables.join(', ')} may be read`)
  }
}

interface OwnTable {
  name: string
  /** What makes it, where it is a virtual table. */
  module: string | null
}

/** The tables and views of the database itself. */
function ownTables(): OwnTable[] {
  return database
    .prepare(
      `SELECT name, CASE WHEN rootpage = 0 AND type = 'table' THEN sql END AS module
       FROM main.sqlite_schema WHERE type IN ('table', 'view')`,
    )
    .all() as unknown as OwnTable[]
}

/** A plain table of the same columns, hidden ones included. */
function outlineTable(outline: DatabaseSync, name: string): void {
  let columns: string[]
  try {
    const found = database.prepare(`PRAGMA main.table_xinfo(${quoted(name)})`).all() as { name: string }[]
    columns = found.map((column) => quoted(column.name))
  } catch {
    // A view of what is gone: whoever reads others must not be refused for it.
    return
  }
  if (columns.length > 0) outline.exec(`CREATE TABLE ${quoted(name)} (${columns.join(', ')})`)
}

/** One of the same kind, which also takes its words as a function: `notes('melts')`. */
function outlineVirtualTable(outline: DatabaseSync, name: string, module: string): void {
  try {
    outline.exec(module)
  } catch {
    outlineTable(outline, name)
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** Integers beyond what JSON keeps become texts, blobs base64. */
function cell(value: SQLOutputValue): QueryCell {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  return value
}
