/**
 * Watches how long the event loop has not turned, for work that comes in many small parts and may rest between any two:
 * answers of SQLite, which come at once, so that a chain of its promises is microtasks only; completions of a long replay.
 * All work that asks the same stretch has its time together.
 */
export class LoopStretch {
  /** So long work may go on before the event loop gets its turn: timers, sockets, other runs (ms). */
  readonly longestMs: number
  /** When the present stretch began; undefined before anybody asked. */
  #since: number | undefined
  #rest: PromiseWithResolvers<void> | undefined

  constructor(longestMs: number) {
    this.longestMs = longestMs
  }

  /**
   * Undefined while there is time; else resolves when the loop has turned, after which it is asked again. Who rests at one
   * moment goes on at one moment, so that what they write can share a commit.
   */
  rest(): Promise<void> | undefined {
    const now = performance.now()
    if (this.#since === undefined) {
      this.#since = now
      setImmediate(this.#turned)
      return undefined
    }
    if (now - this.#since < this.longestMs) return undefined
    this.#rest ??= Promise.withResolvers()
    return this.#rest.promise
  }

  /** Rests until there is time. */
  async yield(): Promise<void> {
    for (let rest = this.rest(); rest; rest = this.rest()) await rest
  }

  readonly #turned = (): void => {
    this.#since = undefined
    const rest = this.#rest
    this.#rest = undefined
    rest?.resolve()
  }
}
