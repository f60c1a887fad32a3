import type { SQLOutputValue, StatementSync } from 'node:sqlite'
import type { Value } from '../database.ts'

type ReadRow = Record<string, SQLOutputValue>

/**
 * The rows that a statement answers. An integer outside the safe range, which this code never writes, comes as the nearest
 * number: the driver would refuse to read its whole table. A select is then asked once more; a change cannot be, so rows
 * of it that are answered whole are read so from the start (a single column of such an answer is always one of our keys).
 */
export function readAll<Row>(sql: string, statement: StatementSync, values: Value[]): Row[] {
  if (sql.includes('returning *')) return readWide<Row>(statement, values)
  try {
    return statement.all(...values) as Row[]
  } catch (error) {
    if (!isOutOfRange(error)) throw error
    return readWide<Row>(statement, values)
  }
}

function readWide<Row>(statement: StatementSync, values: Value[]): Row[] {
  statement.setReadBigInts(true)
  try {
    const rows = statement.all(...values) as ReadRow[]
    for (const row of rows) {
      for (const column in row) if (typeof row[column] === 'bigint') row[column] = Number(row[column])
    }
    return rows as Row[]
  } finally {
    statement.setReadBigInts(false)
  }
}

export function isOutOfRange(error: unknown): boolean {
  return error instanceof RangeError && 'code' in error && error.code === 'ERR_OUT_OF_RANGE'
}
