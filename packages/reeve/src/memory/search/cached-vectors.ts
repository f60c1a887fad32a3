import { packedBytes, scaleOf, unpackVector } from '../../store/memory/items.ts'
import { nearestSlots, signWords, writeSigns } from '../../store/memory/signs.ts'

/** How many by their signs are compared by their vectors for each that is wanted. */
const signBreadth = 6
const firstCapacity = 256

/** The vectors of many items next to one another, by slots. The first one tells how many dimensions count. */
export class CachedVectors {
  #dimensions = 0
  /** Of 32 signs each, per slot. */
  #words = 0
  #signs = new Int32Array(0)
  /** A byte a dimension, and what a byte stands for; 0: this slot has no vector. */
  #bytes = new Int8Array(0)
  #scales = new Float32Array(0)
  #count = 0

  /** The vector of the next slot; null: it has none. */
  add(slot: number, packed: Uint8Array | null): void {
    this.#count = slot + 1
    if (packed === null) return
    const bytes = packedBytes(packed)
    if (this.#dimensions === 0) {
      this.#dimensions = bytes.length
      this.#words = signWords(bytes.length)
    }
    this.#grow(slot + 1)
    if (bytes.length !== this.#dimensions) return
    this.#bytes.set(bytes, slot * this.#dimensions)
    this.#scales[slot] = scaleOf(packed)
    writeSigns(unpackVector(packed), this.#signs, slot * this.#words)
  }

  has(slot: number): boolean {
    return (this.#scales[slot] ?? 0) !== 0
  }

  /** Of the slots that are 1 in `mask`, `sought` of which have a vector: the nearest, best first. */
  nearest(
    vector: Float32Array,
    mask: Uint8Array,
    sought: number,
    limit: number,
  ): { slots: number[]; isExact: boolean } {
    if (vector.length !== this.#dimensions) return { slots: [], isExact: true }
    const wanted = new Int32Array(this.#words)
    writeSigns(vector, wanted, 0)
    this.#grow(this.#count)
    const candidates = nearestSlots(
      this.#signs,
      this.#words,
      this.#count,
      wanted,
      limit * signBreadth,
      (slot) => mask[slot] === 1 && this.has(slot),
    )
    const found = candidates.map((slot) => ({ slot, near: this.#cosine(slot, vector) }))
    found.sort((left, right) => right.near - left.near || left.slot - right.slot)
    return {
      slots: found.slice(0, limit).map(({ slot }) => slot),
      isExact: candidates.length === sought,
    }
  }

  #cosine(slot: number, vector: Float32Array): number {
    const bytes = this.#bytes
    let sum = 0
    for (let at = 0, byte = slot * this.#dimensions; at < vector.length; at++, byte++)
      sum += bytes[byte]! * vector[at]!
    return sum * this.#scales[slot]!
  }

  #grow(slots: number): void {
    if (slots <= this.#scales.length) return
    const capacity = Math.max(slots, this.#scales.length * 2, firstCapacity)
    this.#signs = grown(this.#signs, new Int32Array(capacity * this.#words))
    this.#bytes = grown(this.#bytes, new Int8Array(capacity * this.#dimensions))
    this.#scales = grown(this.#scales, new Float32Array(capacity))
  }
}

function grown<Numbers extends Int32Array | Int8Array | Float32Array>(
  before: Numbers,
  larger: Numbers,
): Numbers {
  larger.set(before)
  return larger
}
