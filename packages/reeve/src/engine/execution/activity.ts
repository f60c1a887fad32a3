import { Overrides } from '../overriding/overrides.ts'
import type { Settlement } from '../replay/call.ts'
import type { Calls } from '../replay/calls.ts'
import { Deliveries, type Delivering } from '../replay/deliveries.ts'
import { Inbox, type InboxPort } from '../waiting/inbox.ts'
import { Timers } from '../waiting/timers.ts'
import { type Acting, Acts } from './acts.ts'
import type { CommitSource } from './commit-source.ts'
import type { Driven } from './driven.ts'
import type { PendingEvent } from './pending-event.ts'

/**
 * What one run is at in this process: what acts, what is about to be told to its code, what it waits for.
 *
 *   busy (something acts, or its code has not come to rest) → waiting (only waits are left) → busy …
 *                                                           ↘ idle (not even those)
 */
export class Activity implements InboxPort {
  readonly acts: Acts
  readonly timers: Timers
  readonly inbox: Inbox
  readonly deliveries: Deliveries<Settlement>
  readonly overrides: Overrides
  readonly #commits: CommitSource

  constructor(
    run: Acting & Delivering<Settlement> & { write(event: PendingEvent): void; override(): void },
    commits: CommitSource,
    calls: Calls,
    { services, history, items, marks }: Pick<Driven, 'services' | 'history' | 'items' | 'marks'>,
  ) {
    this.#commits = commits
    this.acts = new Acts(run, services.bodies, () => run.override())
    this.timers = new Timers(services.clock)
    this.deliveries = new Deliveries(history?.settlements ?? [], services.stretch, run)
    this.inbox = new Inbox(items, this)
    this.overrides = new Overrides({ calls, activity: this, marks, write: (event) => run.write(event) })
  }

  /** Nothing acts, and the code has come to rest from all that it was told. */
  get isAtRest(): boolean {
    return this.acts.areDone && this.deliveries.empty
  }

  /** Of a run at rest: what it waits for takes longer than so long (ms), and nothing is to act. */
  onlyWaits(lingerMs: number): boolean {
    return this.acts.deferred === 0 && this.waits > 0 && !this.timers.dueWithin(lingerMs)
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
