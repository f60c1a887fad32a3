import { createSpelling } from './spelling.ts'

interface PostingList {
  term: string
  slots: Int32Array
  /** How often the term stands in the slot's text, fields weighted. */
  counts: Float32Array
  length: number
}

/** A term of a query as the index knows it. */
export interface QueryTerm {
  /** As the query has it. */
  term: string
  /** What was searched: the term itself, or indexed terms that are spelt alike. Empty: nothing is. */
  matched: string[]
  /** Its inverse document frequency; that of a term found once for one that is not indexed. */
  rarity: number
}

/** Of the words that a query may have beyond this, the commonest are left out: they cost most and tell least. */
const maxQueryTerms = 24
const maxRespelt = 4
/** A respelt word is a guess. */
const respeltShare = 0.7
const saturation = 1.4
const lengthShare = 0.75

/** The inverted index: terms to slots, ranked with BM25 (Robertson and Zaragoza 2009, "BM25 and Beyond"). */
export class Postings {
  readonly #numbers = new Map<string, number>()
  readonly #lists: PostingList[] = []
  readonly #spelling = createSpelling()
  #termsBySlot: Int32Array[] = []
  #lengths = new Float32Array(64)
  /** k1 · (1 - b + b · length / average) by slot; stale after every change. */
  #norms = new Float32Array(64)
  #normsAreStale = true
  #totalLength = 0
  #size = 0
  #scores = new Float32Array(64)
  #touched = new Int32Array(64)
  #touchedCount = 0

  /** @param counts each term's weighted number of occurrences @param length the text's own number of terms */
  add(slot: number, counts: ReadonlyMap<string, number>, length: number): void {
    this.#reserve(slot + 1)
    const numbers = new Int32Array(counts.size)
    let at = 0
    for (const [term, count] of counts) {
      const number = this.#numberOf(term)
      numbers[at++] = number
      append(this.#lists[number]!, slot, count)
    }
    this.#termsBySlot[slot] = numbers
    this.#lengths[slot] = length
    this.#totalLength += length
    this.#size++
    this.#normsAreStale = true
  }

  remove(slot: number): void {
    for (const number of this.#termsBySlot[slot] ?? []) drop(this.#lists[number]!, slot)
    this.#termsBySlot[slot] = new Int32Array(0)
    this.#totalLength -= this.#lengths[slot]!
    this.#lengths[slot] = 0
    this.#size--
    this.#normsAreStale = true
  }

  /** The query's terms once each, rarest first, at most `maxQueryTerms`. */
  read(terms: string[]): QueryTerm[] {
    const known: QueryTerm[] = []
    let respelt = 0
    for (const term of new Set(terms)) {
      const frequency = this.#frequencyOf(term)
      if (frequency > 0) known.push({ term, matched: [term], rarity: this.#rarityOf(frequency) })
      else {
        const matched =
          respelt++ < maxRespelt
            ? this.#spelling.alike(term, (number) => this.#lists[number]!.length > 0)
            : []
        known.push({
          term,
          matched: matched.map((number) => this.#lists[number]!.term),
          rarity: this.#rarityOf(1),
        })
      }
    }
    known.sort((left, right) => right.rarity - left.rarity || (left.term < right.term ? -1 : 1))
    return known.slice(0, maxQueryTerms)
  }

  /**
   * Scores every slot that has one of the terms, 0..1: 1 would be a slot that is full of all of them. `visit` is
   * called once per such slot, in no particular order.
   */
  score(terms: QueryTerm[], visit: (slot: number, score: number) => void): void {
    if (this.#normsAreStale) this.#refreshNorms()
    const scores = this.#scores
    const touched = this.#touched
    for (let at = 0; at < this.#touchedCount; at++) scores[touched[at]!] = 0
    this.#touchedCount = 0
    const most = terms.reduce((sum, { rarity }) => sum + rarity, 0) * (saturation + 1)
    for (const { matched, rarity, term } of terms) {
      for (const spelling of matched) {
        const list = this.#lists[this.#numbers.get(spelling)!]!
        const share = spelling === term ? 1 : respeltShare / matched.length
        const weight = Math.min(rarity, this.#rarityOf(list.length)) * share * (saturation + 1)
        this.#accumulate(list, weight / most)
      }
    }
    for (let at = 0; at < this.#touchedCount; at++) visit(touched[at]!, scores[touched[at]!]!)
  }

  /** A slot's score in the last call of `score`. */
  scoreOf(slot: number): number {
    return this.#scores[slot]!
  }

  #accumulate(list: PostingList, weight: number): void {
    const scores = this.#scores
    const touched = this.#touched
    const norms = this.#norms
    const { slots, counts, length } = list
    let end = this.#touchedCount
    for (let at = 0; at < length; at++) {
      const slot = slots[at]!
      const count = counts[at]!
      const before = scores[slot]!
      if (before === 0) touched[end++] = slot
      scores[slot] = before + (weight * count) / (count + norms[slot]!)
    }
    this.#touchedCount = end
  }

  #frequencyOf(term: string): number {
    const number = this.#numbers.get(term)
    return number === undefined ? 0 : this.#lists[number]!.length
  }

  #rarityOf(frequency: number): number {
    return Math.log(1 + (this.#size - frequency + 0.5) / (frequency + 0.5))
  }

  #numberOf(term: string): number {
    let number = this.#numbers.get(term)
    if (number === undefined) {
      number = this.#lists.length
      this.#numbers.set(term, number)
      this.#lists.push({ term, slots: new Int32Array(2), counts: new Float32Array(2), length: 0 })
      this.#spelling.add(number, term)
    }
    return number
  }

  #refreshNorms(): void {
    const average = this.#size > 0 ? this.#totalLength / this.#size : 1
    for (let slot = 0; slot < this.#termsBySlot.length; slot++) {
      this.#norms[slot] =
        saturation * (1 - lengthShare + (lengthShare * this.#lengths[slot]!) / (average || 1))
    }
    this.#normsAreStale = false
  }

  #reserve(count: number): void {
    if (count <= this.#lengths.length) return
    const capacity = Math.max(count, this.#lengths.length * 2)
    this.#lengths = grown(this.#lengths, new Float32Array(capacity))
    this.#norms = new Float32Array(capacity)
    this.#scores = new Float32Array(capacity)
    this.#touched = new Int32Array(capacity)
    this.#touchedCount = 0
  }
}

function append(list: PostingList, slot: number, count: number): void {
  if (list.length === list.slots.length) {
    list.slots = grown(list.slots, new Int32Array(list.length * 2))
    list.counts = grown(list.counts, new Float32Array(list.length * 2))
  }
  list.slots[list.length] = slot
  list.counts[list.length++] = count
}

/** The order in a list means nothing, so its last entry fills the gap. */
function drop(list: PostingList, slot: number): void {
  const at = list.slots.indexOf(slot)
  const last = --list.length
  list.slots[at] = list.slots[last]!
  list.counts[at] = list.counts[last]!
}

function grown<T extends Int32Array | Float32Array>(from: T, to: T): T {
  to.set(from)
  return to
}
