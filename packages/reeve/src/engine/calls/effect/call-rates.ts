import type { Log } from '../../../base/log.ts'
import type { Clock } from '../../../base/time/time.ts'
import type { Database } from '../../../store/database.ts'
import { type TokenAnswer, type TokenRequest, takeTokens } from '../../../store/ledger/call-rates.ts'

interface Asked {
  request: TokenRequest
  resolve: (answer: TokenAnswer) => void
  reject: (error: unknown) => void
}

const retryDelayMs = 500

/** Takes tokens for rated calls: all that are asked for at one moment in one transaction for each rate. */
export class CallRates {
  readonly #database: Database
  readonly #clock: Clock
  readonly #log: Log
  #asked: Asked[] = []

  constructor(database: Database, clock: Clock, log: Log) {
    this.#database = database
    this.#clock = clock
    this.#log = log
  }

  take(request: TokenRequest): Promise<TokenAnswer> {
    return new Promise((resolve, reject) => {
      this.#asked.push({ request, resolve, reject })
      if (this.#asked.length === 1) setImmediate(() => this.#takeAll())
    })
  }

  #takeAll(): void {
    const asked = this.#asked
    this.#asked = []
    const groups = Map.groupBy(asked, ({ request }) => JSON.stringify([request.rate.name, request.rate.key]))
    for (const group of groups.values()) void this.#takeFor(group)
  }

  /** Goes on until the database can be written: a call must not fail because it could not be counted just then. */
  async #takeFor(group: Asked[]): Promise<void> {
    for (;;) {
      try {
        const requests = group.map(({ request }) => request)
        const answers = await this.#database.transaction((session) => takeTokens(session, requests))
        for (const [index, { resolve }] of group.entries()) resolve(answers[index]!)
        return
      } catch (error) {
        const kind = this.#database.classify(error)
        if (kind !== 'retry' && kind !== 'unknown') {
          for (const { reject } of group) reject(error)
          return
        }
        this.#log.warn('calls could not be counted now; it is tried again', { error: String(error) })
        await new Promise<void>((resolve) => this.#clock.after(retryDelayMs, resolve))
      }
    }
  }
}
