import { messageOf } from '../../../../base/errors.ts'
import type { Log } from '../../../../base/log.ts'
import type { Clock } from '../../../../base/time/time.ts'
import type { Database } from '../../../../store/database.ts'
import {
  type CallRate,
  type TokenAnswer,
  type TokenRequest,
  takeTokens,
  tokensArrived,
} from '../../../../store/spending/call-rates.ts'
import { type Asking, untilAnswered } from '../../until-answered.ts'

interface Asked {
  request: TokenRequest
  resolve: (answer: TokenAnswer) => void
  reject: (error: unknown) => void
}

interface Arrived {
  rate: CallRate
  token: number
  isUsed: boolean
}

/** Takes tokens for rated calls, and gives them back: all of one moment in one transaction for each rate. */
export class CallRates {
  readonly #asking: Asking
  #asked: Asked[] = []
  #arrived: Arrived[] = []

  constructor(database: Database, clock: Clock, log: Log) {
    this.#asking = { database, clock, log }
  }

  take(request: TokenRequest): Promise<TokenAnswer> {
    return new Promise((resolve, reject) => {
      this.#soon()
      this.#asked.push({ request, resolve, reject })
    })
  }

  /**
   * What a token allowed has arrived (`isUsed` false: it was not even sent). Nobody waits for it: where it cannot be written down, the
   * latest time holds by which it would have arrived.
   */
  arrived(arrived: Arrived): void {
    this.#soon()
    this.#arrived.push(arrived)
  }

  #soon(): void {
    if (this.#asked.length + this.#arrived.length === 0) setImmediate(() => this.#all())
  }

  #all(): void {
    const all = [
      ...this.#asked.map((asked) => ({ asked, rate: asked.request.rate })),
      ...this.#arrived.map((arrived) => ({ arrived, rate: arrived.rate })),
    ]
    this.#asked = []
    this.#arrived = []
    for (const group of Map.groupBy(all, ({ rate }) => JSON.stringify([rate.name, rate.key])).values()) {
      const asked = group.flatMap((each) => ('asked' in each ? [each.asked] : []))
      const arrived = group.flatMap((each) => ('arrived' in each ? [each.arrived] : []))
      if (asked.length > 0) void this.#takeFor(asked, arrived)
      else void this.#note(group[0]!.rate, arrived)
    }
  }

  async #note(rate: CallRate, arrived: Arrived[]): Promise<void> {
    const { database, log } = this.#asking
    try {
      await database.transaction((session) => tokensArrived(session, rate, arrived))
    } catch (error) {
      log.info('that calls arrived could not be written down', { rate: rate.name, error: messageOf(error) })
    }
  }

  async #takeFor(group: Asked[], arrived: Arrived[]): Promise<void> {
    const requests = group.map(({ request }) => request)
    try {
      const answers = await untilAnswered(this.#asking, 'calls could not be counted now', (database) =>
        database.transaction(async (session) => {
          await tokensArrived(session, requests[0]!.rate, arrived)
          return takeTokens(session, requests)
        }),
      )
      for (const [index, { resolve }] of group.entries()) resolve(answers[index]!)
    } catch (error) {
      for (const { reject } of group) reject(error)
    }
  }
}
