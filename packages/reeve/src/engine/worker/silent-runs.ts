import type { Database } from '../../store/database.ts'
import { explainRuns } from '../../store/runs/changes/moves.ts'
import type { Execution } from '../execution/execution.ts'
import type { EngineServices } from '../services.ts'

/** So long a run may write nothing before its row says what it is at (ms). */
const silentAfterMs = 30_000

/**
 * Keeps runs from being `running` without a word: one that has written nothing for a while gets a reason on its row, as a
 * waiting run has, and loses it when it goes on. It costs the run itself nothing: whoever holds the runs looks at them now
 * and then.
 */
export class SilentRuns {
  readonly #database: Database
  readonly #services: EngineServices
  /** Which runs have a reason on their row, and since when they had been silent. */
  readonly #told = new Map<number, number>()

  constructor({ database, services }: { database: Database; services: EngineServices }) {
    this.#database = database
    this.#services = services
  }

  async notice(driven: Iterable<Execution>): Promise<void> {
    const now = this.#services.clock.now()
    const rows: (string | number | null)[][] = []
    const present = new Set<number>()
    for (const execution of driven) {
      const { claim, movedAt } = execution
      const told = this.#told.get(claim.no)
      if (told !== undefined) present.add(claim.no)
      if (told === movedAt) continue
      const silence = now - movedAt >= silentAfterMs ? execution.describeSilence() : undefined
      if (silence) {
        present.add(claim.no)
        this.#told.set(claim.no, movedAt)
        rows.push([claim.no, claim.epoch, silence.reason])
        if (silence.isIdle)
          this.#services.log.warn('a run neither acts nor waits', { run: claim.id, reason: silence.reason })
      } else if (told !== undefined) {
        this.#told.delete(claim.no)
        rows.push([claim.no, claim.epoch, null])
      }
    }
    for (const no of this.#told.keys()) if (!present.has(no)) this.#told.delete(no)
    if (rows.length > 0) await this.#database.bulk(explainRuns, rows)
  }
}
