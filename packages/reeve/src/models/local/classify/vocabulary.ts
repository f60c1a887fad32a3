import type { StaticTable } from '../text/static-table.ts'
import { FeatureReader } from './features.ts'

/** The length of the block of meanings, where the two others have the root of 1/2 each. */
const meaningLength = 1

/** A text as a sparse vector: `values[k]` is the weight of feature `ids[k]`, for k below `count`. */
export interface SparseVector {
  ids: Uint32Array
  values: Float32Array
  count: number
  /** How much of the text the vocabulary knows, 0 to 1: the length of the known part against the whole. */
  known: number
}

/** What of a vocabulary is kept in bytes: one hash and one rarity per feature. */
export interface VocabularyData {
  hashes: Uint32Array
  rarities: Float32Array
}

/**
 * The features known from training, each with its rarity (inverse document frequency). Words and character
 * n-grams are two blocks: sublinear term frequency times rarity, each block scaled to the same length, so that the
 * many n-grams of a text do not drown its few words. Features never seen in training add to a block's length
 * only: the fewer known features a text has, the weaker its vector, and the less sure the classifier. Where there is a table of
 * word vectors, the text's vector is a third block, behind the features.
 */
export class Vocabulary {
  readonly data: VocabularyData
  readonly #slots: Uint32Array
  readonly #mask: number
  readonly #counts: Uint16Array
  readonly #reader = new FeatureReader()
  readonly #vector: SparseVector
  readonly #rarest: number
  readonly #table: StaticTable | undefined

  constructor(data: VocabularyData, table?: StaticTable) {
    this.data = data
    this.#table = table
    const size = data.hashes.length
    const capacity = 2 ** Math.ceil(Math.log2(Math.max(16, size * 2)))
    this.#mask = capacity - 1
    this.#slots = new Uint32Array(capacity)
    this.#counts = new Uint16Array(size)
    this.#vector = { ids: new Uint32Array(1024), values: new Float32Array(1024), count: 0, known: 0 }
    let rarest = 0
    for (let id = 0; id < size; id++) {
      let slot = data.hashes[id]! & this.#mask
      while (this.#slots[slot] !== 0) slot = (slot + 1) & this.#mask
      this.#slots[slot] = id + 1
      rarest = Math.max(rarest, data.rarities[id]!)
    }
    this.#rarest = rarest
  }

  /** How many numbers a vector may have. */
  get size(): number {
    return this.data.hashes.length + (this.#table?.dimensions ?? 0)
  }

  /** The vector is reused: it holds until the next call. */
  vectorOf(text: string): SparseVector {
    const reader = this.#reader
    const vector = this.#vector
    reader.read(text)
    vector.count = 0
    const knownWords = this.#addBlock(0, reader.wordEnd)
    const knownGrams = this.#addBlock(reader.wordEnd, reader.end)
    vector.known = (knownWords + knownGrams) / 2
    if (this.#table) this.#addMeaning(this.#table, text)
    return vector
  }

  #addMeaning(table: StaticTable, text: string): void {
    const vector = this.#vector
    const meaning = table.embed(text)
    const first = this.data.hashes.length
    if (vector.ids.length < vector.count + meaning.length) this.#growVector(vector.count + meaning.length)
    for (let at = 0; at < meaning.length; at++) {
      vector.ids[vector.count] = first + at
      vector.values[vector.count++] = meaning[at]! * meaningLength
    }
  }

  /** Appends one block, scaled to a square of 1/2, and says how much of it is known. */
  #addBlock(from: number, to: number): number {
    const counts = this.#counts
    const vector = this.#vector
    const slots = this.#slots
    const mask = this.#mask
    const { hashes, rarities } = this.data
    const found = this.#reader.hashes
    if (vector.ids.length < vector.count + to - from) this.#growVector(vector.count + to - from)
    const first = vector.count
    let count = first
    let unknown = 0
    for (let at = from; at < to; at++) {
      const hash = found[at]!
      let slot = hash & mask
      let id = slots[slot]!
      while (id !== 0 && hashes[id - 1] !== hash) {
        slot = (slot + 1) & mask
        id = slots[slot]!
      }
      if (id === 0) unknown++
      else if (counts[id - 1]!++ === 0) vector.ids[count++] = id - 1
    }
    let squares = 0
    for (let at = first; at < count; at++) {
      const id = vector.ids[at]!
      const occurrences = counts[id]!
      counts[id] = 0
      const value = (occurrences === 1 ? 1 : 1 + Math.log(occurrences)) * rarities[id]!
      vector.values[at] = value
      squares += value * value
    }
    vector.count = count
    if (squares === 0) return 0
    const scale = Math.sqrt(0.5 / squares)
    for (let at = first; at < count; at++) vector.values[at]! *= scale
    return Math.sqrt(squares / (squares + unknown * this.#rarest * this.#rarest))
  }

  #growVector(count: number): void {
    const ids = new Uint32Array(count * 2)
    const values = new Float32Array(count * 2)
    ids.set(this.#vector.ids)
    values.set(this.#vector.values)
    this.#vector.ids = ids
    this.#vector.values = values
  }
}

/** Learns the vocabulary of some texts: the features that occur in at least `minTexts` of them. */
export function learnVocabulary(
  texts: string[],
  minTexts: number,
  maxFeatures: number,
  table?: StaticTable,
): Vocabulary {
  const reader = new FeatureReader()
  const textCounts = new Map<number, number>()
  for (const text of texts) {
    reader.read(text)
    for (const hash of new Set(reader.hashes.subarray(0, reader.end))) {
      textCounts.set(hash, (textCounts.get(hash) ?? 0) + 1)
    }
  }
  let kept = [...textCounts].filter(([, count]) => count >= minTexts)
  if (kept.length > maxFeatures) kept = kept.sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, maxFeatures)
  const data = {
    hashes: Uint32Array.from(kept, ([hash]) => hash),
    rarities: Float32Array.from(kept, ([, count]) => Math.log((1 + texts.length) / (1 + count)) + 1),
  }
  return new Vocabulary(data, table)
}
