import type { Searchable } from '../../store/memory/item-words.ts'
import { cosineWith, unpackVector } from '../../store/memory/items.ts'
import { nearestSlots, signWords, writeSigns } from '../../store/memory/signs.ts'
import type { Visible } from '../../store/memory/visible.ts'
import { countTerms, likenessOf, shareOf } from './words.ts'

/** An item of the copy; its terms stand in the lists of those that hold a term. */
export type CachedItem = Omit<Searchable, 'titleTerms' | 'headingTerms' | 'bodyTerms'> & {
  likeness: string
}

/** How many by their signs are compared by their vectors for each that is wanted. */
const signBreadth = 6
const firstCapacity = 256

/**
 * Current items by their words and vectors, in memory. A slot an item, in the order in which they came; the slot of one that
 * ended stays empty.
 */
export class CachedItems {
  readonly #items: (CachedItem | undefined)[] = []
  readonly #slots = new Map<number, number>()
  /** Slot and count in turns, for each term. */
  readonly #holding = new Map<string, number[]>()
  /** Of 32 signs each, per slot; 0 until the first vector tells the dimensions. */
  #words = 0
  #signs = new Int32Array(0)
  #lastNo = 0

  /** How many slots there are, the empty ones too. */
  get size(): number {
    return this.#items.length
  }

  /** The number of the item that was added last; 0: none was. */
  get lastNo(): number {
    return this.#lastNo
  }

  add({ titleTerms, headingTerms, bodyTerms, ...item }: Searchable): void {
    const slot = this.#items.length
    this.#items.push({ ...item, likeness: likenessOf({ bodyTerms, hash: item.hash }) })
    this.#slots.set(item.no, slot)
    this.#lastNo = item.no
    for (const [term, times] of countTerms({ titleTerms, headingTerms, bodyTerms })) {
      const list = this.#holding.get(term)
      if (list) list.push(slot, times)
      else this.#holding.set(term, [slot, times])
    }
    this.#addSigns(slot, item.vector ? unpackVector(item.vector) : undefined)
  }

  /** It ended. */
  drop(no: number): void {
    const slot = this.#slots.get(no)
    if (slot !== undefined) this.#items[slot] = undefined
  }

  get(no: number): CachedItem | undefined {
    return this.in(this.#slots.get(no) ?? -1)
  }

  in(slot: number): CachedItem | undefined {
    return this.#items[slot]
  }

  /** The scores by words of every slot: 0 where none of these terms stands. */
  scores(weights: ReadonlyMap<string, number>, meanLength: number): Float64Array {
    const sums = new Float64Array(this.size)
    for (const [term, weight] of weights) {
      const list = this.#holding.get(term) ?? []
      for (let at = 0; at < list.length; at += 2) {
        const slot = list[at]!
        const item = this.#items[slot]
        if (item) sums[slot]! += weight * shareOf(list[at + 1]!, item.length, meanLength)
      }
    }
    return sums
  }

  /** The slots of visible items with the highest scores, best first; of equal ones the older first. */
  wordiest(scores: Float64Array, visible: Visible, limit: number): number[] {
    const best: number[] = []
    let least = 0
    for (let slot = 0; slot < scores.length; slot++) {
      const score = scores[slot]!
      if (score <= least) continue
      const item = this.#items[slot]
      if (!item || !isVisible(item, visible)) continue
      let at = best.length
      while (at > 0 && scores[best[at - 1]!]! < score) at--
      best.splice(at, 0, slot)
      if (best.length > limit) best.pop()
      if (best.length === limit) least = scores[best[limit - 1]!]!
    }
    return best
  }

  /** The visible items whose vectors are nearest, best first; of those that differ in most signs one may be missed. */
  nearest(vector: Float32Array, visible: Visible, limit: number): { slots: number[]; isExact: boolean } {
    if (signWords(vector.length) !== this.#words) return { slots: [], isExact: true }
    const wanted = new Int32Array(this.#words)
    writeSigns(vector, wanted, 0)
    let sought = 0
    const isSought = (slot: number) => {
      const item = this.#items[slot]
      const isSo = item?.vector != null && isVisible(item, visible)
      if (isSo) sought++
      return isSo
    }
    const slots = nearestSlots(this.#signs, this.#words, this.size, wanted, limit * signBreadth, isSought)
    const found = slots.map((slot) => ({ slot, near: cosineWith(this.#items[slot]!.vector!, vector) }))
    found.sort((left, right) => right.near - left.near || left.slot - right.slot)
    return { slots: found.slice(0, limit).map(({ slot }) => slot), isExact: slots.length === sought }
  }

  #addSigns(slot: number, vector: Float32Array | undefined): void {
    if (this.#words === 0 && vector) this.#words = signWords(vector.length)
    const needed = (slot + 1) * this.#words
    if (needed > this.#signs.length) {
      const signs = new Int32Array(Math.max(needed, this.#signs.length * 2, firstCapacity * this.#words))
      signs.set(this.#signs)
      this.#signs = signs
    }
    if (vector && signWords(vector.length) === this.#words)
      writeSigns(vector, this.#signs, slot * this.#words)
  }
}

/** The same as `conditionOf` says to the database, of what is current. */
function isVisible(item: CachedItem, { scope, kinds, now, trustedOnly, hidden }: Visible): boolean {
  if (item.validFrom !== null && item.validFrom > now) return false
  if (item.validUntil !== null && item.validUntil <= now) return false
  if (scope !== '' && item.scope !== scope && !item.scope.startsWith(`${scope}/`)) return false
  if (kinds.length > 0 && !kinds.includes(item.kind)) return false
  if (hidden?.some((one) => item.scope === one || item.scope.startsWith(`${one}/`))) return false
  return !(trustedOnly && item.untrusted)
}
