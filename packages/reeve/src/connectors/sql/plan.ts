import type { Json } from '../../base/json/json.ts'
import type { SqlValue } from './statement-text.ts'

/** A statement with its values. */
export interface BoundStatement {
  /** With `:name`, for SQLite. */
  sql: string
  named: Record<string, SqlValue>
  /** With `$1`, for Postgres. */
  numbered: string
  values: SqlValue[]
}

/** Rows as they may be given: integers beyond what JSON keeps, and exact decimals, as texts. */
export interface FoundRows {
  rows: Record<string, Json>[]
  /** There were more than may be given. */
  more: boolean
}

export interface ReadPlan {
  kind: 'read'
  statement: BoundStatement
  maxRows: number
}

/**
 * A write, with what makes a repeat harmless: one transaction writes down the key of the effect, does the statements, and keeps what they
 * gave. Whoever comes again with the key gets that.
 */
export interface WritePlan {
  kind: 'write'
  statements: BoundStatement[]
  /** How many rows the last statement must change; null: any number. */
  changes: number | null
  key: string
  action: string
  /** A hash of statements and values: the same key is for the same call. */
  hash: string
  now: number
  maxRows: number
}

export type Written = FoundRows & { changed: number }

/** Why nothing was done: the transaction was rolled back, or never begun. */
export interface Refused {
  refused:
    | 'statement'
    | 'busy'
    | 'changes'
    | 'other-call'
    | 'keys-table'
    | 'sign-in'
    | 'permission'
    | 'unreachable'
  code?: string | undefined
  message: string
}

export type Outcome =
  | { found: FoundRows }
  | { written: Written; isRepeat: boolean }
  | Refused
  | { unknown: string }

/** Where the keys of writes are kept, beside the data that they are about. */
export const keysTable = 'reeve_effects'

export const createKeysTable = `create table if not exists ${keysTable} (key text primary key, action text not null, arguments text not null, result text, done_at bigint not null)`

/** What a statement of an open transaction gave. */
export interface Ran extends FoundRows {
  changed: number
}

/** One transaction at a database. */
export interface SqlTransaction {
  /** @throws what the database throws */
  run(statement: BoundStatement, maxRows: number): Promise<Ran> | Ran
}

export class NotAllowed extends Error {
  readonly refused: Refused

  constructor(refused: Refused) {
    super(refused.message)
    this.refused = refused
  }
}

/** The write inside of a transaction, which whoever calls commits. @throws `NotAllowed`, what the database throws */
export async function writeOnce(
  transaction: SqlTransaction,
  plan: WritePlan,
): Promise<{ written: Written; isRepeat: boolean }> {
  const { key, action, hash, now, maxRows, changes } = plan
  const taken = await transaction.run(
    own(
      `insert into ${keysTable} (key, action, arguments, done_at) values (:key, :action, :hash, :now) on conflict (key) do nothing`,
      { key, action, hash, now },
    ),
    0,
  )
  if (taken.changed === 0) return { written: await kept(transaction, plan), isRepeat: true }
  let last: Ran = { rows: [], more: false, changed: 0 }
  for (const statement of plan.statements) last = await transaction.run(statement, maxRows)
  if (changes !== null && last.changed !== changes)
    throw new NotAllowed({
      refused: 'changes',
      message: `it would have changed ${last.changed} rows, and ${changes} is what it is for. Nothing was changed`,
    })
  const written = { rows: last.rows, more: last.more, changed: last.changed }
  await transaction.run(
    own(`update ${keysTable} set result = :result where key = :key`, {
      key,
      result: JSON.stringify(written),
    }),
    0,
  )
  return { written, isRepeat: false }
}

async function kept(transaction: SqlTransaction, { key, hash }: WritePlan): Promise<Written> {
  const { rows } = await transaction.run(
    own(`select arguments, result from ${keysTable} where key = :key`, { key }),
    1,
  )
  const [row] = rows
  if (row?.arguments !== hash)
    throw new NotAllowed({ refused: 'other-call', message: `another call had the key ${key} before` })
  return JSON.parse(String(row.result)) as Written
}

function own(sql: string, named: Record<string, SqlValue>): BoundStatement {
  const values: SqlValue[] = []
  const numbered = sql.replace(/:(\w+)/g, (_whole, name: string) => {
    values.push(named[name]!)
    return `$${values.length}`
  })
  return { sql, named, numbered, values }
}
