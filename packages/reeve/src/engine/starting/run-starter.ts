import { messageOf, ReeveError } from '../../base/errors.ts'
import type { Database } from '../../store/database.ts'
import type { OnStarted } from '../execution/commit-source.ts'
import type { EngineServices } from '../services.ts'
import type { Workflow } from '../workflow.ts'
import { enqueue, enqueueDebounced } from './enqueue.ts'
import { type OwnStart, type PreparedStart, prepareStart, type StartOptions } from './prepared-start.ts'
import { startedBefore, startedUnscoped } from './same-start.ts'

/** Who may drive a run from its start on. */
export interface NewRunDriver {
  /** Whether it could, without the run waiting in a queue. */
  hasRoomFor(start: PreparedStart): boolean
  driveNew(start: PreparedStart, onStarted: OnStarted): void
}

/**
 * Starts runs from outside of any.
 *
 *   prepared (checked, numbered) → started here, in its first commit
 *                                ↘ queued, where this process has no room or the queue sets limits
 *                                ↘ (another has its idempotency key) → that run
 */
export class RunStarter {
  readonly #database: Database
  readonly #services: EngineServices
  readonly #driver: NewRunDriver

  constructor(database: Database, services: EngineServices, driver: NewRunDriver) {
    this.#database = database
    this.#services = services
    this.#driver = driver
  }

  /** Resolves when the start is durable, with the run that stands for it. @throws as `Engine.startRun` */
  async start(
    workflow: Workflow,
    input: unknown,
    options: StartOptions,
    own?: OwnStart,
  ): Promise<{ id: string; isNew: boolean }> {
    for (;;) {
      // Read before anything is waited for: the input is the caller's, who may change it.
      const start = prepareStart(this.#services, workflow, input, options, 0, own)
      const taken = this.#services.numbers.take()
      start.run.no = typeof taken === 'number' ? taken : await taken
      if (options.debounce) return this.#startDebounced(start)
      const older = own?.isCallers ? await startedUnscoped(this.#database, start, input, options) : undefined
      if (older !== undefined) return { id: older, isNew: false }
      if (await this.#start(start)) return { id: start.run.id, isNew: true }
      const before = await startedBefore(this.#database, start, input, options)
      // Undefined: it was there, and was pruned since.
      if (before !== undefined) return { id: before, isNew: false }
    }
  }

  async #startDebounced(start: PreparedStart): Promise<{ id: string; isNew: boolean }> {
    const stands = await this.#orRefused(start, () =>
      this.#database.transaction((session) => enqueueDebounced(session, this.#services, start)),
    )
    this.#services.notices.tell('run-queued')
    return stands
  }

  /** Here or in its queue. Answers false when its idempotency key is taken. */
  async #start(start: PreparedStart): Promise<boolean> {
    if (this.#driver.hasRoomFor(start)) {
      return new Promise((resolve, reject) =>
        this.#driver.driveNew(start, {
          started: resolve,
          refused: (cause) => reject(startRefused(start, cause)),
        }),
      )
    }
    const isNew = await this.#orRefused(start, () =>
      this.#database.transaction((session) => enqueue(session, start)),
    )
    if (isNew) this.#tellQueued(start)
    return isNew
  }

  #tellQueued({ run }: PreparedStart): void {
    const { clock, notices } = this.#services
    if (run.available_at > clock.now()) notices.tell('run-due', run.available_at)
    else notices.tell('run-queued')
  }

  async #orRefused<T>(start: PreparedStart, write: () => Promise<T>): Promise<T> {
    try {
      return await write()
    } catch (error) {
      throw this.#database.classify(error) === 'constraint' ? startRefused(start, error) : error
    }
  }
}

function startRefused({ run }: PreparedStart, cause: unknown): ReeveError {
  return new ReeveError(
    'start-refused',
    `The run of workflow "${run.workflow}" was not started: the database refused it (${messageOf(cause)}). Nothing of it was written.`,
    { cause },
  )
}
