import { suspectCrashes } from '../../store/dispatch/claims.ts'
import type { Execution } from '../execution/execution.ts'

/** Whether a run was driven by processes that died: it is driven with no other such run beside it, for a while. */
export function isSuspect(run: { crashes: number }): boolean {
  return run.crashes >= suspectCrashes
}

/**
 * The runs that this process drives, from their claim until they are given back. Made before all who ask: whoever drives
 * runs fills it.
 */
export class LocalRuns {
  readonly #byNo = new Map<number, Execution>()
  readonly #ids = new Set<string>()
  #historyBytes = 0
  #whenNone: (() => void)[] = []

  get size(): number {
    return this.#byNo.size
  }

  /** What the long histories among them take in memory, roughly. */
  get historyBytes(): number {
    return this.#historyBytes
  }

  get hasSuspect(): boolean {
    return [...this.#byNo.values()].some(({ claim }) => isSuspect(claim))
  }

  has(no: number): boolean {
    return this.#byNo.has(no)
  }

  hasId(runId: string): boolean {
    return this.#ids.has(runId)
  }

  get(no: number): Execution | undefined {
    return this.#byNo.get(no)
  }

  all(): Iterable<Execution> {
    return this.#byNo.values()
  }

  add(execution: Execution): void {
    const { no, id, historyBytes } = execution.claim
    this.#byNo.set(no, execution)
    this.#ids.add(id)
    this.#historyBytes += historyBytes
  }

  remove(execution: Execution): void {
    const { no, id, historyBytes } = execution.claim
    this.#byNo.delete(no)
    this.#ids.delete(id)
    this.#historyBytes -= historyBytes
    if (this.#byNo.size === 0) for (const resolve of this.#whenNone.splice(0)) resolve()
  }

  /** Resolves when there is none. */
  none(): Promise<void> {
    if (this.#byNo.size === 0) return Promise.resolve()
    return new Promise((resolve) => this.#whenNone.push(resolve))
  }
}
