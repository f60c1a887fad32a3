import { messageOf } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { Clock } from '../../base/time/time.ts'
import type { CallSite } from '../../engine/call-site.ts'
import type { AppliedLessons, LessonSource } from '../../models/asking/lessons.ts'
import type { Question } from '../../models/solver.ts'
import type { Database } from '../../store/database.ts'
import { type LessonInForce, lessonsInForce } from '../../store/learning/lessons.ts'
import type { Condition } from './features.ts'
import { isWithheld } from './lesson.ts'

const everyMs = 60_000
/** Of those that apply to one question, the newest so many are told. */
const mostTold = 8

/** A lesson that keeps a daemon from starting something while a condition holds. */
export interface Bar {
  id: string
  workflow: string
  condition: Condition
  text: string
}

/**
 * The lessons in force, in memory: asked before each question and at each look of a daemon. What another process adopts or withdraws
 * counts within a minute.
 */
export class LiveLessons implements LessonSource {
  readonly #database: Database
  readonly #clock: Clock
  readonly #log: Log
  #byWorkflow = new Map<string, LessonInForce[]>()
  #bars: Bar[] = []
  #withheld = new Map<string, number>()
  #texts: readonly string[] = []
  #round: Promise<void> = Promise.resolve()
  #isEnded = false
  #cancel = () => {}

  constructor({ database, clock, log }: { database: Database; clock: Clock; log: Log }) {
    this.#database = database
    this.#clock = clock
    this.#log = log
  }

  /** Resolves when those that are in force are known. */
  begin(): Promise<void> {
    this.#round = this.renew().then(() => {
      if (!this.#isEnded) this.#cancel = this.#clock.after(everyMs, () => void this.begin(), 'upkeep')
    })
    return this.#round
  }

  async end(): Promise<void> {
    this.#isEnded = true
    this.#cancel()
    await this.#round
  }

  async renew(): Promise<void> {
    try {
      const all = await lessonsInForce(this.#database)
      this.#byWorkflow = Map.groupBy(
        all.filter(({ act }) => act === 'advise'),
        ({ workflow }) => workflow,
      )
      this.#bars = all.flatMap(({ id, workflow, condition, text, act }) =>
        act === 'avoid' && condition !== null
          ? [{ id, workflow, condition: JSON.parse(condition) as Condition, text }]
          : [],
      )
      this.#texts = all.map(({ text }) => text)
      this.#withheld = new Map(all.map(({ id, withheld }) => [id, withheld]))
    } catch (error) {
      if (!this.#isEnded)
        this.#log.warn('the lessons in force could not be read; it is tried again in a minute', {
          error: messageOf(error),
        })
    }
  }

  /** The words of all that is in force. */
  texts(): readonly string[] {
    return this.#texts
  }

  lessonsFor({ run, workflow }: CallSite, { name }: Question): AppliedLessons | undefined {
    const known = this.#byWorkflow.get(workflow.name)
    if (known === undefined) return undefined
    const applying = known.filter(({ question }) => question === null || question === name).slice(-mostTold)
    if (applying.length === 0) return undefined
    const isKept = ({ id, withheld }: LessonInForce) => isWithheld(id, run.id, withheld)
    const told = applying.filter((each) => !isKept(each))
    return {
      used: told.map(({ id }) => id),
      withheld: applying.filter(isKept).map(({ id }) => id),
      texts: told.map(({ text }) => text),
    }
  }

  /** What the cycle of a daemon goes by, and without; it notes both. */
  barsFor(run: string): { used: Bar[]; withheld: Bar[] } {
    const isKept = ({ id }: Bar) => isWithheld(id, run, this.#withheld.get(id) ?? 0)
    return {
      used: this.#bars.filter((each) => !isKept(each)),
      withheld: this.#bars.filter(isKept),
    }
  }
}
