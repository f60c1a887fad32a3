import type { Clock } from '../../base/time/time.ts'
import type { Database, Value } from '../database.ts'
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
const mostGaps = 100

const columns =
  'e.id, e.run, e.seq, e.type, e.step, e.name, e.args, e.at, e.blob, e.hash, r.id as run_id, r.workflow, r.reason as run_reason'

/**
 * Follows the events of all runs, each of them once. Postgres gives ids when rows are written and shows them when they
 * are committed, so that an id may appear after higher ones: each gap is looked at again until it is filled or old.
 * The events of one run come in their order; what came late stands behind what other runs did meanwhile.
 */
export class Tail {
  readonly #database: Database
  readonly #clock: Clock
  readonly #types: readonly string[]
  #last: number
  #gaps: Gap[] = []

  private constructor(database: Database, clock: Clock, types: readonly string[], after: number) {
    this.#database = database
    this.#clock = clock
    this.#types = types
    this.#last = after
  }

  /** Follows what comes from now on. Events of other types than these are left out, and so are blobs. */
  static async fromNow(database: Database, clock: Clock, types: readonly string[]): Promise<Tail> {
    const ids = await database.all<{ id: number }>(
      'select id from events where id > coalesce((select max(id) from events), 0) - ? order by id',
      [lookBackIds],
    )
    const tail = new Tail(database, clock, types, (ids[0]?.id ?? 1) - 1)
    tail.#note(ids)
    return tail
  }

  /** What came since the last time. */
  async read(): Promise<TailEvent[]> {
    const found = await this.#readGaps()
    for (;;) {
      const rows = await this.#select('e.id > ?', [this.#last], `limit ${pageSize}`)
      this.#note(rows)
      found.push(...rows)
      const told = found.filter(({ type }) => this.#types.includes(type))
      if (told.length > 0 || rows.length < pageSize) return told
    }
  }

  async #readGaps(): Promise<TailEvent[]> {
    const oldest = this.#clock.now() - lateMs
    this.#gaps = this.#gaps.filter(({ foundAt }) => foundAt > oldest).slice(-mostGaps)
    if (this.#gaps.length === 0) return []
    const late = await this.#select(
      this.#gaps.map(() => 'e.id between ? and ?').join(' or '),
      this.#gaps.flatMap(({ from, to }) => [from, to]),
    )
    this.#gaps = this.#gaps.flatMap((gap) => without(gap, late))
    return late
  }

  #select(where: string, values: Value[], limit = ''): Promise<TailEvent[]> {
    const told = this.#types.map(() => '?').join(', ')
    return this.#database.all<TailEvent>(
      `select ${columns}, case when e.type in (${told}) then e.payload end as payload
       from events e join runs r on r.no = e.run where ${where} order by e.id ${limit}`,
      [...this.#types, ...values],
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
  for (const { id } of come) {
    if (id < gap.from || id > gap.to) continue
    if (id > from) left.push({ ...gap, from, to: id - 1 })
    from = id + 1
  }
  return from > gap.to ? left : [...left, { ...gap, from }]
}
