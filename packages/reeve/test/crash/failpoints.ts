import type { Batch, Bulk, Database, Session, Value } from '../../src/store/database.ts'

/**
 * Counts the moments at which a death could matter, and dies at the chosen one.
 *
 * The moments of a transaction are: before it begins, before each writing statement but the first, before its commit,
 * and after its commit but before anybody hears of it. Between two of them nothing changes on disk or outside.
 */
export class Failpoints {
  readonly #killAt: number
  readonly #die: (boundary: number, label: string) => void
  #armed = false
  #reached = 0

  constructor(killAt: number, die: (boundary: number, label: string) => void) {
    this.#killAt = killAt
    this.#die = die
  }

  get reached(): number {
    return this.#reached
  }

  /** Begins to count. */
  arm(): void {
    this.#armed = true
  }

  reach(label: string): void {
    if (!this.#armed) return
    this.#reached++
    if (this.#reached === this.#killAt) this.#die(this.#reached, label)
  }
}

/** The same database, with a failpoint at each boundary of its writes. */
export function withFailpoints(database: Database, failpoints: Failpoints): Database {
  const transaction = async <T>(body: (session: Session) => Promise<T>): Promise<T> => {
    failpoints.reach('before begin')
    const result = await database.transaction(async (session) => {
      const inner = await body(new CountingSession(session, failpoints))
      failpoints.reach('before commit')
      return inner
    })
    failpoints.reach('after commit')
    return result
  }
  const elsewhere = async (batch: Batch): Promise<number[]> => {
    failpoints.reach('before begin')
    const refused = await database.writeElsewhere!(batch)
    failpoints.reach('after commit')
    return refused
  }
  return {
    ...(database.writeElsewhere && { writeElsewhere: elsewhere }),
    kind: database.kind,
    place: database.place,
    all: (sql, parameters) => database.all(sql, parameters),
    get: (sql, parameters) => database.get(sql, parameters),
    run: (sql, parameters) => transaction((session) => session.run(sql, parameters)),
    bulk: (statement, rows) => transaction((session) => session.bulk(statement, rows)),
    transaction,
    onOutsideChange: (callback) => database.onOutsideChange(callback),
    classify: (error) => database.classify(error),
    integrity: () => database.integrity(),
    close: () => database.close(),
  }
}

class CountingSession implements Session {
  readonly #session: Session
  readonly #failpoints: Failpoints
  #wrote = false

  constructor(session: Session, failpoints: Failpoints) {
    this.#session = session
    this.#failpoints = failpoints
  }

  all<Row>(sql: string, parameters?: Value[]): Promise<Row[]> {
    if (!isReading(sql)) this.#before(sql)
    return this.#session.all<Row>(sql, parameters)
  }

  get<Row>(sql: string, parameters?: Value[]): Promise<Row | undefined> {
    if (!isReading(sql)) this.#before(sql)
    return this.#session.get<Row>(sql, parameters)
  }

  run(sql: string, parameters?: Value[]): Promise<number> {
    this.#before(sql)
    return this.#session.run(sql, parameters)
  }

  bulk<Row>(statement: Bulk, rows: Value[][]): Promise<Row[]> {
    if (!isReading(statement.sql)) this.#before(statement.sql)
    return this.#session.bulk<Row>(statement, rows)
  }

  #before(sql: string): void {
    if (this.#wrote) this.#failpoints.reach(`before ${sql.trim().split(/\s+/, 3).join(' ')}`)
    this.#wrote = true
  }
}

function isReading(sql: string): boolean {
  return /^\s*(select|pragma)\b/i.test(sql)
}
