import type { Visible } from '../../store/memory/visible.ts'
import type { Searchable } from '../../store/memory/words/item-words.ts'
import { CachedVectors } from './cached-vectors.ts'
import { countTerms, likenessOf, shareOf } from './words.ts'

/** An item of the copy; its terms stand in the lists of those that hold a term. */
export type CachedItem = Omit<Searchable, 'titleTerms' | 'headingTerms' | 'bodyTerms'> & {
  likeness: string
}

/**
 * Current items by their words and vectors, in memory. A slot an item, in the order in which they came; the slot of one that
 * ended stays empty.
 */
export class CachedItems {
  readonly #items: (CachedItem | undefined)[] = []
  readonly #slots = new Map<number, number>()
  /** Slot and count in turns, for each term. */
  readonly #holding = new Map<string, number[]>()
  readonly #vectors = new CachedVectors()
  #lastNo = 0
  /** Which slots whoever asked last may see; undefined: items came or went since. */
  #seen: Seen | undefined

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
    this.#vectors.add(slot, item.vector)
    this.#seen = undefined
  }

  /** It ended. */
  drop(no: number): void {
    const slot = this.#slots.get(no)
    if (slot === undefined) return
    this.#items[slot] = undefined
    this.#seen = undefined
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
    const { mask } = this.#seenBy(visible)
    let least = 0
    for (let slot = 0; slot < scores.length; slot++) {
      const score = scores[slot]!
      if (score <= least || mask[slot] === 0) continue
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
    const { mask, count } = this.#seenBy(visible)
    return this.#vectors.nearest(vector, mask, count, limit)
  }

  #seenBy(visible: Visible): Seen {
    const { scope, kinds, trustedOnly, hidden, now } = visible
    const key = JSON.stringify([scope, kinds, trustedOnly, hidden])
    const seen = this.#seen
    if (seen?.key === key && now >= seen.from && now < seen.until) return seen
    const mask = Uint8Array.from(this.#items, (item) => (item && isVisible(item, visible) ? 1 : 0))
    let count = 0
    for (let slot = 0; slot < mask.length; slot++) if (mask[slot] === 1 && this.#vectors.has(slot)) count++
    this.#seen = { key, mask, count, from: now, until: nextChange(this.#items, now) }
    return this.#seen
  }
}

/** What one kind of asker may see. */
interface Seen {
  key: string
  /** 1 for each slot whose item is visible. */
  mask: Uint8Array
  /** How many of them have a vector. */
  count: number
  /** For how long it holds. */
  from: number
  until: number
}

/** When the next item begins or ceases to be valid. */
function nextChange(items: readonly (CachedItem | undefined)[], now: number): number {
  let next = Number.POSITIVE_INFINITY
  for (const item of items)
    for (const at of [item?.validFrom, item?.validUntil])
      if (at != null && at > now) next = Math.min(next, at)
  return next
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
