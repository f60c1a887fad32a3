import { DatabaseSync, type SQLInputValue } from 'node:sqlite'

/** Money is in whole cents, times in milliseconds since 1970. */
const tables = `
  create table if not exists facts (name text primary key, value text not null);
  create table if not exists agenda (no integer primary key, at integer not null, kind text not null, what text not null);
  create index if not exists agenda_at on agenda (at, no);
  create table if not exists days (day integer primary key, visits integer not null);
  create table if not exists articles (slug text primary key, title text not null, topic text not null, body text not null, at integer not null);
  create table if not exists inbox (id text primary key, at integer not null, sender text not null, name text not null, kind text not null,
    subject text not null, body text not null, state text not null, read_as text, done_at integer, outcome text);
  create table if not exists sent (no integer primary key, at integer not null, recipient text not null, kind text not null, ref text not null,
    subject text not null, body text not null, key text);
  create table if not exists customers (email text primary key, name text not null, plan text not null, cents integer not null,
    habit text not null, since integer not null, left_at integer);
  create table if not exists orders (id text primary key, customer text not null, cents integer not null, description text not null, at integer not null);
  create table if not exists invoices (id text primary key, order_id text not null, customer text not null, cents integer not null,
    at integer not null, due integer not null, state text not null, reminders integer not null);
  create table if not exists payments (id text primary key, customer text not null, invoice text not null, cents integer not null,
    reference text not null, at integer not null, matched text, is_unclear integer not null default 0);
  create table if not exists refunds (no integer primary key, payment text not null, cents integer not null, at integer not null, key text not null);
  create table if not exists answers (service text not null, key text not null, status integer not null, body text not null, primary key (service, key));
  create table if not exists hits (no integer primary key, fault text not null, at integer not null, request text not null);
  create table if not exists model_calls (no integer primary key, at integer not null, model text not null, cost_nano integer not null);
`

/** What really happened, outside of Reeve: its claims are judged by this. Each request and each hour is one transaction. */
export class Books {
  readonly #database: DatabaseSync

  constructor(file: string) {
    this.#database = new DatabaseSync(file)
    this.#database.exec(`pragma journal_mode = wal; pragma synchronous = normal; ${tables}`)
  }

  all<Row>(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#database.prepare(sql).all(...values) as Row[]
  }

  one<Row>(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#database.prepare(sql).get(...values) as Row | undefined
  }

  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#database.prepare(sql).run(...values).changes)
  }

  /** The first column of the first row, as a number. */
  count(sql: string, ...values: SQLInputValue[]): number {
    return Number(Object.values(this.one<object>(sql, ...values) ?? {})[0] ?? 0)
  }

  /** All of it, or nothing of it. */
  together<T>(work: () => T): T {
    this.#database.exec('begin immediate')
    try {
      const result = work()
      this.#database.exec('commit')
      return result
    } catch (error) {
      this.#database.exec('rollback')
      throw error
    }
  }

  fact(name: string): string | undefined {
    return this.one<{ value: string }>('select value from facts where name = ?', name)?.value
  }

  setFact(name: string, value: string | number): void {
    this.run(
      'insert into facts values (?, ?) on conflict (name) do update set value = excluded.value',
      name,
      String(value),
    )
  }

  plan(at: number, kind: string, what: object): void {
    this.run(
      'insert into agenda (at, kind, what) values (?, ?, ?)',
      Math.floor(at),
      kind,
      JSON.stringify(what),
    )
  }

  close(): void {
    this.#database.close()
  }
}
