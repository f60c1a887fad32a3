/** The words of 32 signs that a vector of so many dimensions takes: an even number, for two are counted at a time. */
export function signWords(dimensions: number): number {
  return Math.ceil(dimensions / 64) * 2
}

/** One bit a dimension: whether it is above 0. */
export function writeSigns(vector: Float32Array, signs: Int32Array, start: number): void {
  for (let at = 0; at < vector.length; at += 32) {
    let word = 0
    const end = Math.min(32, vector.length - at)
    for (let bit = 0; bit < end; bit++) if (vector[at + bit]! > 0) word |= 1 << bit
    signs[start + (at >> 5)] = word
  }
}

/**
 * The slots whose signs differ least from those wanted, in their order: so many, and those that are as near as the last.
 * @param isSought other slots are passed over. Default: none is.
 */
export function nearestSlots(
  signs: Int32Array,
  words: number,
  count: number,
  wanted: Int32Array,
  most: number,
  isSought?: (slot: number) => boolean,
): number[] {
  const distances = new Uint16Array(count)
  const histogram = new Uint32Array(words * 32 + 2)
  const passedOver = words * 32 + 1
  for (let slot = 0; slot < count; slot++) {
    const distance = isSought && !isSought(slot) ? passedOver : distanceOf(signs, words, slot * words, wanted)
    distances[slot] = distance
    histogram[distance]!++
  }
  let cut = 0
  for (let total = 0; cut < passedOver && total < most; cut++) total += histogram[cut]!
  const found: number[] = []
  for (let slot = 0; slot < count; slot++) if (distances[slot]! < cut) found.push(slot)
  return found
}

/** In how many signs they differ. */
function distanceOf(signs: Int32Array, words: number, start: number, wanted: Int32Array): number {
  let total = 0
  for (let at = 0; at < words; at += 2) {
    let first = signs[start + at]! ^ wanted[at]!
    let second = signs[start + at + 1]! ^ wanted[at + 1]!
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
