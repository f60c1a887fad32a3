import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { Announcement, Bulk, Session, Value } from '../database.ts'
import { forSqlite } from '../dialect.ts'
import { BulkStatements } from './bulk.ts'
import { isBusy, waitInSqliteMs, whenFree } from './busy.ts'
import { isOutOfRange, readAll } from './rows.ts'

/**
 * What the connection that writes is set to. A new file can give unused pages back piece by piece (`giveBackSpace`); one
 * of before can after `vacuum`. What is deleted is overwritten where its page is written anyway. The log is cut to the limit when it begins anew: twice what it holds between checkpoints.
 */
export const writerPragmas = [
  'auto_vacuum = incremental',
  'journal_mode = wal',
  'synchronous = full',
  'wal_autocheckpoint = 4000',
  'journal_size_limit = 33554432',
  'cache_size = -32768',
  'foreign_keys = on',
  'secure_delete = fast',
] as const

/** One connection with its prepared statements. All calls answer at once; the promises are for the port. */
export class Connection implements Session {
  readonly database: DatabaseSync
  /** Hears what others are to be told of. */
  announce: (change: Announcement) => void = () => {}
  readonly #statements = new Map<string, StatementSync>()
  readonly #bulks: BulkStatements
  readonly #file: string
  #isSetUp: boolean

  /** `now`: the store's clock (ms). */
  constructor(file: string, now: () => number, readOnly: boolean) {
    this.#file = file
    this.database = new DatabaseSync(file, { readOnly, timeout: waitInSqliteMs })
    this.#bulks = new BulkStatements(this.database)
    this.database.function('reeve_now', now)
    this.#isSetUp = readOnly
    try {
      this.#setUp()
    } catch (error) {
      // Another process has it for itself now: what comes first waits for that.
      if (!isBusy(error)) throw error
    }
  }

  /** Begins to write as soon as no other process does. @throws `database-busy` after `busyMs` */
  begin(busyMs: number): Promise<void> {
    return whenFree(this.#file, busyMs, () => {
      this.#setUp()
      this.database.exec('begin immediate')
    })
  }

  /** The pragmas of a connection that writes, if it has not got them yet. */
  #setUp(): void {
    if (this.#isSetUp) return
    for (const pragma of writerPragmas) this.database.exec(`pragma ${pragma}`)
    this.#isSetUp = true
  }

  /**
   * Everything in `body` becomes durable together, or nothing does. Waits for other processes for at most `busyMs`.
   * @throws `database-busy`, and what `body` or the database throws
   */
  async transaction<T>(busyMs: number, body: (session: Session) => Promise<T>): Promise<T> {
    await this.begin(busyMs)
    try {
      const result = await body(this)
      this.database.exec('commit')
      return result
    } catch (error) {
      if (this.database.isTransaction) this.database.exec('rollback')
      throw error
    }
  }

  async all<Row>(sql: string, parameters: Value[] = []): Promise<Row[]> {
    return readAll<Row>(sql, this.#prepare(sql), parameters)
  }

  async get<Row>(sql: string, parameters: Value[] = []): Promise<Row | undefined> {
    const statement = this.#prepare(sql)
    try {
      return statement.get(...parameters) as Row | undefined
    } catch (error) {
      if (!isOutOfRange(error)) throw error
      return readAll<Row>(sql, statement, parameters)[0]
    }
  }

  async run(sql: string, parameters: Value[] = []): Promise<number> {
    return Number(this.#prepare(sql).run(...parameters).changes)
  }

  async bulk<Row>(bulk: Bulk, rows: Value[][]): Promise<Row[]> {
    if (bulk.announces && rows.length > 0) this.announce(bulk.announces)
    return this.#bulks.run<Row>(bulk, rows)
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql)
    if (!statement) {
      statement = this.database.prepare(forSqlite(sql))
      this.#statements.set(sql, statement)
    }
    return statement
  }
}
