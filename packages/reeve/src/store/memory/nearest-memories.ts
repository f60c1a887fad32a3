import { setImmediate } from 'node:timers/promises'
import type { Database, Session } from '../database.ts'
import { readVectorColumn, type VectorColumn } from '../postgres/pgvector.ts'
import { numbersOf, pathOf, vectorOf } from './memories.ts'

/** What to look for: current items of one embedder, in a scope and below it. */
export interface NearestQuery {
  /** Empty: everything. */
  scope: string
  embedder: string
  /** Of length 1. */
  vector: Float32Array
  /** The most items. */
  limit: number
}

export interface Nearest {
  no: number
  /** The cosine with the query. */
  score: number
}

export interface NearestResult {
  /** Best first; of equal ones the older first. */
  found: Nearest[]
  /** False when an index was followed, which may miss a few. */
  exact: boolean
}

const pageRows = 500
/** A scope with more than this share of all items is read in the order of their numbers. */
const broadShare = 8
/** Scopes with fewer items are compared in full where there is an index too. */
const comparedInFull = 5000
/** How many items of the index are looked at: the more, the fewer are missed. */
const indexBreadth = 200

/**
 * The items whose vectors are nearest to a query's. With pgvector the server compares them, by an index where there is one
 * and the scope is large; without it this process does, a page of rows at a time, so that its memory is bounded and its
 * other work goes on.
 */
export class NearestMemories {
  readonly #database: Database
  readonly #comparedInFull: number
  readonly #pageRows: number
  #column: Promise<VectorColumn | undefined> | undefined

  constructor(database: Database, options: { comparedInFull?: number; pageRows?: number } = {}) {
    this.#database = database
    this.#comparedInFull = options.comparedInFull ?? comparedInFull
    this.#pageRows = options.pageRows ?? pageRows
  }

  /** Whether pgvector's column was there when it was first looked for; one added later is used after a restart. */
  column(): Promise<VectorColumn | undefined> {
    if (!this.#column) {
      this.#column = readVectorColumn(this.#database, this.#database.kind)
      this.#column.catch(() => {
        this.#column = undefined
      })
    }
    return this.#column
  }

  async find(query: NearestQuery): Promise<NearestResult> {
    const column = await this.column()
    if (!column) return { found: await this.#compare(query, await this.#pages(query)), exact: true }
    // Written by processes that knew of no column.
    const lacking = pagesByScope(this.#database, query, this.#pageRows, 'and embedding is null')
    const unplaced = await this.#compare(query, lacking)
    const { found, exact } = await this.#ask(query, column)
    const all = [...found, ...unplaced].sort(byScore)
    return { found: all.slice(0, query.limit), exact }
  }

  async #ask(query: NearestQuery, column: VectorColumn): Promise<NearestResult> {
    if (column.indexed.includes(query.vector.length) && (await this.#holds(query, this.#comparedInFull))) {
      const found = await this.#database.transaction((session) => followIndex(session, query, column))
      // Where the index gave up before it had enough, the rest may be anywhere.
      if (found.length === query.limit) return { found, exact: false }
    }
    const { schema } = column
    const distance = `embedding operator(${schema}.<=>) cast(cast(? as real[]) as ${schema}.vector)`
    return { found: await ordered(this.#database, query, distance), exact: true }
  }

  async #holds(query: NearestQuery, least: number): Promise<boolean> {
    const row = await this.#database.get<{ count: number }>(
      `select count(*) as count from (select 1 from memories where ${inScope} limit ?) as counted`,
      [...scopeOf(query), least],
    )
    return row!.count >= least
  }

  async #compare(query: NearestQuery, pages: AsyncIterable<VectorRow[]>): Promise<Nearest[]> {
    const best = new Best(query.limit)
    for await (const rows of pages) {
      for (const { no, vector } of rows) {
        if (vector) best.offer(no, cosine(vectorOf(vector), query.vector))
      }
      await setImmediate()
    }
    return best.found
  }

  /** Rows are read faster in the order in which they lie, even if some that are not wanted are passed over. */
  async #pages(query: NearestQuery): Promise<AsyncIterable<VectorRow[]>> {
    const row = await this.#database.get<{ no: number | null }>('select max(no) as no from memories')
    const isBroad = await this.#holds(query, Math.ceil((row?.no ?? 0) / broadShare))
    return isBroad
      ? pagesByNumber(this.#database, query, this.#pageRows)
      : pagesByScope(this.#database, query, this.#pageRows)
  }
}

interface VectorRow {
  no: number
  vector: Uint8Array | null
}

/** The current items of the scope, and nothing of the others but their numbers. */
async function* pagesByNumber(
  session: Session,
  query: NearestQuery,
  size: number,
): AsyncGenerator<VectorRow[]> {
  const sql = `select no, case when ${inScope} then vector end as vector from memories where no > ? order by no limit ?`
  for (let last = 0; ; ) {
    const rows = await session.all<VectorRow>(sql, [...scopeOf(query), last, size])
    yield rows
    if (rows.length < size) return
    last = rows.at(-1)!.no
  }
}

async function* pagesByScope(
  session: Session,
  query: NearestQuery,
  size: number,
  further = '',
): AsyncGenerator<VectorRow[]> {
  const [embedder, from, below] = scopeOf(query)
  const sql = `select no, scope, vector from memories
    where ended_at is null and vector is not null ${further} and embedder = ?
      and (scope, no) > (?, ?) and scope < ? order by scope, no limit ?`
  for (let last = { scope: from, no: 0 }; ; ) {
    const rows = await session.all<VectorRow & { scope: string }>(sql, [
      embedder,
      last.scope,
      last.no,
      below,
      size,
    ])
    yield rows
    if (rows.length < size) return
    last = rows.at(-1)!
  }
}

/** After every character that a scope may hold. */
const beyondAll = '\u{10ffff}'
const inScope = 'ended_at is null and vector is not null and embedder = ? and scope >= ? and scope < ?'

/** Embedder, first path, and the first path beyond: `0` follows the slash. */
function scopeOf({ embedder, scope }: NearestQuery): [string, string, string] {
  return [embedder, pathOf(scope), scope === '' ? beyondAll : `${scope}0`]
}

/** Planned anew each time: a plan for any scope takes every scope for a small one, and compares all of it. */
async function followIndex(
  session: Session,
  query: NearestQuery,
  { schema }: VectorColumn,
): Promise<Nearest[]> {
  await session.all(
    `select set_config('hnsw.ef_search', ?, true), set_config('hnsw.iterative_scan', 'strict_order', true),
       set_config('plan_cache_mode', 'force_custom_plan', true)`,
    [String(Math.max(indexBreadth, query.limit))],
  )
  const type = `${schema}.vector(${query.vector.length})`
  const distance = `(embedding::${type}) operator(${schema}.<=>) cast(cast(? as real[]) as ${type})`
  return ordered(session, query, distance)
}

async function ordered(session: Session, query: NearestQuery, distance: string): Promise<Nearest[]> {
  const vector = numbersOf(query.vector)
  const found = await session.all<Nearest>(
    `select no, 1 - (${distance}) as score from memories
     where ${inScope} and embedding is not null and dimensions = ${query.vector.length}
     order by ${distance} limit ?`,
    [vector, ...scopeOf(query), vector, query.limit],
  )
  return found.sort(byScore)
}

function byScore(left: Nearest, right: Nearest): number {
  return right.score - left.score || left.no - right.no
}

/** Of vectors of length 1; with another number of dimensions nothing can be said, which counts as not near. */
function cosine(left: Float32Array, right: Float32Array): number {
  if (left.length !== right.length) return -1
  let sum = 0
  for (let at = 0; at < left.length; at++) sum += left[at]! * right[at]!
  return sum
}

/** Keeps the nearest of those offered, best first. */
class Best {
  readonly found: Nearest[] = []
  readonly #limit: number

  constructor(limit: number) {
    this.#limit = limit
  }

  offer(no: number, score: number): void {
    const { found } = this
    const one = { no, score }
    if (found.length === this.#limit && byScore(one, found.at(-1)!) >= 0) return
    let at = found.length
    while (at > 0 && byScore(one, found[at - 1]!) < 0) at--
    found.splice(at, 0, one)
    if (found.length > this.#limit) found.pop()
  }
}
