import { messageOf } from '../../base/errors.ts'
import type { Row } from '../../store/database.ts'
import { newEvent, textEvent } from '../../store/journal/events.ts'
import { openItems } from '../../store/marks/open-kept.ts'
import type { RunMarks } from '../../store/marks/run-marks.ts'
import type { NewRun } from '../../store/runs/changes/starts.ts'
import type { InboxItem } from '../../store/runs/inbox.ts'
import { settleReview } from '../calls/requires/review.ts'
import { settleRequirements } from '../calls/requires/settle-requirements.ts'
import type { Call } from '../replay/call.ts'
import { Calls } from '../replay/calls.ts'
import { pendingEvent } from '../replay/pending-event.ts'
import { untilOver } from '../waiting/unawaited.ts'
import type { Workflow } from '../workflow.ts'
import type { Claim } from './claim.ts'
import type { OnStarted } from './commit-source.ts'
import type { Driven } from './driven.ts'
import { Lifecycle } from './lifecycle.ts'
import { RunCallSite } from './run-call-site.ts'
import { succeeded } from './workflow-output.ts'

/** Calls act; or what was settled is told to its code and written; or its code awaits a promise of its own. */
export type GoesOn = 'acts' | 'moves' | 'awaits'

/**
 * One claim of a run as a worker drives it, and what that is made of: the calls of its code (`calls.ts`), what it is at
 * (`activity.ts`), how its events become durable (`commit-source.ts`), its life cycle (`lifecycle.ts`), and the side that
 * its calls see (`run-call-site.ts`).
 */
export class Execution {
  readonly claim: Claim
  readonly workflow: Workflow
  /** What its calls see of it. */
  readonly site: RunCallSite
  readonly #calls: Calls
  readonly #life: Lifecycle
  readonly #marks: RunMarks

  constructor(options: Driven) {
    const { claim, workflow, services, history, marks, trial } = options
    this.#marks = marks
    openItems(options.items, marks)
    this.claim = claim
    this.workflow = workflow
    this.#calls = new Calls(claim, workflow, history, { secrets: services.secrets, marks })
    this.#life = new Lifecycle(this.#calls, options)
    const [calls, life] = [this.#calls, this.#life]
    this.site = new RunCallSite({ claim, workflow, services, history, marks, calls, life, trial })
  }

  /** The last event of its journal. */
  get head(): { seq: number; hash: string; bytes: number } {
    return this.#life.commits.head
  }

  /** When something of it was last written (ms). */
  get movedAt(): number {
    return this.#life.commits.movedAt
  }

  get isParked(): boolean {
    return this.#life.mode === 'parked'
  }

  /** The highest id of the items that came into its inbox. */
  get lastItem(): number {
    return this.#life.activity.inbox.lastId
  }

  /** Its first commit starts the run, with these rows; `onStarted` hears what became of that. */
  startRun(run: NewRun, payload: string, rows: readonly Row[], onStarted: OnStarted): void {
    this.#life.commits.start(run, onStarted)
    this.#life.write(pendingEvent(null, textEvent('run-started', payload), { name: run.workflow }), rows)
  }

  /** Calls the workflow's function. */
  begin(context: unknown, input: unknown): void {
    void this.#call(context, input)
    this.#life.activity.deliveries.start()
  }

  async #call(context: unknown, input: unknown): Promise<void> {
    try {
      const output = await this.workflow.run(context as never, input as never)
      if (this.#calls.areOpen) await this.#awaitOpen()
      if (this.workflow.requires.length > 0) await settleRequirements(this.site, context, input, output)
      if (this.workflow.output) this.site.mark(this.workflow.output, output)
      const event = succeeded(this.workflow, output)
      if (this.workflow.review || this.#calls.behindHistory) await settleReview(this.site, input)
      if (this.#calls.behindHistory) return this.#markUnmade('its function returned')
      this.#life.finishAs(event, { status: 'succeeded', reason: null })
    } catch (error) {
      if (this.#calls.behindHistory) return this.#markUnmade(`its function threw: ${messageOf(error)}`)
      this.#life.finishFailed(error, this.#calls.stepBehind(error))
    }
  }

  async #awaitOpen(): Promise<void> {
    const { trial } = this.site
    const counts = (call: Call) => !trial || call.recorded?.settled !== undefined
    if (this.#calls.unawaited().some(counts)) await untilOver(this.site, this.#calls, counts)
  }

  #markUnmade(why: string): void {
    this.markStuck(this.#calls.describeLeft(why))
  }

  /** The code no longer fits the journal: a person must look. Nothing of this run acts any more. */
  markStuck(reason: string): void {
    this.#life.markStuck(reason)
  }

  /** Ends the run by a person's or a parent's wish. */
  cancel(by: string): void {
    const reason = `cancelled by ${by}`
    this.#life.finishAs(newEvent('run-cancelled', { by }), { status: 'cancelled', reason })
  }

  /**
   * New inbox items came while this process drives the run; `arrived` is how many ever came. A run that winds up could no
   * longer act on them: they stay untaken, and because they were not seen the run is queued again when it is given back.
   */
  receive(items: InboxItem[], arrived: number): void {
    if (!this.#life.takesItems) return
    this.claim.inbox = Math.max(this.claim.inbox, arrived)
    if (!this.#opened(items)) return
    this.#life.activity.inbox.add(items)
    this.#life.override()
  }

  /** Lets what acts now finish, starts nothing more, and gives the run back. */
  drain(): void {
    this.#life.drain()
  }

  /** Gives the run back although something acts yet: this process is about to end. */
  abandon(reason: string): void {
    this.#life.abandon(reason)
  }

  /** Goes on from where it parked, its claim being a new one. `items`: what its inbox has, unless nothing came since. */
  resume(items: InboxItem[] | undefined): void {
    this.#life.commits.claimedAgain()
    if (!items || this.#opened(items)) this.#life.resume(items)
  }

  /** What came and cannot be opened lies there until the run is retried. */
  #opened(items: InboxItem[]): boolean {
    try {
      openItems(items, this.#marks)
      return true
    } catch (error) {
      this.markStuck(`What the run was sent cannot be opened: ${messageOf(error)}`)
      return false
    }
  }

  /** Of one that parked: nobody goes on with it. */
  drop(): void {
    this.#life.drop()
  }

  /** What goes on here by itself at this moment; undefined: only what it waits for moves it, or nothing does. */
  get goesOn(): GoesOn | undefined {
    const { activity, commits } = this.#life
    if (!activity.acts.areDone) return 'acts'
    if (!activity.deliveries.empty || !commits.isEmpty || commits.isWriting) return 'moves'
    return this.#life.mode === 'live' && activity.isIdle ? 'awaits' : undefined
  }

  /** What it is at, when it has been silent since `movedAt`; a wait has its reason on the run's row when it is parked. */
  describeSilence(): { reason: string; isIdle: boolean } | undefined {
    const { activity, mode } = this.#life
    // It goes onto the run's row as it is.
    if (!activity.acts.areDone)
      return { reason: this.#marks.sealText(`acts: ${this.#calls.describeOpen()}`), isIdle: false }
    if (mode !== 'live' || !activity.isIdle) return undefined
    return {
      reason: `Nothing of this run acts, and it waits for nothing that Reeve knows: after call ${this.#calls.next - 1} its code awaits a promise of its own (a timer, a request) or one that never settles. Put what it awaits into ctx.step, or wait with ctx.sleep or ctx.waitFor. To end the run: reeve cancel ${this.claim.id}`,
      isIdle: true,
    }
  }
}
