/** The slots with the highest scores among those offered, best first; equal scores in the order of `isBefore`. */
export class TopSlots {
  readonly #best: Int32Array
  readonly #scores: Float32Array
  readonly #isBefore: (left: number, right: number) => boolean
  #most: number
  #count = 0

  constructor(capacity: number, isBefore: (left: number, right: number) => boolean) {
    this.#best = new Int32Array(capacity)
    this.#scores = new Float32Array(capacity)
    this.#isBefore = isBefore
    this.#most = capacity
  }

  /** @param most how many to keep from now on, at most the capacity */
  clear(most: number): void {
    this.#most = Math.min(most, this.#best.length)
    this.#count = 0
  }

  offer(slot: number, score: number): void {
    const best = this.#best
    const scores = this.#scores
    const exact = Math.fround(score)
    let at = this.#count
    if (at === this.#most) {
      if (exact < scores[at - 1]!) return
      if (exact === scores[at - 1]! && !this.#isBefore(slot, best[at - 1]!)) return
      at--
    } else this.#count++
    while (
      at > 0 &&
      (scores[at - 1]! < exact || (scores[at - 1] === exact && this.#isBefore(slot, best[at - 1]!)))
    ) {
      best[at] = best[at - 1]!
      scores[at] = scores[at - 1]!
      at--
    }
    best[at] = slot
    scores[at] = exact
  }

  slots(): Int32Array {
    return this.#best.subarray(0, this.#count)
  }
}
