import type { RunMarks } from '../../store/marks/run-marks.ts'
import { applyFirst, applyOverrides, lateResult, type Overridden } from '../overriding/apply-override.ts'
import type { Call, Settlement } from '../replay/call.ts'
import type { Calls } from '../replay/calls.ts'
import { Deliveries, type Delivering } from '../replay/deliveries.ts'
import type { PendingEvent } from '../replay/pending-event.ts'
import { Inbox, type InboxPort } from '../waiting/inbox.ts'
import { Timers } from '../waiting/timers.ts'
import { type Acting, Acts } from './acts.ts'
import type { CommitSource } from './commit-source.ts'
import type { Driven } from './driven.ts'

/**
 * What one run is at in this process: what acts, what is about to be told to its code, what it waits for.
 *
 *   busy (something acts, or its code has not come to rest) → waiting (only waits are left) → busy …
 *                                                           ↘ idle (not even those)
 */
export class Activity implements InboxPort, Overridden {
  readonly calls: Calls
  readonly marks: RunMarks
  readonly acts: Acts
  readonly timers: Timers
  readonly inbox: Inbox
  readonly deliveries: Deliveries<Settlement>
  readonly #commits: CommitSource
  readonly #run: Pick<Overridden, 'write'>

  constructor(
    run: Acting & Delivering<Settlement> & Pick<Overridden, 'write'>,
    commits: CommitSource,
    calls: Calls,
    { services, history, items, marks }: Pick<Driven, 'services' | 'history' | 'items' | 'marks'>,
  ) {
    this.#commits = commits
    this.#run = run
    this.calls = calls
    this.marks = marks
    this.acts = new Acts(run, services.bodies)
    this.timers = new Timers(services.clock)
    this.deliveries = new Deliveries(history?.settlements ?? [], services.stretch, run)
    this.inbox = new Inbox(items, this)
  }

  /** Nothing acts, and the code has come to rest from all that it was told. */
  get isAtRest(): boolean {
    return this.acts.areDone && this.deliveries.empty
  }

  /** Of a run at rest: what it waits for takes longer than so long (ms), and nothing is to act. */
  onlyWaits(lingerMs: number): boolean {
    return this.acts.deferred === 0 && this.waits > 0 && !this.timers.dueWithin(lingerMs)
  }

  write(event: PendingEvent): void {
    this.#run.write(event)
  }

  /** What people said of calls that are about to act: see `applyOverrides`. */
  overrideFirst(): void {
    if (this.inbox.hasOverrides) applyFirst(this)
  }

  /** What people said of calls in the place of what those would come to. */
  override(): void {
    if (this.inbox.hasOverrides) applyOverrides(this)
  }

  /** What acted for an overridden call has ended. */
  noteLate(call: Call): void {
    this.write(lateResult(call))
  }

  /** How many of its calls wait. */
  get waits(): number {
    return this.timers.size + this.inbox.waiting
  }

  isUnrest(): boolean {
    return !this.deliveries.empty || this.#commits.settles || this.#commits.isSettling
  }

  whenAtRest(): void {
    this.deliveries.start()
  }

  /** Neither acts nor waits, and nothing of it is to be written: its code awaits something of its own. */
  get isIdle(): boolean {
    return this.isAtRest && this.waits + this.acts.deferred === 0 && this.#commits.isEmpty
  }
}
