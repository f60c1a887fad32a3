/**
 * Vectors of length 1 by slot in two forms: one byte per dimension, to score with, and one bit (its sign), to pass
 * over a whole index quickly. The bytes change a cosine by less than a hundredth.
 */
export class Vectors {
  readonly dimensions: number
  /** Of 32 signs, per slot: an even number. */
  readonly #words: number
  #bytes = new Int8Array(0)
  #scales = new Float32Array(0)
  #signs = new Int32Array(0)
  #distances = new Uint16Array(0)
  readonly #queryBytes: Int8Array
  #queryScale = 0
  readonly #querySigns: Int32Array

  constructor(dimensions: number) {
    this.dimensions = dimensions
    this.#words = Math.ceil(dimensions / 64) * 2
    this.#queryBytes = new Int8Array(dimensions)
    this.#querySigns = new Int32Array(this.#words)
  }

  set(slot: number, vector: Float32Array): void {
    this.#reserve(slot + 1)
    this.#scales[slot] = writeBytes(vector, this.#bytes, slot * this.dimensions)
    writeSigns(vector, this.#signs, slot * this.#words)
  }

  /** Takes the query that `similarity` and `nearest` compare with from now on. */
  ask(query: Float32Array): void {
    this.#queryScale = writeBytes(query, this.#queryBytes, 0)
    writeSigns(query, this.#querySigns, 0)
  }

  /** The cosine of the angle between the slot's vector and the query. */
  similarity(slot: number): number {
    const { dimensions } = this
    const bytes = this.#bytes
    const queryBytes = this.#queryBytes
    const start = slot * dimensions
    let even = 0
    let odd = 0
    // Products of bytes are summed as integers, exactly: 2^31 is beyond 100,000 dimensions.
    for (let at = 0; at + 1 < dimensions; at += 2) {
      even = (even + Math.imul(bytes[start + at]!, queryBytes[at]!)) | 0
      odd = (odd + Math.imul(bytes[start + at + 1]!, queryBytes[at + 1]!)) | 0
    }
    if (dimensions % 2 === 1) even += bytes[start + dimensions - 1]! * queryBytes[dimensions - 1]!
    return (even + odd) * this.#scales[slot]! * this.#queryScale
  }

  /**
   * Visits those of the slots whose signs differ least from the query's: all below the distance at which there would
   * be more than `most`, so that which ones never depends on the order of the slots.
   */
  nearest(slots: Int32Array, most: number, visit: (slot: number) => void): void {
    if (this.#distances.length < slots.length) this.#distances = new Uint16Array(slots.length * 2)
    const distances = this.#distances
    const histogram = new Uint32Array(this.#words * 32 + 1)
    for (let index = 0; index < slots.length; index++) {
      const distance = this.#distance(slots[index]!)
      distances[index] = distance
      histogram[distance]!++
    }
    let cut = 0
    for (let total = histogram[0]!; cut < histogram.length && total <= most; total += histogram[cut] ?? 0)
      cut++
    for (let index = 0; index < slots.length; index++) if (distances[index]! < cut) visit(slots[index]!)
  }

  /** In how many signs the slot differs from the query. `words` is even; two are counted at a time. */
  #distance(slot: number): number {
    const words = this.#words
    const signs = this.#signs
    const querySigns = this.#querySigns
    const start = slot * words
    let total = 0
    for (let at = 0; at < words; at += 2) {
      let first = signs[start + at]! ^ querySigns[at]!
      let second = signs[start + at + 1]! ^ querySigns[at + 1]!
      first -= (first >>> 1) & 0x55555555
      second -= (second >>> 1) & 0x55555555
      first = (first & 0x33333333) + ((first >>> 2) & 0x33333333)
      second = (second & 0x33333333) + ((second >>> 2) & 0x33333333)
      const nibbles = (first + second) | 0
      const octets = (nibbles & 0x0f0f0f0f) + ((nibbles >>> 4) & 0x0f0f0f0f)
      total += Math.imul(octets, 0x01010101) >>> 24
    }
    return total
  }

  #reserve(count: number): void {
    if (count <= this.#scales.length) return
    const capacity = Math.max(count, this.#scales.length * 2, 64)
    const bytes = this.#bytes
    const scales = this.#scales
    const signs = this.#signs
    this.#bytes = new Int8Array(capacity * this.dimensions)
    this.#bytes.set(bytes)
    this.#scales = new Float32Array(capacity)
    this.#scales.set(scales)
    this.#signs = new Int32Array(capacity * this.#words)
    this.#signs.set(signs)
  }
}

/** @returns what a byte stands for */
function writeBytes(vector: Float32Array, bytes: Int8Array, start: number): number {
  let largest = 0
  for (let at = 0; at < vector.length; at++) largest = Math.max(largest, Math.abs(vector[at]!))
  if (largest === 0) {
    bytes.fill(0, start, start + vector.length)
    return 0
  }
  const steps = 127 / largest
  for (let at = 0; at < vector.length; at++) bytes[start + at] = Math.round(vector[at]! * steps)
  return largest / 127
}

function writeSigns(vector: Float32Array, signs: Int32Array, start: number): void {
  for (let at = 0; at < vector.length; at += 32) {
    let word = 0
    const end = Math.min(32, vector.length - at)
    for (let bit = 0; bit < end; bit++) if (vector[at + bit]! > 0) word |= 1 << bit
    signs[start + (at >> 5)] = word
  }
}
