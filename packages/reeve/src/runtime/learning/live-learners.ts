import { messageOf, ReeveError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { Clock } from '../../base/time/time.ts'
import { loadClassifier } from '../../models/local/classify/classify.ts'
import type { LearningClassifier } from '../../models/local/classify/learner.ts'
import type { RouteDefinition } from '../../models/route/route.ts'
import type { Database } from '../../store/database.ts'
import { adoptedTrainings, readTraining } from '../../store/learning/trainings.ts'

const everyMs = 60_000

/** The classifiers of a project that learn, each as the database has it: what another process adopts counts within a minute. */
export class LiveLearners {
  readonly all: readonly LearningClassifier[]
  readonly #database: Database
  readonly #clock: Clock
  readonly #log: Log
  readonly #used = new Map<string, string | undefined>()
  #round: Promise<void> = Promise.resolve()
  #isEnded = false
  #cancel = () => {}

  /** @throws `bad-config` when two have one name */
  constructor(
    { database, clock, log }: { database: Database; clock: Clock; log: Log },
    routes: ReadonlyMap<string, RouteDefinition>,
  ) {
    this.#database = database
    this.#clock = clock
    this.#log = log
    const found = [...routes.values()].flatMap(({ solvers }) =>
      solvers.flatMap(({ learners = [] }) => learners),
    )
    this.all = [...new Set(found)]
    const twice = this.all.find(
      ({ name }, index) => this.all.findIndex((each) => each.name === name) !== index,
    )
    if (twice)
      throw new ReeveError(
        'bad-config',
        `Two learning classifiers are named "${twice.name}". What one learns would be taken for the other's: give one another name.`,
      )
  }

  begin(): void {
    if (this.all.length === 0) return
    this.#round = this.renew().then(() => {
      if (!this.#isEnded) this.#cancel = this.#clock.after(everyMs, () => this.begin(), 'upkeep')
    })
  }

  async end(): Promise<void> {
    this.#isEnded = true
    this.#cancel()
    await this.#round
  }

  /** Takes what is adopted. */
  async renew(): Promise<void> {
    try {
      const adopted = await adoptedTrainings(this.#database)
      for (const learner of this.all) {
        const id = adopted.get(learner.name)
        if (this.#used.get(learner.name) === id) continue
        const bytes = id === undefined ? null : (await readTraining(this.#database, id))?.bytes
        learner.use(bytes ? loadClassifier(bytes) : undefined)
        this.#used.set(learner.name, id)
      }
    } catch (error) {
      if (!this.#isEnded)
        this.#log.warn('what classifiers have learnt could not be read; it is tried again in a minute', {
          error: messageOf(error),
        })
    }
  }
}
