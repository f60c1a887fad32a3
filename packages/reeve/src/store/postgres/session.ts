import type { ClientBase, QueryConfig, QueryResult } from 'pg'
import { Announcements, type Bulk, type Session, type Value } from '../database.ts'
import { arraysOf, bulkForPostgres, forPostgres } from '../dialect.ts'

/** A statement of a commit not answered for so long: the connection counts as lost. */
export const answerWithinMs = 10_000
/** The same for other statements, which may have much to read. */
const longAnswerMs = 120_000
/** An index over many rows takes its time. */
const indexAnswerMs = 12 * 3_600_000
/** Statements with more parameters than this vary in their text and are not kept prepared. */
const mostKeptParameters = 16

interface Statement {
  text: string
  /** Under which a connection keeps it prepared; absent for one that is not kept. */
  name?: string
}

/** The statements of one database in Postgres's words, each with one name on all connections. */
export class PostgresStatements {
  readonly #known = new Map<string | Bulk, Statement>()
  readonly #keeps: boolean

  /** `keeps`: whether a connection finds again what it has prepared. */
  constructor(keeps: boolean) {
    this.#keeps = keeps
  }

  plain(sql: string, parameters: number): Statement {
    if (parameters > mostKeptParameters) return { text: forPostgres(sql) }
    return this.#find(sql, forPostgres)
  }

  bulk(bulk: Bulk): Statement {
    return this.#find(bulk, bulkForPostgres)
  }

  #find<Key extends string | Bulk>(key: Key, translate: (key: Key) => string): Statement {
    let statement = this.#known.get(key)
    if (!statement) {
      statement = { text: translate(key) }
      if (this.#keeps) statement.name = `reeve${this.#known.size}`
      this.#known.set(key, statement)
    }
    return statement
  }
}

/** One connection for the time of a transaction or of a read. */
export class PostgresSession implements Session {
  /** What other processes should hear of. */
  readonly announced = new Announcements()
  readonly #client: ClientBase
  readonly #statements: PostgresStatements

  constructor(client: ClientBase, statements: PostgresStatements) {
    this.#client = client
    this.#statements = statements
  }

  async all<Row>(sql: string, parameters: Value[] = []): Promise<Row[]> {
    return (await this.#query(sql, parameters)).rows as Row[]
  }

  async get<Row>(sql: string, parameters: Value[] = []): Promise<Row | undefined> {
    return (await this.#query(sql, parameters)).rows[0] as Row | undefined
  }

  async run(sql: string, parameters: Value[] = []): Promise<number> {
    return (await this.#query(sql, parameters)).rowCount ?? 0
  }

  async bulk<Row>(bulk: Bulk, rows: Value[][]): Promise<Row[]> {
    if (rows.length === 0) return []
    const { rows: answers, rowCount } = await this.#ask(
      this.#statements.bulk(bulk),
      arraysOf(bulk, rows),
      answerWithinMs,
    )
    if (bulk.announces && rowCount) this.announced.add(bulk.announces)
    return answers as Row[]
  }

  #query(sql: string, parameters: Value[]): Promise<QueryResult> {
    const timeoutMs = sql.startsWith('create index') ? indexAnswerMs : longAnswerMs
    return this.#ask(this.#statements.plain(sql, parameters.length), parameters, timeoutMs)
  }

  #ask(statement: Statement, values: Value[], timeoutMs: number): Promise<QueryResult> {
    const query: QueryConfig & { query_timeout: number } = { ...statement, values, query_timeout: timeoutMs }
    return this.#client.query(query)
  }
}
