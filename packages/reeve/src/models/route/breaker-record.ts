import type { Log } from '../../base/log.ts'
import type { Database } from '../../store/database.ts'
import { closeBreaker, forgetBreakers, saveBreaker } from '../../store/spending/breakers.ts'
import type { OpenCircuit } from './breaker.ts'

/**
 * Writes a worker's breakers where other processes can see them. Nothing waits for it: a question must not be late, or
 * fail, because a record could not be written. Changes are written one after another, so that the last one stands.
 */
export class BreakerRecord {
  readonly #database: Database
  readonly #log: Log
  #worker = ''
  #written: Promise<void> = Promise.resolve()

  constructor(database: Database, log: Log) {
    this.#database = database
    this.#log = log
  }

  /** Before the first question is asked. */
  begin(worker: string): void {
    this.#worker = worker
    this.#write(() => forgetBreakers(this.#database, worker))
  }

  note(solver: string, circuit: OpenCircuit | undefined): void {
    if (this.#worker === '') return
    this.#write(() =>
      this.#database.transaction(async (session) => {
        if (!circuit) return closeBreaker(session, solver, this.#worker)
        const { failures, openedAtMs, probeAtMs } = circuit
        const times = { failures, opened_at: openedAtMs, probe_at: probeAtMs }
        await saveBreaker(session, { solver, worker: this.#worker, ...times })
      }),
    )
  }

  /** The worker leaves. Resolves when everything is written. */
  async end(): Promise<void> {
    if (this.#worker !== '') this.#write(() => forgetBreakers(this.#database, this.#worker))
    this.#worker = ''
    await this.#written
  }

  #write(change: () => Promise<void>): void {
    this.#written = this.#written.then(change).catch((error: unknown) => {
      this.#log.warn('the state of a circuit breaker was not recorded', { error: String(error) })
    })
  }
}
