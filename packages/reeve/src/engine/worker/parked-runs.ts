import { getHeapStatistics } from 'node:v8'
import type { RunRow } from '../../store/runs/runs.ts'
import type { Execution } from '../execution/execution.ts'
import type { EngineServices } from '../services.ts'

/** So long a parked run is kept (ms). */
const longestMs = 600_000

/** From this part of the heap on nothing is kept. */
const fullAt = 0.7
const heapLookMs = 1000

/** Of runs that parked: which are kept in memory for a while. */
export interface KeptRunsLimits {
  mostRuns: number
  /** What their journals may come to (bytes). */
  mostBytes: number
  /** A shorter journal is replayed for less than keeping its run costs, in memory and in work for the collector. */
  leastEvents: number
}

interface Kept {
  execution: Execution
  at: number
  bytes: number
}

/**
 * Runs that parked, kept in memory for a while: when the same worker claims one again and nothing was written to it
 * meanwhile, it goes on where it is, without a replay. They may go at any time, for they are rows like all others: the
 * oldest when there are too many, or their journals too large; all of them when the heap is filling.
 */
export class ParkedRuns {
  readonly #services: Pick<EngineServices, 'clock'>
  readonly #limits: KeptRunsLimits
  readonly #kept = new Map<number, Kept>()
  #bytes = 0
  #heapLookedAt = Number.NEGATIVE_INFINITY

  constructor(services: Pick<EngineServices, 'clock'>, limits: KeptRunsLimits) {
    this.#services = services
    this.#limits = limits
  }

  get size(): number {
    return this.#kept.size
  }

  /** Keeps it, or drops it where that is not worth its place. */
  keep(execution: Execution): void {
    const { no } = execution.claim
    this.#drop(no)
    const { bytes, seq } = execution.head
    if (seq < this.#limits.leastEvents) {
      execution.drop()
      return
    }
    this.#kept.set(no, { execution, at: this.#services.clock.now(), bytes })
    this.#bytes += bytes
    if (this.#isHeapFull()) this.clear()
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= this.#limits.mostRuns && this.#bytes <= this.#limits.mostBytes) return
      this.#drop(oldest)
    }
  }

  /** The kept execution of a run that was just claimed, if it is as the run is now. It is not kept any longer. */
  take(run: RunRow, workflow: Execution['workflow'] | undefined): Execution | undefined {
    const execution = this.#kept.get(run.no)?.execution
    if (!execution) return undefined
    if (fits(execution, run, workflow)) {
      this.#forget(run.no)
      return execution
    }
    this.#drop(run.no)
    return undefined
  }

  /** Lets those go that are kept too long. */
  sweep(): void {
    const since = this.#services.clock.now() - longestMs
    for (const [no, { at }] of this.#kept) {
      if (at > since) return
      this.#drop(no)
    }
  }

  clear(): void {
    for (const no of this.#kept.keys()) this.#drop(no)
  }

  #forget(no: number): void {
    const kept = this.#kept.get(no)
    if (!kept) return
    this.#kept.delete(no)
    this.#bytes -= kept.bytes
  }

  #drop(no: number): void {
    this.#kept.get(no)?.execution.drop()
    this.#forget(no)
  }

  #isHeapFull(): boolean {
    const now = performance.now()
    if (now - this.#heapLookedAt < heapLookMs) return false
    this.#heapLookedAt = now
    const { used_heap_size, heap_size_limit } = getHeapStatistics()
    return used_heap_size > fullAt * heap_size_limit
  }
}

/**
 * Whoever claims a run or moves it (retry, cancel, a worker that took it over) raises its epoch, and whoever writes to a
 * parked run's journal moves its head: this very claim is the next after the kept one, and the journal ends as it did.
 */
function fits(execution: Execution, run: RunRow, workflow: Execution['workflow'] | undefined): boolean {
  const { head, claim } = execution
  return (
    execution.isParked &&
    execution.workflow === workflow &&
    run.epoch === claim.epoch + 1 &&
    run.head_seq === head.seq &&
    run.head === head.hash
  )
}
