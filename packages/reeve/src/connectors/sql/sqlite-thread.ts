// A thread for one plan on an SQLite file: however long it takes, the event loop of the process does not wait for it.
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import { messageOf } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import {
  type BoundStatement,
  createKeysTable,
  NotAllowed,
  type Outcome,
  type Ran,
  type ReadPlan,
  type WritePlan,
  writeOnce,
} from './plan.ts'

const { file, plan } = workerData as { file: string; plan: ReadPlan | WritePlan }

parentPort!.postMessage(await done())

async function done(): Promise<Outcome> {
  let database: DatabaseSync
  try {
    database = new DatabaseSync(file, {
      readOnly: plan.kind === 'read',
      allowExtension: false,
      enableDoubleQuotedStringLiterals: false,
      enableForeignKeyConstraints: true,
      timeout: 5_000,
    })
  } catch (error) {
    return { refused: 'unreachable', message: messageOf(error) }
  }
  try {
    return await (plan.kind === 'read' ? read(database, plan) : write(database, plan))
  } finally {
    database.close()
  }
}

function read(database: DatabaseSync, { statement, maxRows }: ReadPlan): Outcome {
  try {
    database.exec('pragma query_only = 1')
    const { rows, more } = run(database, statement, maxRows)
    return { found: { rows, more } }
  } catch (error) {
    return refusedBy(error)
  }
}

async function write(database: DatabaseSync, its: WritePlan): Promise<Outcome> {
  try {
    database.exec('begin immediate')
    database.exec(createKeysTable)
    const written = await writeOnce({ run: (statement, most) => run(database, statement, most) }, its)
    database.exec('commit')
    return written
  } catch (error) {
    if (database.isTransaction) database.exec('rollback')
    return error instanceof NotAllowed ? error.refused : refusedBy(error)
  }
}

function run(database: DatabaseSync, { sql, named }: BoundStatement, maxRows: number): Ran {
  const statement = database.prepare(sql)
  statement.setReadBigInts(true)
  statement.setAllowUnknownNamedParameters(true)
  if (statement.columns().length === 0) {
    return { rows: [], more: false, changed: Number(statement.run(named).changes) }
  }
  const rows: Record<string, Json>[] = []
  let count = 0
  for (const row of statement.iterate(named)) {
    if (count++ < maxRows) rows.push(jsonRow(row as Record<string, SQLOutputValue>))
    // What returns rows of a write has to be read to its end: it is done as it is read.
    else if (plan.kind === 'read') break
  }
  return { rows, more: count > maxRows, changed: count }
}

function jsonRow(row: Record<string, SQLOutputValue>): Record<string, Json> {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, cell(value)]))
}

/** Integers beyond what JSON keeps become texts, blobs base64. */
function cell(value: SQLOutputValue): Json {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value
}

function refusedBy(error: unknown): Outcome {
  const { errcode } = error as { errcode?: number }
  const message = messageOf(error)
  // SQLITE_BUSY and SQLITE_LOCKED, with whatever more they say.
  const isBusy = errcode !== undefined && [5, 6].includes(errcode & 0xff)
  return {
    refused: isBusy ? 'busy' : 'statement',
    message,
    ...(errcode !== undefined && { code: String(errcode) }),
  }
}
