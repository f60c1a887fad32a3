import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Bulk, Value } from '../database.ts'
import { bulkForSqlite } from '../dialect.ts'
import { checkRow } from '../values.ts'
import { readAll } from './rows.ts'

/** Rows that one statement takes, largest first: every call into SQLite costs as much as writing a small row. */
const chunks = [64, 8, 1] as const

/** Runs bulk statements on one connection, each prepared once for every size of chunk. */
export class BulkStatements {
  readonly #database: DatabaseSync
  readonly #prepared = new Map<Bulk, StatementSync[]>()

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  /** Answers what `returning` gave, or the rows of a select. Rows are written in their order. */
  run<Row>(bulk: Bulk, rows: Value[][]): Row[] {
    const answering = /^select|\breturning\b/.test(bulk.sql)
    const answers: Row[] = []
    for (let start = 0; start < rows.length; ) {
      const left = rows.length - start
      const index = chunks.findIndex((size) => size <= left)
      const end = start + chunks[index]!
      const values: Value[] = []
      for (; start < end; start++) {
        const row = rows[start]!
        checkRow(bulk, row)
        values.push(...row)
      }
      const statement = this.#statement(bulk, index)
      if (answering) answers.push(...readAll<Row>(bulk.sql, statement, values))
      else statement.run(...values)
    }
    return answers
  }

  #statement(bulk: Bulk, chunk: number): StatementSync {
    let prepared = this.#prepared.get(bulk)
    if (!prepared) {
      prepared = []
      this.#prepared.set(bulk, prepared)
    }
    prepared[chunk] ??= this.#database.prepare(bulkForSqlite(bulk, chunks[chunk]!))
    return prepared[chunk]
  }
}
