import { setImmediate } from 'node:timers/promises'
import type { Bulk, Database } from '../database.ts'
import { SettledNumbers } from '../postgres/settled-numbers.ts'
import { unpackVector } from './items.ts'
import { nearestSlots, signWords, writeSigns } from './signs.ts'

/** So many vectors share a row of `item_blocks`. */
const blockItems = 2048
const pageRows = 2000
const vectorsAtOnce = 500

const insertBlocks: Bulk = {
  columns: { embedder: 'text', first_no: 'int', last_no: 'int', numbers: 'bytes', signs: 'bytes' },
  sql: `insert into item_blocks (embedder, first_no, last_no, numbers, signs)
    select :embedder, :first_no, :last_no, :numbers, :signs {from} where true on conflict do nothing`,
}

interface BlockRow {
  first_no: number
  last_no: number
  numbers: Uint8Array
  signs: Uint8Array
}

/**
 * One bit a dimension of every vector of an embedder, in memory: passed over in full in a few milliseconds for a hundred
 * thousand items. Versions that ended stay in it. Filled from `item_blocks`, so that a start reads 32 bytes an item of
 * 256 dimensions and not their vectors.
 */
export class SignIndex {
  readonly #database: Database
  readonly #embedder: string
  /** Of 32 signs each, per slot; 0 until the first vector tells the dimensions. */
  #words = 0
  #dimensions = 0
  #numbers = new Float64Array(0)
  #signs = new Int32Array(0)
  #count = 0
  /** Slots below it stand in blocks. */
  #sealed = 0
  /** The numbers of those in no block yet. */
  readonly #tail = new Set<number>()
  /** Undefined where numbers become visible in their order. */
  readonly #settled: SettledNumbers | undefined
  #refreshing: Promise<void> | undefined

  constructor(database: Database, embedder: string) {
    this.#database = database
    this.#embedder = embedder
    if (database.kind === 'postgres') this.#settled = new SettledNumbers(database)
  }

  get size(): number {
    return this.#count
  }

  /** Takes in what came since it was last called. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined
    })
    return this.#refreshing
  }

  /** The numbers of the items whose signs differ least from the vector's: as many, and those that are as near as the last. */
  nearest(vector: Float32Array, most: number): number[] {
    if (this.#count === 0 || vector.length !== this.#dimensions) return []
    const wanted = new Int32Array(this.#words)
    writeSigns(vector, wanted, 0)
    const slots = nearestSlots(this.#signs, this.#words, this.#count, wanted, most)
    return slots.map((slot) => this.#numbers[slot]!)
  }

  async #refresh(): Promise<void> {
    await this.#readBlocks()
    await this.#readTail()
    await this.#seal()
  }

  async #readBlocks(): Promise<void> {
    for (;;) {
      const last = this.#sealed === 0 ? 0 : this.#numbers[this.#sealed - 1]!
      const rows = await this.#database.all<BlockRow>(
        `select first_no, last_no, numbers, signs from item_blocks
         where embedder = ? and first_no > ? order by first_no limit 64`,
        [this.#embedder, last],
      )
      for (const row of rows) this.#takeBlock(row)
      if (rows.length < 64) return
      await setImmediate()
    }
  }

  #takeBlock({ numbers: bytes, signs: packed }: BlockRow): void {
    const numbers = new Float64Array(bytes.slice().buffer)
    const signs = new Int32Array(packed.slice().buffer)
    this.#begin(Math.round((signs.length / numbers.length) * 32))
    // What was read as a tail before stands in the block now.
    const known = new Set(numbers)
    const kept = [...this.#tail]
      .filter((no) => !known.has(no))
      .map((no) => ({ no, signs: this.#signsOf(no) }))
    this.#count = this.#sealed
    this.#tail.clear()
    this.#reserve(this.#count + numbers.length + kept.length)
    this.#numbers.set(numbers, this.#count)
    this.#signs.set(signs, this.#count * this.#words)
    this.#count += numbers.length
    this.#sealed = this.#count
    for (const one of kept) {
      this.#signs.set(one.signs, this.#count * this.#words)
      this.#numbers[this.#count++] = one.no
      this.#tail.add(one.no)
    }
  }

  #signsOf(no: number): Int32Array {
    const slot = this.#numbers.subarray(this.#sealed, this.#count).indexOf(no) + this.#sealed
    return this.#signs.slice(slot * this.#words, (slot + 1) * this.#words)
  }

  async #readTail(): Promise<void> {
    let last = this.#sealed === 0 ? 0 : this.#numbers[this.#sealed - 1]!
    if (this.#settled) last = Math.max(last, this.#settled.upTo)
    else if (this.#count > this.#sealed) last = this.#numbers[this.#count - 1]!
    for (;;) {
      const rows = await this.#database.all<{ no: number }>(
        `select no from items where embedder = ? and no > ? and vector is not null order by no limit ${pageRows}`,
        [this.#embedder, last],
      )
      await this.#addAll(rows.map(({ no }) => no).filter((no) => !this.#tail.has(no)))
      last = rows.at(-1)?.no ?? last
      if (rows.length < pageRows) break
      await setImmediate()
    }
    await this.#settled?.look(last)
  }

  async #addAll(numbers: readonly number[]): Promise<void> {
    for (let from = 0; from < numbers.length; from += vectorsAtOnce) {
      const page = numbers.slice(from, from + vectorsAtOnce)
      const rows = await this.#database.all<{ no: number; dimensions: number; vector: Uint8Array }>(
        `select no, dimensions, vector from items
         where vector is not null and no in (${page.map(() => '?').join(', ')}) order by no`,
        page,
      )
      for (const { no, dimensions, vector } of rows)
        if (this.#begin(dimensions)) this.#add(no, unpackVector(vector))
      if (from > 0) await setImmediate()
    }
  }

  /** False for a vector of another length: nothing can be said of it. */
  #begin(dimensions: number): boolean {
    if (this.#dimensions === 0) {
      this.#dimensions = dimensions
      this.#words = signWords(dimensions)
    }
    return signWords(dimensions) === this.#words
  }

  #add(no: number, vector: Float32Array): void {
    this.#dimensions = vector.length
    this.#reserve(this.#count + 1)
    writeSigns(vector, this.#signs, this.#count * this.#words)
    this.#numbers[this.#count++] = no
    this.#tail.add(no)
  }

  /** Whole blocks of what will not get a neighbour before it any more. */
  async #seal(): Promise<void> {
    const settled = this.#settled?.upTo ?? Number.POSITIVE_INFINITY
    while (this.#count - this.#sealed >= blockItems) {
      const start = this.#sealed
      const end = start + blockItems
      const order = this.#sortTail()
      const numbers = order.slice(0, blockItems)
      if (numbers.at(-1)! > settled) return
      const own = this.#numbers.slice(start, end)
      const signs = this.#signs.slice(start * this.#words, end * this.#words)
      await this.#database.bulk(insertBlocks, [
        [this.#embedder, own[0]!, own.at(-1)!, bytesOf(own), bytesOf(signs)],
      ])
      this.#sealed = end
      for (const no of own) this.#tail.delete(no)
    }
  }

  /** Puts what stands in no block into the order of its numbers. */
  #sortTail(): number[] {
    const tail = Array.from({ length: this.#count - this.#sealed }, (_, index) => this.#sealed + index)
    const isSorted = tail.every(
      (slot, index) => index === 0 || this.#numbers[slot - 1]! < this.#numbers[slot]!,
    )
    if (!isSorted) {
      const rows = tail
        .map((slot) => ({
          no: this.#numbers[slot]!,
          signs: this.#signs.slice(slot * this.#words, (slot + 1) * this.#words),
        }))
        .sort((left, right) => left.no - right.no)
      for (const [index, { no, signs }] of rows.entries()) {
        this.#numbers[this.#sealed + index] = no
        this.#signs.set(signs, (this.#sealed + index) * this.#words)
      }
    }
    return [...this.#numbers.subarray(this.#sealed, this.#count)]
  }

  #reserve(count: number): void {
    if (count <= this.#numbers.length) return
    const capacity = Math.max(count, Math.ceil(this.#numbers.length * 1.5), 64)
    const numbers = new Float64Array(capacity)
    numbers.set(this.#numbers)
    this.#numbers = numbers
    const signs = new Int32Array(capacity * this.#words)
    signs.set(this.#signs.subarray(0, Math.min(this.#signs.length, signs.length)))
    this.#signs = signs
  }
}

function bytesOf(array: Float64Array | Int32Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
}
