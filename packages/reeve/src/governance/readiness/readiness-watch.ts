import type { Log } from '../../base/log.ts'
import type { Clock } from '../../base/time/time.ts'
import { listLevels } from '../../store/authority/levels.ts'
import type { Database } from '../../store/database.ts'
import { checkReadiness, type Judged, levelledId } from './held-level.ts'

const everyMs = 60_000

/**
 * Looks, when a worker starts and every minute, whether what stands above `observe` still deserves it: what does not falls back by
 * itself (edits, rejections, failures, denied calls, a new version or model). Running work obeys at its next call.
 */
export class ReadinessWatch {
  readonly #database: Database
  readonly #clock: Clock
  readonly #log: Log
  readonly #find: (principal: string) => Judged | undefined
  readonly #onFallen: () => Promise<void>
  #round: Promise<void> = Promise.resolve()
  #isEnded = false
  #cancel = () => {}

  constructor(options: {
    database: Database
    clock: Clock
    log: Log
    /** As the code has it now; undefined: the code knows it not, and it is left as it is. */
    find: (principal: string) => Judged | undefined
    onFallen: () => Promise<void>
  }) {
    this.#database = options.database
    this.#clock = options.clock
    this.#log = options.log
    this.#find = options.find
    this.#onFallen = options.onFallen
  }

  begin(): void {
    this.#round = this.look().then(() => {
      if (!this.#isEnded) this.#cancel = this.#clock.after(everyMs, () => this.begin(), 'upkeep')
    })
  }

  /** Resolves when nothing of it is under way. */
  async end(): Promise<void> {
    this.#isEnded = true
    this.#cancel()
    await this.#round
  }

  /** One look at all of them. */
  async look(): Promise<void> {
    try {
      for (const { principal, level } of await listLevels(this.#database)) {
        const judged = level === 'observe' || this.#isEnded ? undefined : this.#find(principal)
        if (!judged) continue
        const { held, effective } = await checkReadiness(this.#database, judged, this.#clock.now())
        if (effective === held) continue
        await this.#onFallen()
        this.#log.warn(
          `${levelledId(judged)} fell back from ${held} to ${effective}; see why: reeve check ${judged.name}`,
        )
      }
    } catch (error) {
      if (!this.#isEnded)
        this.#log.warn(
          'how far agents and workflows may be trusted could not be looked at; it is tried again in a minute',
          {
            error: String(error),
          },
        )
    }
  }
}
