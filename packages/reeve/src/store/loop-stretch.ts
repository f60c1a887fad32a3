/** So long database work may go on before the event loop gets its turn: timers, sockets, other runs. */
export const longestStretchMs = 20

/**
 * Watches how long the event loop has not turned. SQLite answers at once, so that a chain of its promises is microtasks
 * only, and whoever awaits one statement after the other would keep everything else waiting for as long as that lasts.
 */
export class LoopStretch {
  /** When the present stretch began; undefined before its first use of the database. */
  #since: number | undefined
  #rest: PromiseWithResolvers<void> | undefined

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
    if (now - this.#since < longestStretchMs) return undefined
    this.#rest ??= Promise.withResolvers()
    return this.#rest.promise
  }

  readonly #turned = (): void => {
    this.#since = undefined
    const rest = this.#rest
    this.#rest = undefined
    rest?.resolve()
  }
}
