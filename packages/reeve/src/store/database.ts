import type { Secrets } from '../base/secrets/secrets.ts'
import type { Clock } from '../base/time/time.ts'
import type { AuditKeys } from './audit/key/audit-keys.ts'
import type { SealingKey } from './secrets/key/sealing-key.ts'

/**
 * The port to a database. `dialect.ts` holds what differs between SQLite and Postgres; everything above writes its
 * SQL once, with `?` for parameters, `reeve_now()` for the store's clock, `{lock}` and `{skip}` where Postgres locks the rows it read
 * (and skips those locked), and the tokens of `Bulk` for many rows.
 */
export type Value = null | number | string | Uint8Array

/**
 * What other processes may want to hear of: `work` for a worker (a run is ready, or something came into an inbox), the
 * `end` of a run that somebody waits for, or `any`: both of these, perhaps; `authority`: somebody may do more or less than
 * before. `unannounced`: it is time to look for what nobody said.
 */
export type Change = 'work' | 'end' | 'any' | 'authority' | 'unannounced'

/** What a process tells the others. */
export type Announcement = Exclude<Change, 'unannounced'>

/** Announcements of one moment, as few as can be. */
export class Announcements {
  #common: 'work' | 'end' | 'any' | undefined
  #authority = false

  add(change: Announcement): void {
    if (change === 'authority') this.#authority = true
    else this.#common = this.#common === undefined || this.#common === change ? change : 'any'
  }

  /** All that were added since the last time. */
  take(): Announcement[] {
    const taken: Announcement[] = []
    if (this.#authority) taken.push('authority')
    if (this.#common) taken.push(this.#common)
    this.#authority = false
    this.#common = undefined
    return taken
  }
}

/**
 * A statement for many rows. `:column` stands for a row's value; `{from}` (in an insert or update) and `{also}` (in a
 * select that has a `from` already) mark where Postgres names the rows, `{lock}` where it locks what it read.
 */
export interface Bulk {
  readonly sql: string
  /** When it changed rows, other processes hear of it as soon as it is durable, and need not find out by looking. */
  readonly announces?: Announcement
  readonly columns: Readonly<Record<string, 'int' | 'text' | 'bytes'>>
}

/** One row as the statement of its table writes it. */
export interface Row {
  statement: Bulk
  /** In the order of the statement's columns. */
  values: Value[]
  /** Runs once for each distinct row that the statement answered. */
  next?: Bulk
}

/**
 * Rows of many owners, to be written together. An owner for which a guard does not answer writes nothing, and does not
 * keep the others from it.
 */
export interface Batch {
  /** Each answers the first value of those of its rows whose owner, that very value, may write. */
  guards: { statement: Bulk; rows: Value[][] }[]
  writes: {
    statement: Bulk
    rows: Value[][]
    /** Whose each row is. */
    owners: number[]
    /** Runs once for each distinct row that the statement answered. */
    next?: Bulk
  }[]
}

export interface Session {
  /** What must not be written; absent: nothing is known to be secret. */
  readonly secrets?: Secrets
  /** What rows of authority are sealed with; `missing`: the database has sealed ones, and this process has no key for them. */
  readonly auditKeys?: AuditKeys | 'missing' | undefined
  /** What marked texts are sealed with; absent: nothing, or this process cannot open it. */
  readonly marksKey?: SealingKey | undefined
  /** Of whoever may not see marked texts: rows that are read through it keep the references (`keepingMarks`). */
  readonly keepsMarks?: true
  all<Row>(sql: string, parameters?: Value[]): Promise<Row[]>
  get<Row>(sql: string, parameters?: Value[]): Promise<Row | undefined>
  /** Answers how many rows changed. */
  run(sql: string, parameters?: Value[]): Promise<number>
  /** Runs one statement for every row (values in the order of `columns`); answers what `returning` gave, all rows together. */
  bulk<Row>(statement: Bulk, rows: Value[][]): Promise<Row[]>
}

export interface Database extends Session {
  readonly kind: 'sqlite' | 'postgres'
  /** Where the data is, safe to print. */
  readonly place: string
  /** The store's clock as this process knows it, where it is not the clock that the database was opened with. */
  readonly clock?: Clock
  /** How far this process's date is ahead of the store's, surely (ms; negative: behind). Absent where both are one clock. */
  readonly skewMs?: number | undefined
  /**
   * Everything in `body` becomes durable together, or nothing does. Writing transactions are serialised where the
   * database has one writer. Elsewhere they run side by side: what `body` read may have changed when it writes, unless
   * it read it with `{lock}`; and `body` may be called again when the database ended it for another's sake. `body` must
   * use its own session only. Rejects with the database's error, untouched.
   */
  transaction<T>(body: (session: Session) => Promise<T>): Promise<T>
  /**
   * Writes a batch in a transaction of its own where that does not hold up the event loop, and answers the owners that
   * were refused. Absent: a `transaction` is as good. Rejects as `transaction` does.
   */
  writeElsewhere?(batch: Batch): Promise<number[]>
  /**
   * Calls back when another process changed the data: soon after what was announced, within some seconds after anything
   * else. Returns the way to stop.
   */
  onOutsideChange(callback: (change: Change) => void): () => void
  /**
   * What a failed transaction means: `retry` (full disk, busy, unreachable: nothing was written, later may work),
   * `constraint` (its own fault), `unknown` (the connection was lost during the commit: all of it was written, or
   * nothing), or `fatal`.
   */
  classify(error: unknown): 'retry' | 'constraint' | 'unknown' | 'fatal'
  /** The database's own check of itself; empty when clean. */
  integrity(): Promise<string[]>
  close(): Promise<void>
}
