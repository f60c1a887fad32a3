/**
 * Vectors by slot in two forms: one byte per dimension, to score with, and one bit (its sign), to pass over a whole
 * index quickly. The loss against 32-bit floats is below a hundredth of the cosine.
 */
export class Vectors {
  private dimensions = 0
  private words = 0
  private bytes = new Int8Array(0)
  private scales = new Float32Array(0)
  private signs = new Uint32Array(0)
  private distances = new Uint16Array(0)
  private querySigns = new Uint32Array(0)

  /** @param vector of length 1 and of the same dimensions every time */
  set(slot: number, vector: Float32Array): void {
    this.dimensions ||= vector.length
    this.words = Math.ceil(this.dimensions / 32)
    this.reserve(slot + 1)
    let largest = 0
    for (const value of vector) largest = Math.max(largest, Math.abs(value))
    const scale = largest / 127
    const start = slot * this.dimensions
    for (let at = 0; at < this.dimensions; at++) {
      this.bytes[start + at] = scale === 0 ? 0 : Math.round(vector[at]! / scale)
    }
    this.scales[slot] = scale
    writeSigns(vector, this.signs, slot * this.words)
  }

  /** The cosine of the angle to a query of length 1. */
  similarity(slot: number, query: Float32Array): number {
    const { bytes, dimensions } = this
    const start = slot * dimensions
    let first = 0
    let second = 0
    let third = 0
    let fourth = 0
    let at = 0
    for (; at + 3 < dimensions; at += 4) {
      first += bytes[start + at]! * query[at]!
      second += bytes[start + at + 1]! * query[at + 1]!
      third += bytes[start + at + 2]! * query[at + 2]!
      fourth += bytes[start + at + 3]! * query[at + 3]!
    }
    for (; at < dimensions; at++) first += bytes[start + at]! * query[at]!
    return (first + second + third + fourth) * this.scales[slot]!
  }

  /**
   * Visits those of the slots whose signs differ least from the query's: all below the distance at which there would
   * be more than `most`, so that which ones never depends on the order of the slots.
   */
  nearest(slots: Int32Array, query: Float32Array, most: number, visit: (slot: number) => void): void {
    const { words, signs, querySigns } = this
    if (this.distances.length < slots.length) this.distances = new Uint16Array(slots.length * 2)
    writeSigns(query, querySigns, 0)
    const distances = this.distances
    const histogram = new Uint32Array(this.dimensions + 2)
    for (let index = 0; index < slots.length; index++) {
      const start = slots[index]! * words
      let distance = 0
      for (let at = 0; at < words; at++) distance += bitsSet(signs[start + at]! ^ querySigns[at]!)
      distances[index] = distance
      histogram[distance]!++
    }
    let cut = 0
    for (let total = histogram[0]!; cut <= this.dimensions && total <= most; total += histogram[cut]!) cut++
    for (let index = 0; index < slots.length; index++) if (distances[index]! < cut) visit(slots[index]!)
  }

  private reserve(count: number): void {
    if (count <= this.scales.length) return
    const capacity = Math.max(count, this.scales.length * 2, 64)
    const { bytes, scales, signs } = this
    this.bytes = new Int8Array(capacity * this.dimensions)
    this.bytes.set(bytes)
    this.scales = new Float32Array(capacity)
    this.scales.set(scales)
    this.signs = new Uint32Array(capacity * this.words)
    this.signs.set(signs)
    this.querySigns = new Uint32Array(this.words)
  }
}

function writeSigns(vector: Float32Array, signs: Uint32Array, start: number): void {
  for (let at = 0; at < vector.length; at += 32) {
    let word = 0
    for (let bit = 0; bit < 32 && at + bit < vector.length; bit++) if (vector[at + bit]! > 0) word |= 1 << bit
    signs[start + (at >> 5)] = word
  }
}

function bitsSet(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555)
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333)
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}
