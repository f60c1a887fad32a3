/** So long code may run before others get their turn (ms): well below what a timer or a request would notice. */
const longestMs = 10

/**
 * Watches how long the event loop has not turned, for work that comes in many small parts and may yield between any two:
 * all of it together takes 10 ms at a time.
 */
export class Stretch {
  #since: number | undefined

  /** Whether whoever asks should let others go first, by `setImmediate`. */
  get isOver(): boolean {
    const now = performance.now()
    if (this.#since === undefined) {
      this.#since = now
      setImmediate(this.#begin)
      return false
    }
    return now - this.#since > longestMs
  }

  /** Lets others go first when it is time. */
  async yield(): Promise<void> {
    while (this.isOver) await new Promise<void>((resolve) => setImmediate(resolve))
  }

  readonly #begin = (): void => {
    this.#since = undefined
  }
}
