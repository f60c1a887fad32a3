import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { messageOf, ReeveError } from '../../base/errors.ts'
import { LoopStretch } from '../../base/time/loop-stretch.ts'
import type { Clock } from '../../base/time/time.ts'
import { writeBatch } from '../batch.ts'
import type { Batch, Bulk, Change, Database, Session, Value } from '../database.ts'
import { isOfValues } from '../values.ts'
import { SqliteWriterThread } from './bulk-writer.ts'
import { busyWithinMs, errcodeOf, whenFree } from './busy.ts'
import { announcedBy, SqliteChanges } from './changes.ts'
import { SharedCommits, type Writer } from './commits.ts'
import { Connection } from './connection.ts'
import { SqliteFiles } from './files.ts'
import { makePrivate } from './private-files.ts'

/** Below this, SQLite can corrupt a WAL database when a writer resets the log under a reader. */
const oldestSqlite = '3.51.3'

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

/** So long a chain of reads and writes may go on before the event loop gets its turn (ms). */
const stretchMs = 20

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
  readonly #stretch = new LoopStretch(stretchMs)
  readonly #changes: SqliteChanges
  readonly #commits: SharedCommits
  readonly #thread: SqliteWriterThread | undefined
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
      this.#writer = new Connection(file, () => clock.now(), false)
      this.#reader = inMemory ? this.#writer : new Connection(file, () => clock.now(), true)
      this.#files = inMemory ? undefined : new SqliteFiles(file)
      this.#thread = inMemory ? undefined : new SqliteWriterThread(file, busyMs)
    } catch (cause) {
      throw unusable(file, cause)
    }
    this.#changes = new SqliteChanges(this.#writer.database, clock, () => this.#isThere())
    this.#writer.announce = (change) => this.#changes.note(change)
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
      begin: () => this.#writer.begin(this.#busyMs),
      commit: () => {
        this.#changes.commit()
        // Nothing is acknowledged that went into a file which no longer stands at its path.
        const gone = this.#files?.check()
        if (gone) throw gone
      },
      rollback: () => {
        if (database.isTransaction) database.exec('rollback')
        this.#changes.forget()
      },
      isOpen: () => database.isTransaction,
      isBroken: (error) =>
        brokenWrites.has(errcodeOf(error)) || (error instanceof ReeveError && error.code === 'database-gone'),
      onBroken: (error) => this.#onBroken?.(error),
    }
    return new SharedCommits(writer, this.#stretch, (work) => this.#inTurn(work))
  }

  writeElsewhere(batch: Batch): Promise<number[]> {
    if (!this.#thread?.isReady) return this.transaction((session) => writeBatch(session, batch))
    return this.#inTurn(async () => {
      const refused = await this.#surely(this.#thread!.write(batch, this.#clock.now()))
      this.#changes.countOwn(announcedBy(batch))
      return refused
    })
  }

  /** A write is acknowledged only when the disk took it, into files that still stand at their path. */
  async #surely<T>(write: Promise<T>): Promise<T> {
    try {
      const result = await write
      const gone = this.#files?.check()
      if (gone) throw gone
      return result
    } catch (error) {
      const isLost = error instanceof ReeveError && error.code === 'database-gone'
      if (isLost || brokenWrites.has(errcodeOf(error))) this.#onBroken?.(error)
      throw error
    }
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

  onOutsideChange(callback: (change: Change) => void): () => void {
    return this.place === ':memory:' ? () => {} : this.#changes.subscribe(callback)
  }

  /** Asked at each look for changes. */
  #isThere(): boolean {
    if (this.#closed) return false
    const gone = this.#files?.check()
    if (gone) this.#onBroken?.(gone)
    return gone === undefined
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
      this.#changes.close()
      await this.#thread?.close()
      if (this.#reader !== this.#writer) this.#reader.database.close()
      this.#writer.database.close()
    })
  }
}

/** What is wrong with the values of one commit of a run: TOOBIG, CONSTRAINT, MISMATCH, RANGE. */
const ownFaults = new Set([18, 19, 20, 25])

function unusable(file: string, cause: unknown): ReeveError {
  const said = messageOf(cause)
  const advice = /readonly|EACCES|EROFS|unable to open/i.test(said)
    ? `Reeve cannot write to ${dirname(file)}. Give this user the right to write there, or set DATABASE_URL to another place.`
    : /not a database|malformed|corrupt/i.test(said)
      ? `The file is damaged or is not a Reeve database. Nothing was changed. Move it away and restore a backup, or start again.`
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
