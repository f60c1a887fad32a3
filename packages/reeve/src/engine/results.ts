import { fromErrorRecord, ReeveError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { Clock } from '../base/time/time.ts'
import type { Database } from '../store/database.ts'
import { errorOf, payloadOf } from '../store/journal/events.ts'
import { payloadAt } from '../store/journal/journal.ts'
import { openJson } from '../store/marks/open-kept.ts'
import {
  endedStatuses,
  mostAsked,
  type RunRow,
  type RunStatus,
  readFinal,
  readRun,
  requireRun,
} from '../store/runs/runs.ts'
import type { Ending } from './execution/claim.ts'
import type { Notices } from './notices.ts'
import type { LocalRuns } from './worker/local-runs.ts'

/** How a run ended. */
export type RunResult<Output = unknown> =
  | { status: 'succeeded'; output: Output }
  | { status: 'failed'; error: ReeveError }
  | { status: 'cancelled' | 'stuck'; reason: string | null }

/** A run that was started. */
export interface RunHandle<Output = unknown> {
  readonly id: string
  /** False when a run with this idempotency key was there already. */
  readonly isNew: boolean
  /** Resolves when the run ended or is stuck, in whichever process. */
  result(): Promise<RunResult<Output>>
}

/** Between two queries (ms). */
const pauseMs = 20
/** Of the runs that are awaited, those that are asked for where nobody announced an end. */
const some = 2 * mostAsked

export interface RunResultsOptions {
  database: Database
  clock: Clock
  log: Log
  /** Of a run that this process drives it hears the end. */
  runs: Pick<LocalRuns, 'hasId'>
  notices: Notices
}

/**
 * Those who wait for the ends of runs, in whichever process these are driven.
 *
 * After a change the database is asked which of the awaited runs have ended, some hundred in one query, with pauses: a
 * waiter costs a share of a query for each round, and a change that comes during a round makes one more. What nobody
 * announced (an announcement that was lost, the end of a run where it was started, awaited elsewhere too) is looked for in
 * turn, a thousand every 2 s, so that it costs the same for any number of waiters.
 */
export class RunResults {
  readonly #options: RunResultsOptions
  readonly #waiters = new Map<string, ((result: RunResult) => void)[]>()
  /** A round is under way, or was asked for while one is. */
  #state: 'idle' | 'looking' | 'again' = 'idle'

  constructor(options: RunResultsOptions) {
    this.#options = options
    const { notices } = options
    notices.on('run-left', ({ id }, _workflow, ending) => this.#ended(id, ending))
    notices.on('run-set-aside', (id) => void this.#lookAt(id))
    notices.on('run-changed', () => this.look())
  }

  /** Waits for a run's end. @throws `unknown-run` */
  async of(id: string): Promise<RunResult> {
    const { promise, resolve } = Promise.withResolvers<RunResult>()
    const waiting = this.#waiters.get(id)
    if (waiting) waiting.push(resolve)
    else this.#waiters.set(id, [resolve])
    if (this.#options.runs.hasId(id)) return promise
    try {
      const run = await requireRun(this.#options.database, id)
      if (isFinal(run.status)) await this.#answerFrom(run)
    } catch (error) {
      this.#forget(id, resolve)
      throw error
    }
    return promise
  }

  #forget(id: string, resolve: (result: RunResult) => void): void {
    const left = (this.#waiters.get(id) ?? []).filter((one) => one !== resolve)
    if (left.length > 0) this.#waiters.set(id, left)
    else this.#waiters.delete(id)
  }

  /** This process drove a run to where it is now. */
  #ended(id: string, ending: Ending): void {
    if (!this.#waiters.has(id) || !isFinal(ending.status)) return
    this.#answer(id, resultFrom(ending.status, ending.reason, ending.payload))
  }

  /** A run was moved otherwise. One that cannot be read now is looked at again with the next change. */
  async #lookAt(id: string): Promise<void> {
    if (!this.#waiters.has(id)) return
    try {
      const run = await readRun(this.#options.database, id)
      if (run && isFinal(run.status)) await this.#answerFrom(run)
    } catch (error) {
      this.#failed(error)
    }
  }

  /** Something changed: any of the runs may have ended. */
  look(): void {
    if (this.#state !== 'idle') this.#state = 'again'
    else if (this.#waiters.size > 0) void this.#look(this.#waiters.size)
  }

  /** Nobody announced anything: those that were asked for longest ago may have ended. */
  lookAtSome(): void {
    if (this.#state === 'idle' && this.#waiters.size > 0) void this.#look(some)
  }

  async #look(count: number): Promise<void> {
    for (let next = count; ; next = this.#waiters.size) {
      this.#state = 'looking'
      try {
        await this.#ask(this.#next(next))
      } catch (error) {
        this.#failed(error)
      }
      if ((this.#state as string) === 'looking') break
    }
    this.#state = 'idle'
  }

  /** So many of the awaited runs, by turns, without those that this process drives. */
  #next(count: number): string[] {
    const ids: string[] = []
    for (const id of this.#waiters.keys()) {
      if (ids.length === count) break
      ids.push(id)
    }
    if (count < this.#waiters.size) {
      for (const id of ids) {
        const waiting = this.#waiters.get(id)!
        this.#waiters.delete(id)
        this.#waiters.set(id, waiting)
      }
    }
    return ids.filter((id) => !this.#options.runs.hasId(id))
  }

  async #ask(ids: string[]): Promise<void> {
    const { database, clock } = this.#options
    for (let from = 0; from < ids.length; from += mostAsked) {
      if (from > 0) await new Promise<void>((resolve) => clock.after(pauseMs, resolve))
      for (const run of await readFinal(database, ids.slice(from, from + mostAsked)))
        await this.#answerFrom(run)
    }
  }

  #failed(error: unknown): void {
    this.#options.log.warn('results could not be read; it is tried again', { error: String(error) })
  }

  async #answerFrom(run: RunRow): Promise<void> {
    if (!isFinal(run.status)) return
    const { database } = this.#options
    const last = await openJson(database, run.no, await payloadAt(database, run.no, run.head_seq ?? 0))
    this.#answer(run.id, resultFrom(run.status, run.reason, last ?? null))
  }

  #answer(id: string, result: RunResult): void {
    const waiting = this.#waiters.get(id)
    if (!waiting) return
    this.#waiters.delete(id)
    for (const resolve of waiting) resolve(result)
  }
}

type FinalStatus = RunResult['status']

/** Whether a run stays as it is until a person does something. */
function isFinal(status: RunStatus | Ending['status']): status is FinalStatus {
  return status === 'stuck' || (endedStatuses as readonly string[]).includes(status)
}

function resultFrom(status: FinalStatus, reason: string | null, payload: string | null): RunResult {
  switch (status) {
    case 'succeeded':
      return { status, output: payloadOf({ type: 'run-succeeded', payload }, 'run-succeeded') }
    case 'failed':
      return {
        status,
        error:
          payload === null
            ? new ReeveError('failed', reason ?? '')
            : fromErrorRecord(errorOf({ type: 'run-failed', payload })),
      }
    default:
      return { status, reason }
  }
}
