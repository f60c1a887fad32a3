import { setImmediate } from 'node:timers/promises'
import type { Database } from '../../store/database.ts'
import { countCurrent, type Head, readSearchable } from '../../store/memory/words/item-words.ts'
import { CachedItems } from './cached-items.ts'

/** With more rows than this, ended ones included, no copy is looked for: reading past them all would take long. */
const mostRows = 40_000
const pageRows = 250
/** On Postgres a lower number may become visible after a higher one: then the copy is made anew. */
const freshMs = 60_000

/**
 * A copy of the current items in this process, so that small knowledge is searched without the database. It is no second
 * truth: before each search the last row of the table tells whether anything was added, and what was found is read once
 * more, which shows what has ended meanwhile (`forget` it then, and search again).
 */
export class ItemCache {
  readonly #database: Database
  readonly #embedder: string
  readonly #most: number
  #items: CachedItems | undefined
  #head: string | undefined
  #count = 0
  #madeAt = -Infinity
  #reading: Promise<CachedItems | undefined> | undefined
  /** The last number at which there was too much for a copy. */
  #tooMuchAt = 0

  /**
   * @param embedder while another one made some of the vectors, there is no copy
   * @param most of more current items there is none: the indexes of the database are as good then
   */
  constructor(database: Database, embedder: string, most = 4_000) {
    this.#database = database
    this.#embedder = embedder
    this.#most = most
  }

  /** What is known at this head of the table; undefined: the database is to be searched. */
  async at(head: Head): Promise<CachedItems | undefined> {
    if (this.#most === 0 || head.no > mostRows || head.embedder !== this.#embedder) return this.clear()
    if (this.#tooMuchAt > 0 && head.no - this.#tooMuchAt < this.#most / 10) return undefined
    if (await this.#holds(head)) return this.#items
    this.#reading ??= this.#read(head).finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  /** It ended. */
  forget(no: number): void {
    this.#items?.drop(no)
    this.#count--
  }

  clear(): undefined {
    this.#items = undefined
    this.#head = undefined
  }

  async #holds(head: Head): Promise<boolean> {
    if (!this.#items || this.#head !== markOf(head)) return false
    if (this.#database.kind === 'sqlite') return true
    const isFresh = performance.now() - this.#madeAt < freshMs
    return isFresh && this.#count === (await countCurrent(this.#database, this.#most + 1))
  }

  async #read(head: Head): Promise<CachedItems | undefined> {
    this.#count = await countCurrent(this.#database, this.#most + 1)
    if (this.#count > this.#most) {
      this.#tooMuchAt = head.no
      return this.clear()
    }
    this.#tooMuchAt = 0
    const before = this.#items
    this.clear()
    const items = (before && (await this.#addTo(before, head))) ?? (await this.#fill(new CachedItems(), 0))
    if (!items) return undefined
    this.#items = items
    this.#head = markOf(head)
    this.#madeAt = performance.now()
    return items
  }

  /** What came in behind the copy's last row, where rows come in the order of their numbers and that row still stands. */
  async #addTo(items: CachedItems, head: Head): Promise<CachedItems | undefined> {
    const last = items.get(items.lastNo)
    if (this.#database.kind !== 'sqlite' || !last || head.no < last.no || items.size > 2 * this.#most)
      return undefined
    const [row] = await readSearchable(this.#database, last.no - 1, 1)
    const isSame = row?.no === last.no && row.id === last.id && row.version === last.version
    return isSame ? this.#fill(items, last.no) : undefined
  }

  async #fill(items: CachedItems, after: number): Promise<CachedItems | undefined> {
    for (let last = after; ; ) {
      const rows = await readSearchable(this.#database, last, pageRows)
      if (rows.some(({ embedder }) => embedder !== this.#embedder)) return undefined
      for (const row of rows) items.add(row)
      if (rows.length < pageRows) return items
      last = rows.at(-1)!.no
      await setImmediate()
    }
  }
}

const markOf = ({ no, id, version }: Head) => `${no} ${version} ${id}`
