import { setImmediate } from 'node:timers/promises'
import type { Database, Session } from '../database.ts'
import { readVectorColumn, type VectorColumn } from '../postgres/pgvector.ts'
import { cosineWith, numbersOf } from './items.ts'
import { SignIndex } from './sign-index.ts'
import { conditionOf, type Visible } from './visible.ts'
import { holdsUpTo } from './words/item-words.ts'

/** What to look for: items of one embedder. */
export interface NearestQuery {
  visible: Visible
  embedder: string
  /** Of length 1. */
  vector: Float32Array
  /** The most items. */
  limit: number
  /** How many items are visible, counted up to `comparedInFull`, where that is known. */
  held?: number
}

export interface Nearest {
  no: number
  /** The cosine with the query. */
  score: number
}

const pageRows = 500
/** Where fewer are visible, all are compared by their vectors. */
const alwaysInFull = 200
/** And where fewer than that are, if they are few of all: by the index of signs most of what is near would not be visible. */
export const comparedInFull = 5000
const fewOfAll = 8
/** How many items of pgvector's index are looked at: the more, the fewer are missed. */
const indexBreadth = 200
/** How many by their signs are compared by their vectors at first, for each that is wanted. */
const signBreadth = 6
const mostBySigns = 40_000

/**
 * The items whose vectors are nearest to a query's: few are compared in full; of many, pgvector's index finds those to
 * compare where it is there, and the index of signs where not.
 */
export class NearestItems {
  readonly #database: Database
  readonly #comparedInFull: number
  readonly #alwaysInFull: number
  readonly #signs = new Map<string, SignIndex>()
  #column: Promise<VectorColumn | undefined> | undefined

  constructor(database: Database, options: { comparedInFull?: number; alwaysInFull?: number } = {}) {
    this.#database = database
    this.#comparedInFull = options.comparedInFull ?? comparedInFull
    this.#alwaysInFull = options.alwaysInFull ?? alwaysInFull
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

  /** An embedder's vectors have other dimensions now. */
  forget(embedder: string): void {
    this.#signs.delete(embedder)
  }

  /** Takes in what was added, so that the next search need not. */
  async refresh(embedder: string): Promise<void> {
    if (!(await this.column())?.indexed.length) await this.#signsOf(embedder).refresh()
  }

  /** Best first; of equal ones the older first. */
  async find(query: NearestQuery): Promise<{ found: Nearest[]; isExact: boolean }> {
    const column = await this.column()
    const held = query.held ?? (await holdsUpTo(this.#database, query.visible, this.#comparedInFull))
    if (held < this.#comparedInFull && (await this.#isFew(held, query.embedder)))
      return { found: await this.#compareAll(query), isExact: true }
    const isIndexed = column?.indexed.includes(query.vector.length) && query.visible.asOf === undefined
    if (column && isIndexed && !(await this.#lacksPlaced())) {
      const found = await this.#database.transaction((session) => followIndex(session, query, column))
      // Where the index gave up before it had enough, the rest may be anywhere.
      if (found.length === query.limit) return { found, isExact: false }
    }
    return { found: await this.#findBySigns(query), isExact: false }
  }

  /** The cosines of items with the query, by their numbers; those of another embedder or without a vector are left out. */
  async compare({ embedder, vector }: Pick<NearestQuery, 'embedder' | 'vector'>, numbers: readonly number[]) {
    const best: Nearest[] = []
    for (let from = 0; from < numbers.length; from += pageRows) {
      const page = numbers.slice(from, from + pageRows)
      const rows = await this.#database.all<VectorRow>(
        `select no, vector from items where embedder = ? and vector is not null
         and no in (${page.map(() => '?').join(', ')})`,
        [embedder, ...page],
      )
      if (from > 0) await setImmediate()
      for (const row of rows) best.push({ no: row.no, score: cosineWith(row.vector, vector) })
    }
    return best
  }

  async #isFew(held: number, embedder: string): Promise<boolean> {
    if (held < this.#alwaysInFull || (await this.column())) return true
    const signs = this.#signsOf(embedder)
    await signs.refresh()
    return held * fewOfAll < signs.size
  }

  /** Whether a process that knew of no column wrote items: the index of signs has them. */
  async #lacksPlaced(): Promise<boolean> {
    const row = await this.#database.get(
      'select 1 as there from items where ended_at is null and vector is not null and embedding is null limit 1',
    )
    return row !== undefined
  }

  #signsOf(embedder: string): SignIndex {
    let signs = this.#signs.get(embedder)
    if (!signs) {
      signs = new SignIndex(this.#database, embedder)
      this.#signs.set(embedder, signs)
    }
    return signs
  }

  async #compareAll(query: NearestQuery): Promise<Nearest[]> {
    const { sql, parameters } = conditionOf(query.visible)
    const rows = await this.#database.all<{ no: number }>(`select no from items where ${sql}`, parameters)
    const found = await this.compare(
      query,
      rows.map(({ no }) => no),
    )
    return found.sort(byScore).slice(0, query.limit)
  }

  async #findBySigns(query: NearestQuery): Promise<Nearest[]> {
    const { vector, limit } = query
    const signs = this.#signsOf(query.embedder)
    await signs.refresh()
    for (let breadth = limit * signBreadth; ; breadth *= 4) {
      const near = signs.nearest(vector, breadth)
      const found = await this.#compareVisible(near, query)
      const isAll = near.length >= signs.size || breadth * 4 > mostBySigns
      if (found.length < limit * (signBreadth / 2) && !isAll) continue
      return found.sort(byScore).slice(0, limit)
    }
  }

  async #compareVisible(
    numbers: readonly number[],
    { visible, embedder, vector }: NearestQuery,
  ): Promise<Nearest[]> {
    const { sql, parameters } = conditionOf(visible)
    const found: Nearest[] = []
    for (let from = 0; from < numbers.length; from += pageRows) {
      const page = numbers.slice(from, from + pageRows)
      const rows = await this.#database.all<VectorRow>(
        `select no, vector from items where no in (${page.map(() => '?').join(', ')})
         and embedder = ? and vector is not null and ${sql}`,
        [...page, embedder, ...parameters],
      )
      for (const row of rows) found.push({ no: row.no, score: cosineWith(row.vector, vector) })
      if (from > 0) await setImmediate()
    }
    return found
  }
}

interface VectorRow {
  no: number
  vector: Uint8Array
}

/** Planned anew each time: a plan for any scope takes every scope for a small one, and compares all of it. */
async function followIndex(
  session: Session,
  { visible, embedder, vector, limit }: NearestQuery,
  { schema }: VectorColumn,
): Promise<Nearest[]> {
  await session.all(
    `select set_config('hnsw.ef_search', ?, true), set_config('hnsw.iterative_scan', 'strict_order', true),
       set_config('plan_cache_mode', 'force_custom_plan', true)`,
    [String(Math.max(indexBreadth, limit))],
  )
  const type = `${schema}.vector(${vector.length})`
  const distance = `(embedding::${type}) operator(${schema}.<=>) cast(cast(? as real[]) as ${type})`
  const { sql, parameters } = conditionOf(visible)
  const given = numbersOf(vector)
  const found = await session.all<Nearest>(
    `select no, 1 - (${distance}) as score from items
     where ${sql} and embedder = ? and embedding is not null and dimensions = ${vector.length}
     order by ${distance} limit ?`,
    [given, ...parameters, embedder, given, limit],
  )
  return found.sort(byScore)
}

function byScore(left: Nearest, right: Nearest): number {
  return right.score - left.score || left.no - right.no
}
