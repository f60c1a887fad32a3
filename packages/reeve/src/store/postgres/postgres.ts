import { randomInt } from 'node:crypto'
import type { Client, Pool, PoolClient, QueryConfig } from 'pg'
import { ReeveError } from '../../base/errors.ts'
import type { Clock } from '../../base/time/time.ts'
import type { Bulk, Change, Database, Session, Value } from '../database.ts'
import { clockSlackMs, StoreClock } from '../store-clock.ts'
import { PostgresChanges } from './changes.ts'
import { type Opening, openPostgres, placeOf } from './connect.ts'
import { CommitUnknown, classifyPostgres, isConflict, isLoss, isRefusal, spoilsConnection } from './errors.ts'
import { checkPostgres } from './integrity.ts'
import { answerWithinMs, PostgresSession, PostgresStatements } from './session.ts'

const defaultConnections = 10
const mostConflicts = 8
const clockEveryMs = 3000

export interface PostgresOptions {
  url: string
  /** Timers, and the time itself where `timeFrom` is `clock`. */
  clock: Clock
  /** Whose time rules. With `clock`, for tests, the server's `reeve_now()` answers what `clock` says. Default `server`. */
  timeFrom?: 'server' | 'clock'
  /** The most connections held at once, beside the one that listens. */
  connections?: number
  /** Told how far this process's date is ahead of the server's (ms; negative: behind), each time that comes to be too far. */
  onSkew?: ((skewMs: number) => void) | undefined
  /** For tests of the check itself. */
  serverVersion?: number
}

interface Ready {
  opening: Opening
  pool: Pool
  statements: PostgresStatements
}

/**
 * Postgres as the store. It connects, and throws what is wrong with the server, at its first use.
 *
 * Transactions run side by side, each on a connection of a pool, at READ COMMITTED: what must not change meanwhile is
 * locked by the statements themselves. One that the server ends for a deadlock is run again, its body called anew.
 */
export class PostgresDatabase implements Database {
  readonly kind = 'postgres'
  readonly place: string
  readonly clock: Clock
  readonly changes: PostgresChanges
  readonly #options: PostgresOptions
  #ready: Promise<Ready> | undefined
  #cancelReading = () => {}
  #isSkewed = false
  #closed = false

  constructor(options: PostgresOptions) {
    this.#options = options
    this.place = placeOf(options.url)
    this.clock = options.timeFrom === 'clock' ? options.clock : new StoreClock(options.clock)
    this.changes = new PostgresChanges({
      clock: options.clock,
      connect: () => this.#connectListener(),
      send: (sql, parameters) => this.#with((client) => client.query(sql, parameters)),
    })
  }

  get skewMs(): number | undefined {
    return this.clock instanceof StoreClock ? this.clock.skewMs : undefined
  }

  all<Row>(sql: string, parameters: Value[] = []): Promise<Row[]> {
    return this.#with((client, { statements }) =>
      new PostgresSession(client, statements).all<Row>(sql, parameters),
    )
  }

  async get<Row>(sql: string, parameters: Value[] = []): Promise<Row | undefined> {
    return (await this.all<Row>(sql, parameters))[0]
  }

  run(sql: string, parameters: Value[] = []): Promise<number> {
    return this.#single((session) => session.run(sql, parameters))
  }

  bulk<Row>(statement: Bulk, rows: Value[][]): Promise<Row[]> {
    return this.#single((session) => session.bulk<Row>(statement, rows))
  }

  /** One statement is a transaction by itself: it asks the server once, and holds no lock between two questions. */
  async #single<T>(body: (session: PostgresSession) => Promise<T>): Promise<T> {
    for (let conflicts = 1; ; conflicts++) {
      try {
        return await this.#with(async (client, { statements }) => {
          const session = new PostgresSession(client, statements)
          const result = await body(session).catch((cause) => {
            throw isLoss(cause) ? new CommitUnknown(cause) : cause
          })
          for (const change of session.announced.take()) this.changes.announce(change)
          return result
        })
      } catch (error) {
        if (!isConflict(error) || conflicts === mostConflicts) throw error
        await afterConflict(conflicts)
      }
    }
  }

  async transaction<T>(body: (session: Session) => Promise<T>): Promise<T> {
    for (let conflicts = 1; ; conflicts++) {
      try {
        return await this.#with((client, ready) => this.#commit(client, ready, body))
      } catch (error) {
        if (!isConflict(error) || conflicts === mostConflicts) throw error
        await afterConflict(conflicts)
      }
    }
  }

  async #commit<T>(client: PoolClient, ready: Ready, body: (session: Session) => Promise<T>): Promise<T> {
    const session = new PostgresSession(client, ready.statements)
    await ask(client, 'begin')
    let result: T
    try {
      result = await body(session)
    } catch (error) {
      // A connection that cannot roll back is lost, and the server rolls back by itself.
      if (!spoilsConnection(error)) await ask(client, 'rollback')
      throw error
    }
    let answer: { command: string }
    try {
      answer = await ask(client, 'commit')
    } catch (cause) {
      throw isRefusal(cause) ? cause : new CommitUnknown(cause)
    }
    if (answer.command !== 'COMMIT') {
      throw new ReeveError(
        'not-committed',
        `${this.place} rolled back a transaction in which a statement had failed.`,
      )
    }
    for (const change of session.announced.take()) this.changes.announce(change)
    return result
  }

  /** Lends a connection; one that may not be in order afterwards is thrown away. */
  async #with<T>(body: (client: PoolClient, ready: Ready) => Promise<T>): Promise<T> {
    const ready = await this.#open()
    const client = await ready.pool.connect()
    let spoilt = false
    try {
      if (this.#options.timeFrom === 'clock') {
        await client.query(`select set_config('reeve.fixed_now', $1, false)`, [String(this.clock.now())])
      }
      return await body(client, ready)
    } catch (error) {
      spoilt = spoilsConnection(error)
      throw error
    } finally {
      client.release(spoilt)
    }
  }

  async #open(): Promise<Ready> {
    if (this.#closed) {
      throw new ReeveError('database-closed', `The database ${this.place} is closed already.`)
    }
    if (!this.#ready) {
      const ready = this.#connect()
      this.#ready = ready
      // A failed start is tried anew at the next use.
      ready.catch(() => {
        this.#ready = undefined
      })
    }
    return this.#ready
  }

  async #connect(): Promise<Ready> {
    const opening = await openPostgres(this.#options.url, this.#options)
    const { driver } = opening
    const pool = new driver.Pool({
      ...opening.config,
      types: {
        // Numbers, counts and times stay below 2^53.
        getTypeParser: ((oid: number) =>
          oid === 20 || oid === 1700 ? Number : driver.types.getTypeParser(oid)) as never,
      },
      max: this.#options.connections ?? defaultConnections,
      idleTimeoutMillis: 30_000,
    })
    // A connection lost while nobody uses it leaves the pool; one in use fails its statement.
    pool.on('error', () => {})
    pool.on('connect', (client) => client.on('error', () => {}))
    if (this.clock instanceof StoreClock) await this.#readClock(this.clock, pool)
    return { opening, pool, statements: new PostgresStatements(!opening.pooled) }
  }

  async #readClock(clock: StoreClock, pool: Pool): Promise<void> {
    try {
      const client = await pool.connect()
      try {
        await clock.measure(async () => {
          const answer = await client.query<{ now: number }>(
            'select floor(extract(epoch from clock_timestamp()) * 1000)::bigint as now',
          )
          return answer.rows[0]!.now
        })
        this.#noteSkew(clock.skewMs ?? 0)
      } finally {
        client.release()
      }
    } catch {
      // The last reading is carried on until the server answers again.
    }
    if (this.#closed) return
    this.#cancelReading = this.#options.clock.after(clockEveryMs, () => void this.#readClock(clock, pool))
  }

  #noteSkew(skewMs: number): void {
    const isSkewed = Math.abs(skewMs) > clockSlackMs
    if (isSkewed && !this.#isSkewed) this.#options.onSkew?.(skewMs)
    this.#isSkewed = isSkewed
  }

  async #connectListener(): Promise<Client> {
    const { opening } = await this.#open()
    const client = new opening.driver.Client({ ...opening.config, query_timeout: answerWithinMs })
    client.on('error', () => {})
    await client.connect()
    return client
  }

  onOutsideChange(callback: (change: Change) => void): () => void {
    return this.changes.subscribe(callback)
  }

  classify(error: unknown): 'retry' | 'constraint' | 'unknown' | 'fatal' {
    return classifyPostgres(error)
  }

  integrity(): Promise<string[]> {
    return checkPostgres(this)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#cancelReading()
    await this.changes.close()
    const ready = await this.#ready?.catch(() => undefined)
    await ready?.pool.end()
  }
}

function afterConflict(conflicts: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, randomInt(5 * 2 ** conflicts)))
}

function ask(client: PoolClient, text: string): Promise<{ command: string }> {
  const query: QueryConfig & { query_timeout: number } = { text, query_timeout: answerWithinMs }
  return client.query(query)
}
