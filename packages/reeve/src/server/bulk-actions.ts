import { messageOf, ReeveError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { firstCharacters } from '../base/text/shorten.ts'
import type { Clock } from '../base/time/time.ts'
import type { Engine } from '../engine/engine.ts'
import type { Database } from '../store/database.ts'
import { type BulkActionRow, moveBulkAction, takeBulkAction } from '../store/runs/bulk-actions.ts'
import { type RunFilter, type RunPlace, readRunSlice } from '../store/runs/run-lists.ts'
import type { RunRow } from '../store/runs/runs.ts'

/** Runs that are acted on before it is written down how far it came. */
const slice = 50
/** Of them so many at one moment: what they write becomes durable with one sync of the disk. */
const abreast = 10
/** Between two looks for what another process may have left. */
const lookMs = 15_000

interface Options {
  engine: Engine
  database: Database
  clock: Clock
  log: Log
}

/** Carries bulk actions out, one after the other, in slices, and goes on with those that a process before left. */
export class BulkActions {
  readonly #options: Options
  readonly #closing = new AbortController()
  #work: Promise<void> | undefined
  #isWoken = false
  #stopLooking = () => {}

  constructor(options: Options) {
    this.#options = options
  }

  /** There may be something to do. */
  wake(): void {
    this.#isWoken = true
    this.#stopLooking()
    if (this.#closing.signal.aborted) return
    this.#work ??= this.#carryOut().finally(() => {
      this.#work = undefined
      if (this.#isWoken) this.wake()
      else if (!this.#closing.signal.aborted)
        this.#stopLooking = this.#options.clock.after(lookMs, () => this.wake(), 'upkeep')
    })
  }

  /** Ends after the slice that is under way. */
  async close(): Promise<void> {
    this.#closing.abort()
    this.#stopLooking()
    await this.#work
  }

  async #carryOut(): Promise<void> {
    const { database, log } = this.#options
    this.#isWoken = false
    try {
      for (;;) {
        const action = await database.transaction((session) => takeBulkAction(session))
        if (!action || this.#closing.signal.aborted) return
        await this.#through(action)
      }
    } catch (error) {
      log.error('a bulk action stands still; it goes on later', { error: String(error) })
    }
  }

  async #through(action: BulkActionRow): Promise<void> {
    const { database } = this.#options
    const asked = JSON.parse(action.filter) as RunFilter
    const begunAt = action.created_at + 1
    const filter = { ...asked, until: Math.min(asked.until ?? begunAt, begunAt) }
    let place = action.place === null ? undefined : (JSON.parse(action.place) as RunPlace)
    while (!this.#closing.signal.aborted) {
      const { rows, next } = await readRunSlice(database, filter, place, slice)
      const step = { place: next, ...(await this.#actOnAll(action, rows)) }
      const goesOn = await database.transaction((session) => moveBulkAction(session, action.id, step))
      if (!next || !goesOn) return
      place = next
    }
  }

  /** @throws what can be tried again, after all that was begun has ended */
  async #actOnAll(action: BulkActionRow, rows: readonly RunRow[]) {
    const step = { done: 0, refused: 0, problem: null as string | null }
    const left = rows.values()
    const lane = async () => {
      for (const row of left) {
        const problem = wasDone(action, row) ? undefined : await this.#act(action, row.id)
        if (problem === undefined) step.done++
        else {
          step.refused++
          step.problem = firstCharacters(problem, 1000)
        }
      }
    }
    const ends = await Promise.allSettled(Array.from({ length: abreast }, lane))
    const broken = ends.find((end) => end.status === 'rejected')
    if (broken) throw broken.reason
    return step
  }

  /** What stands in the way; undefined: it is done. */
  async #act({ action, created_by: by }: BulkActionRow, run: string): Promise<string | undefined> {
    const { control } = this.#options.engine
    try {
      if (action === 'cancel') await control.cancel(run, by)
      else if (action === 'retry') await control.retry(run, by)
      else await control[action](run)
      return
    } catch (error) {
      if (error instanceof ReeveError && !error.retryable) return messageOf(error)
      throw error
    }
  }
}

/** A process that was cut off had done it already, and not yet written down that it had. */
function wasDone({ action, created_at }: BulkActionRow, { status, ended_at }: RunRow): boolean {
  return action === 'cancel' && status === 'cancelled' && ended_at !== null && ended_at >= created_at
}
