import type { Log } from '../../base/log.ts'
import type { Clock } from '../../base/time/time.ts'

const everyMs = 3_600_000

/**
 * Deletes what retention no longer wants, in the background: when the runtime starts and every hour from then on. How long
 * it takes keeps nobody waiting, neither the start nor the runs.
 */
export class Pruning {
  readonly #clock: Clock
  readonly #log: Log
  readonly #prune: (signal: AbortSignal) => Promise<unknown>
  readonly #stopped = new AbortController()
  #round: Promise<void> = Promise.resolve()
  #cancel = () => {}

  constructor(clock: Clock, log: Log, prune: (signal: AbortSignal) => Promise<unknown>) {
    this.#clock = clock
    this.#log = log
    this.#prune = prune
  }

  begin(): void {
    this.#round = this.#once()
  }

  /** Resolves when nothing of it is under way. What is left to delete is left to the next one. */
  async end(): Promise<void> {
    this.#stopped.abort()
    this.#cancel()
    await this.#round
  }

  async #once(): Promise<void> {
    const { signal } = this.#stopped
    try {
      await this.#prune(signal)
    } catch (error) {
      this.#log.warn('what retention no longer wants could not be deleted; it is tried again in an hour', {
        error: String(error),
      })
    }
    if (!signal.aborted) this.#cancel = this.#clock.after(everyMs, () => this.begin(), 'upkeep')
  }
}
