import { messageOf, ReeveError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { firstCharacters } from '../base/text/shorten.ts'
import type { Clock } from '../base/time/time.ts'
import type { Engine } from '../engine/engine.ts'
import type { Database } from '../store/database.ts'
import {
  type BulkActionRow,
  holdBulkActions,
  moveBulkAction,
  takeBulkActions,
} from '../store/runs/bulk-actions.ts'
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

/** An action that is being carried out, and how far it has come. */
interface Work {
  action: BulkActionRow
  filter: RunFilter
  place: RunPlace | undefined
}

/**
 * Carries bulk actions out in slices, a slice of each in turn, so that a small one does not wait for a large one; and goes on
 * with those that a process before left.
 */
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
    const { clock, log } = this.#options
    const turns: Work[] = []
    let lookedAt = Number.NEGATIVE_INFINITY
    try {
      for (;;) {
        if (this.#isWoken || clock.now() - lookedAt >= lookMs) {
          this.#isWoken = false
          lookedAt = clock.now()
          turns.push(...(await this.#take(turns)))
        }
        const work = turns.shift()
        if (!work || this.#closing.signal.aborted) return
        if (await this.#goesOn(work, turns)) turns.push(work)
        // Another may have waited for its end.
        else this.#isWoken = true
      }
    } catch (error) {
      log.error('bulk actions stand still; they go on later', { error: String(error) })
    }
  }

  /** Those that are not among the turns already: a slice that took long is no reason to begin anew. */
  async #take(turns: readonly Work[]): Promise<Work[]> {
    const taken = await this.#options.database.transaction((session) => takeBulkActions(session))
    const known = new Set(turns.map(({ action }) => action.id))
    return taken.filter(({ id }) => !known.has(id)).map(workOf)
  }

  /** Does its next slice. One that fails leaves its turn to the others: it is taken again later. */
  async #goesOn(work: Work, others: readonly Work[]): Promise<boolean> {
    const { database, log } = this.#options
    const { action, filter, place } = work
    try {
      const { rows, next } = await readRunSlice(database, filter, place, slice)
      const step = { from: place, place: next, ...(await this.#actOnAll(action, rows)) }
      const goesOn = await database.transaction(async (session) => {
        await holdBulkActions(
          session,
          others.map((each) => each.action.id),
        )
        return moveBulkAction(session, action.id, step)
      })
      work.place = next
      return goesOn && next !== undefined
    } catch (error) {
      log.error('a bulk action stands still; it goes on later', { action: action.id, error: String(error) })
      return false
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

function workOf(action: BulkActionRow): Work {
  const asked = JSON.parse(action.filter) as RunFilter
  const begunAt = action.created_at + 1
  return {
    action,
    filter: { ...asked, until: Math.min(asked.until ?? begunAt, begunAt) },
    place: action.place === null ? undefined : (JSON.parse(action.place) as RunPlace),
  }
}
