import { ReeveError } from '../../base/errors.ts'
import { describeValue } from '../../base/text/shorten.ts'
import type { Clock } from '../../base/time/time.ts'
import type { Bulk, Database } from '../database.ts'
import type { JournalEvent } from './journal.ts'

/** An event as it appears in the order of all runs. */
export type TailEvent = JournalEvent & {
  id: number
  run_id: string
  workflow: string
  run_reason: string | null
}

/** Ids below one that was seen, which nobody has shown yet. */
interface Gap {
  from: number
  to: number
  /** When it was found (ms). */
  foundAt: number
}

const pageSize = 500
/** No transaction takes so long: what is missing then was rolled back. */
const lateMs = 60_000
/** So far below the newest event those are looked for that were being written when the following began. */
const lookBackIds = 1000
/** Workers that write at the same moment take ids by turns: each id of one is then a gap in what another shows. */
const mostGaps = 20_000
/** A cursor with more of them begins before the first one instead. */
const mostGapsOfCursor = 200

const columns =
  'e.id, e.run, e.seq, e.type, e.step, e.name, e.args, e.at, e.blob, e.hash, r.id as run_id, r.workflow, r.reason as run_reason'

const eventsInGaps: Bulk = {
  columns: { first: 'int', last: 'int' },
  sql: `select ${columns}, e.payload from events e join runs r on r.no = e.run {also}
    where e.id >= :first and e.id <= :last`,
}

/** Which events are told: those of these types, or all. The payloads of others are not read. */
export type TailTypes = readonly string[] | 'all'

/**
 * Follows the events of all runs, each of them once. Postgres gives ids when rows are written and shows them when they
 * are committed, so that an id may appear after higher ones: each gap is looked at again until it is filled or old.
 * The events of one run come in their order; what came late stands behind what other runs did meanwhile.
 */
export class Tail {
  readonly #database: Database
  readonly #clock: Clock
  readonly #types: TailTypes
  #last: number
  #gaps: Gap[] = []

  private constructor(database: Database, clock: Clock, types: TailTypes, after: number) {
    this.#database = database
    this.#clock = clock
    this.#types = types
    this.#last = after
  }

  /** Follows what comes from now on. Events of other types than these are left out, and so are blobs. */
  static async fromNow(database: Database, clock: Clock, types: TailTypes): Promise<Tail> {
    const ids = await database.all<{ id: number }>(
      'select id from events where id > coalesce((select max(id) from events), 0) - ? order by id',
      [lookBackIds],
    )
    const tail = new Tail(database, clock, types, (ids[0]?.id ?? 1) - 1)
    tail.#note(ids)
    return tail
  }

  /** Goes on from what `cursor` said. @throws `bad-cursor` */
  static fromCursor(database: Database, clock: Clock, types: TailTypes, cursor: string): Tail {
    const [, last, gaps] = /^(\d{1,15})((?:\.\d{1,15}-\d{1,15}){0,1000})$/.exec(cursor) ?? []
    if (last === undefined)
      throw new ReeveError(
        'bad-cursor',
        `${describeValue(cursor)} is not a valid event cursor. Give a cursor exactly as it was returned, or none to start with new events.`,
      )
    const tail = new Tail(database, clock, types, Number(last))
    const foundAt = clock.now()
    tail.#gaps = (gaps ?? '')
      .split('.')
      .slice(1)
      .map((gap) => gap.split('-').map(Number))
      .map(([from, to]) => ({ from: from!, to: to!, foundAt }))
    return tail
  }

  /**
   * Goes back to the newest event that there is, where it stands behind that: the database was put back to a backup, or what came
   * last was deleted. What is written next may have numbers that it has passed.
   */
  async notAhead(): Promise<void> {
    const newest = await this.#database.get<{ id: number }>('select coalesce(max(id), 0) as id from events')
    if (this.#last <= Number(newest?.id ?? 0)) return
    this.#last = Number(newest?.id ?? 0)
    this.#gaps = []
  }

  /**
   * Where it stands, for `fromCursor`: nothing that was not told by then is missed, also in another process. Where many
   * writers are at work some of what was told may come again.
   */
  get cursor(): string {
    if (this.#gaps.length > mostGapsOfCursor) return String(this.#gaps[0]!.from - 1)
    return [this.#last, ...this.#gaps.map(({ from, to }) => `${from}-${to}`)].join('.')
  }

  /** Whether an event is still to come. */
  awaits(id: number): boolean {
    return id > this.#last || this.#gaps.some(({ from, to }) => id >= from && id <= to)
  }

  /** What came since the last time. */
  async read(): Promise<TailEvent[]> {
    const found = await this.#readGaps()
    for (;;) {
      const rows = await this.#readOn()
      this.#note(rows)
      found.push(...rows)
      const told = this.#types === 'all' ? found : found.filter(({ type }) => this.#types.includes(type))
      if (told.length > 0 || rows.length < pageSize) return told
    }
  }

  async #readGaps(): Promise<TailEvent[]> {
    const oldest = this.#clock.now() - lateMs
    this.#gaps = this.#gaps.filter(({ foundAt }) => foundAt > oldest).slice(-mostGaps)
    if (this.#gaps.length === 0) return []
    const rows = this.#gaps.map(({ from, to }) => [from, to])
    const late = (await this.#database.bulk<TailEvent>(eventsInGaps, rows)).sort(
      (one, other) => one.id - other.id,
    )
    this.#gaps = this.#gaps.flatMap((gap) => without(gap, late))
    return late
  }

  #readOn(): Promise<TailEvent[]> {
    const types = this.#types === 'all' ? [] : this.#types
    const payload =
      this.#types === 'all'
        ? 'e.payload'
        : `case when e.type in (${types.map(() => '?').join(', ')}) then e.payload end as payload`
    return this.#database.all<TailEvent>(
      `select ${columns}, ${payload} from events e join runs r on r.no = e.run
       where e.id > ? order by e.id limit ${pageSize}`,
      [...types, this.#last],
    )
  }

  #note(rows: readonly { id: number }[]): void {
    const isOutOfOrder = this.#database.kind === 'postgres'
    for (const { id } of rows) {
      if (isOutOfOrder && id > this.#last + 1)
        this.#gaps.push({ from: this.#last + 1, to: id - 1, foundAt: this.#clock.now() })
      this.#last = id
    }
  }
}

/** What is left of a gap when these, in order, have come. */
function without(gap: Gap, come: readonly { id: number }[]): Gap[] {
  const left: Gap[] = []
  let { from } = gap
  for (let index = firstFrom(come, gap.from); index < come.length && come[index]!.id <= gap.to; index++) {
    const { id } = come[index]!
    if (id > from) left.push({ ...gap, from, to: id - 1 })
    from = id + 1
  }
  return from > gap.to ? left : [...left, { ...gap, from }]
}

/** The place of the first of these, in order, that is not below an id. */
function firstFrom(come: readonly { id: number }[], id: number): number {
  let [low, high] = [0, come.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (come[middle]!.id < id) low = middle + 1
    else high = middle
  }
  return low
}
