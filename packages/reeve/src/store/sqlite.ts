import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { messageOf, ReeveError } from '../base/errors.ts'
import type { Clock } from '../base/time.ts'
import type { Bulk, Database, Session, Value } from './database.ts'
import { forSqlite } from './dialect.ts'
import { LoopStretch } from './loop-stretch.ts'
import { makePrivate } from './private-files.ts'
import { BulkStatements } from './sqlite-bulk.ts'
import { busyWithinMs, errcodeOf, isBusy, waitInSqliteMs, whenFree } from './sqlite-busy.ts'
import { SharedCommits, type Writer } from './sqlite-commits.ts'
import { SqliteFiles } from './sqlite-files.ts'
import { isOutOfRange, readAll } from './sqlite-rows.ts'
import { isOfValues } from './values.ts'

/** Below this, SQLite can corrupt a WAL database when a writer resets the log under a reader. */
const oldestSqlite = '3.51.3'
/** Half of it is what a decision from another process waits at the median; a look costs microseconds. */
const outsideChangePollMs = 20

/**
 * What the connection that writes is set to. A new file can give unused pages back piece by piece (`giveBackSpace`); one
 * of before can after `vacuum`. The log is cut to the limit when it begins anew: twice what it holds between checkpoints.
 */
export const writerPragmas = [
  'auto_vacuum = incremental',
  'journal_mode = wal',
  'synchronous = full',
  'wal_autocheckpoint = 4000',
  'journal_size_limit = 33554432',
  'cache_size = -32768',
  'foreign_keys = on',
] as const

export interface SqliteOptions {
  /** A file, or `:memory:`. */
  file: string
  clock: Clock
  /**
   * Told of a write that the disk failed, before whoever asked for it: nobody can tell what is on disk, and the process
   * must end. Default: only whoever asked hears of it.
   */
  onBroken?: ((error: unknown) => void) | undefined
  /** Told of the files and folders that others could read until now. */
  onTightened?: ((paths: string[]) => void) | undefined
  /** How long a transaction waits for other processes (ms). Default 30,000. */
  busyMs?: number
  /** For tests of the check itself. */
  sqliteVersion?: string
}

/** @throws `sqlite-too-old`, `database-unusable` */
export function openSqlite(options: SqliteOptions): Database {
  const version = options.sqliteVersion ?? process.versions.sqlite ?? '0'
  if (isOlder(version, oldestSqlite)) {
    throw new ReeveError(
      'sqlite-too-old',
      `This Node carries SQLite ${version}, which can corrupt a database in WAL mode; Reeve needs ${oldestSqlite} or newer. Update Node to 24.21 or newer; DATABASE_URL=postgres://… needs no SQLite.`,
    )
  }
  return new SqliteDatabase(options)
}

/** Extended result codes of a disk that did not take a write or a sync: IOERR_WRITE, _FSYNC, _DIR_FSYNC, _TRUNCATE. */
const brokenWrites = new Set([778, 1034, 1290, 1546])
/** IOERR_SHMSIZE: a full disk, when it is the index of the log that wants to grow. */
const noRoomForIndex = 4874

class SqliteDatabase implements Database {
  readonly kind = 'sqlite'
  readonly place: string
  readonly #writer: Connection
  readonly #reader: Connection
  readonly #clock: Clock
  readonly #onBroken: ((error: unknown) => void) | undefined
  readonly #busyMs: number
  readonly #files: SqliteFiles | undefined
  readonly #stretch = new LoopStretch()
  readonly #commits: SharedCommits
  #last: Promise<unknown> = Promise.resolve()
  #closed = false

  constructor({ file, clock, onBroken, onTightened, busyMs = busyWithinMs }: SqliteOptions) {
    this.place = file
    this.#clock = clock
    this.#onBroken = onBroken
    this.#busyMs = busyMs
    const inMemory = file === ':memory:'
    try {
      const tightened = inMemory ? [] : makePrivate(file)
      if (tightened.length > 0) onTightened?.(tightened)
      this.#writer = new Connection(file, clock, false)
      this.#reader = inMemory ? this.#writer : new Connection(file, clock, true)
      this.#files = inMemory ? undefined : new SqliteFiles(file)
    } catch (cause) {
      throw unusable(file, cause)
    }
    this.#commits = this.#sharedCommits()
  }

  all<Row>(sql: string, parameters: Value[] = []): Promise<Row[]> {
    return this.#read((session) => session.all<Row>(sql, parameters))
  }

  get<Row>(sql: string, parameters: Value[] = []): Promise<Row | undefined> {
    return this.#read((session) => session.get<Row>(sql, parameters))
  }

  run(sql: string, parameters: Value[] = []): Promise<number> {
    return this.transaction((session) => session.run(sql, parameters))
  }

  bulk<Row>(statement: Bulk, rows: Value[][]): Promise<Row[]> {
    return this.transaction((session) => session.bulk<Row>(statement, rows))
  }

  /** A file has a reading connection of its own; in memory there is one connection, so a read waits its turn. */
  #read<T>(body: (session: Session) => Promise<T>): Promise<T> {
    const rest = this.#stretch.rest()
    if (rest) return rest.then(() => this.#read(body))
    if (this.#reader === this.#writer) return this.#inTurn(() => body(this.#writer))
    return whenFree(this.place, this.#busyMs, () => body(this.#reader))
  }

  /** Those that wait at one moment share one commit. */
  transaction<T>(body: (session: Session) => Promise<T>): Promise<T> {
    return this.#commits.add(body)
  }

  #sharedCommits(): SharedCommits {
    const { database } = this.#writer
    const writer: Writer = {
      session: this.#writer,
      begin: () =>
        whenFree(this.place, this.#busyMs, () => {
          this.#writer.setUp()
          database.exec('begin immediate')
        }),
      commit: () => {
        database.exec('commit')
        // Nothing is acknowledged that went into a file which no longer stands at its path.
        const gone = this.#files?.check()
        if (gone) throw gone
      },
      rollback: () => {
        if (database.isTransaction) database.exec('rollback')
      },
      isOpen: () => database.isTransaction,
      isBroken: (error) =>
        brokenWrites.has(errcodeOf(error)) || (error instanceof ReeveError && error.code === 'database-gone'),
      onBroken: (error) => this.#onBroken?.(error),
    }
    return new SharedCommits(writer, this.#stretch, (work) => this.#inTurn(work))
  }

  #inTurn<T>(body: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(() => {
      if (this.#closed)
        throw new ReeveError('database-closed', `The database ${this.place} is closed already.`)
      return body()
    })
    this.#last = turn.catch(() => undefined)
    return turn
  }

  onOutsideChange(callback: () => void): () => void {
    if (this.place === ':memory:') return () => {}
    const dataVersion = this.#writer.database.prepare('pragma data_version')
    const version = () => {
      try {
        return dataVersion.get()?.data_version
      } catch (error) {
        if (isBusy(error)) return seen
        throw error
      }
    }
    let seen: unknown
    seen = version()
    let stopped = false
    let cancel = () => {}
    const poll = () => {
      if (stopped || this.#closed) return
      const gone = this.#files?.check()
      if (gone) return this.#onBroken?.(gone)
      const current = this.#writer.database.isTransaction ? seen : version()
      if (current !== seen) {
        seen = current
        callback()
      }
      cancel = this.#clock.after(outsideChangePollMs, poll)
    }
    poll()
    return () => {
      stopped = true
      cancel()
    }
  }

  classify(error: unknown): 'retry' | 'constraint' | 'fatal' {
    const errcode = errcodeOf(error)
    const primary = errcode & 0xff
    if (isOfValues(error)) return 'constraint'
    if (error instanceof ReeveError && error.code === 'database-busy') return 'retry'
    if (errcode === noRoomForIndex) return 'retry'
    if (primary === 5 || primary === 6 || primary === 13 || primary === 8) return 'retry'
    return ownFaults.has(primary) ? 'constraint' : 'fatal'
  }

  async integrity(): Promise<string[]> {
    const rows = await this.all<{ integrity_check: string }>('pragma integrity_check')
    return rows.map((row) => row.integrity_check).filter((line) => line !== 'ok')
  }

  close(): Promise<void> {
    return this.#inTurn(async () => {
      this.#closed = true
      if (this.#reader !== this.#writer) this.#reader.database.close()
      this.#writer.database.close()
    })
  }
}

/** One connection with its prepared statements. All calls answer at once; the promises are for the port. */
class Connection implements Session {
  readonly database: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()
  readonly #bulks: BulkStatements
  #isSetUp: boolean

  constructor(file: string, clock: Clock, readOnly: boolean) {
    this.database = new DatabaseSync(file, { readOnly, timeout: waitInSqliteMs })
    this.#bulks = new BulkStatements(this.database)
    this.database.function('reeve_now', () => clock.now())
    this.#isSetUp = readOnly
    try {
      this.setUp()
    } catch (error) {
      // Another process has it for itself now: what comes first waits for that.
      if (!isBusy(error)) throw error
    }
  }

  setUp(): void {
    if (this.#isSetUp) return
    for (const pragma of writerPragmas) this.database.exec(`pragma ${pragma}`)
    this.#isSetUp = true
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

/** What is wrong with the values of one turn: TOOBIG, CONSTRAINT, MISMATCH, RANGE. */
const ownFaults = new Set([18, 19, 20, 25])

function unusable(file: string, cause: unknown): ReeveError {
  const said = messageOf(cause)
  const advice = /readonly|EACCES|EROFS|unable to open/i.test(said)
    ? `Reeve cannot write to ${dirname(file)}. Give this user the right to write there, or set DATABASE_URL to another place.`
    : /not a database|malformed|corrupt/i.test(said)
      ? `The file is damaged or is not a Reeve database. Nothing was changed. Move it away and restore a backup, or start anew.`
      : existsSync(file)
        ? 'Check the file and the disk.'
        : 'Check the path and the disk.'
  return new ReeveError('database-unusable', `The database ${file} cannot be opened: ${said}. ${advice}`, {
    cause,
  })
}

function isOlder(version: string, than: string): boolean {
  const left = version.split('.').map(Number)
  const right = than.split('.').map(Number)
  for (let index = 0; index < 3; index++) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0)
    if (difference !== 0) return difference < 0
  }
  return false
}
