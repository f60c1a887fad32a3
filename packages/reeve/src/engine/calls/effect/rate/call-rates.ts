import type { Log } from '../../../../base/log.ts'
import type { Clock } from '../../../../base/time/time.ts'
import type { Database } from '../../../../store/database.ts'
import { type TokenAnswer, type TokenRequest, takeTokens } from '../../../../store/ledger/call-rates.ts'
import { type Asking, untilAnswered } from '../../until-answered.ts'

interface Asked {
  request: TokenRequest
  resolve: (answer: TokenAnswer) => void
  reject: (error: unknown) => void
}

/** Takes tokens for rated calls: all that are asked for at one moment in one transaction for each rate. */
export class CallRates {
  readonly #asking: Asking
  #asked: Asked[] = []

  constructor(database: Database, clock: Clock, log: Log) {
    this.#asking = { database, clock, log }
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

  async #takeFor(group: Asked[]): Promise<void> {
    const requests = group.map(({ request }) => request)
    try {
      const answers = await untilAnswered(this.#asking, 'calls could not be counted now', (database) =>
        database.transaction((session) => takeTokens(session, requests)),
      )
      for (const [index, { resolve }] of group.entries()) resolve(answers[index]!)
    } catch (error) {
      for (const { reject } of group) reject(error)
    }
  }
}
