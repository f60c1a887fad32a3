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

export type QueryCell = null | number | string
export type QueryReply =
  | { status: 'done'; columns: string[]; rows: QueryCell[][]; more: boolean }
  | { status: 'failed'; error: string }

const { SQLITE_OK, SQLITE_DENY, SQLITE_SELECT, SQLITE_READ, SQLITE_FUNCTION, SQLITE_RECURSIVE } = constants
const refusedFunctions = new Set(['load_extension', 'fts3_tokenizer'])

const database = open(process.argv[2]!)
process.stdout.write('ready\n')
process.stdin.setEncoding('utf8')
let text = ''
for await (const chunk of process.stdin) text += chunk
process.stdout.write(JSON.stringify(answer(JSON.parse(text) as QueryRequest)), () => process.exit(0))

/** All that it will ever need is opened here, before the process is locked. */
function open(file: string): DatabaseSync {
  const database = new DatabaseSync(file, {
    readOnly: true,
    allowExtension: false,
    enableDoubleQuotedStringLiterals: false,
    defensive: true,
    timeout: 2000,
  })
  database.exec('PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON')
  database.exec('BEGIN')
  database.prepare('SELECT count(*) FROM sqlite_schema').get()
  Object.assign(database.limits, {
    length: 10_000_000,
    sqlLength: 100_000,
    attach: 0,
    likePatternLength: 1000,
  })
  return database
}

function answer({ sql, parameters, tables, maxRows, maxBytes }: QueryRequest): QueryReply {
  const readable = tables && new Set(tables.map((name) => name.toLowerCase()))
  database.setAuthorizer((action, first, second, _database, view) => {
    switch (action) {
      case SQLITE_SELECT:
      case SQLITE_RECURSIVE:
        return SQLITE_OK
      case SQLITE_FUNCTION:
        return refusedFunctions.has(String(second).toLowerCase()) ? SQLITE_DENY : SQLITE_OK
      case SQLITE_READ:
        return mayRead(readable, first, view) ? SQLITE_OK : SQLITE_DENY
      default:
        return SQLITE_DENY
    }
  })
  try {
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
    return { status: 'failed', error: error instanceof Error ? error.message : String(error) }
  }
}

/** A view that may be read may read what it is made of. */
function mayRead(readable: Set<string> | null, table: string | null, view: string | null): boolean {
  if (!readable) return true
  return [table, view].some((name) => name !== null && readable.has(name.toLowerCase()))
}

/** Integers beyond what JSON keeps become texts, blobs base64. */
function cell(value: SQLOutputValue): QueryCell {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  return value
}
