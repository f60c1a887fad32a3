import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from './database.ts'

const firstBlock = 32
const largestBlock = 8192
const retryDelayMs = 500

/**
 * Hands out the growing integer keys of runs from blocks reserved in the database, so that many workers can number
 * runs without asking for each. A block that a crash cuts short leaves a gap, which nothing minds.
 */
export class RunNumbers {
  readonly #database: Database
  readonly #onTrouble: (error: unknown) => void
  #next = 0
  #end = 0
  #block = firstBlock
  #refilling: Promise<void> | undefined

  /** `onTrouble`: told of each failure after which it tries again. */
  constructor(database: Database, onTrouble: (error: unknown) => void = () => {}) {
    this.#database = database
    this.#onTrouble = onTrouble
  }

  /** The next number, or a promise of it when the block is used up. */
  take(): number | Promise<number> {
    if (this.#next < this.#end) return this.#next++
    return this.#refill().then(() => this.take())
  }

  #refill(): Promise<void> {
    this.#refilling ??= this.#reserveInTheEnd().finally(() => {
      this.#refilling = undefined
    })
    return this.#refilling
  }

  /** Goes on until the database can be written: a run must not fail because it could not be numbered just then. */
  async #reserveInTheEnd(): Promise<void> {
    for (;;) {
      try {
        return await this.#reserve()
      } catch (error) {
        const kind = this.#database.classify(error)
        if (kind !== 'retry' && kind !== 'unknown') throw error
        this.#onTrouble(error)
        await sleep(retryDelayMs)
      }
    }
  }

  async #reserve(): Promise<void> {
    const size = this.#block
    const end = await this.#database.transaction(async (session) => {
      const row = await session.get<{ value: number }>(
        `insert into counters (name, value) values ('run', ?)
         on conflict (name) do update set value = counters.value + excluded.value returning value`,
        [size],
      )
      return row!.value
    })
    this.#next = end - size + 1
    this.#end = end + 1
    this.#block = Math.min(size * 4, largestBlock)
  }
}
