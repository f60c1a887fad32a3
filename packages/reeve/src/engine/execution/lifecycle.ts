import { toErrorRecord } from '../../base/errors.ts'
import { closingRow } from '../../store/approvals/approvals.ts'
import type { Row } from '../../store/database.ts'
import { type NewEvent, newEvent } from '../../store/journal/events.ts'
import type { InboxItem } from '../../store/runs/inbox.ts'
import type { AppendOptions } from '../call-site.ts'
import type { Call, Settlement } from '../replay/call.ts'
import type { Calls } from '../replay/calls.ts'
import type { Delivering } from '../replay/deliveries.ts'
import type { RecordedSettlement } from '../replay/history.ts'
import { type PendingEvent, pendingEvent } from '../replay/pending-event.ts'
import type { EngineServices } from '../services.ts'
import { RunDeadline } from '../waiting/run-deadline.ts'
import type { Workflow } from '../workflow.ts'
import { Activity } from './activity.ts'
import type { Acting } from './acts.ts'
import { type Claim, type Ending, isEnded, type Leaving } from './claim.ts'
import { CommitSource, type Committing } from './commit-source.ts'
import { type Driven, isBehind, type RunDriver, type Trial } from './driven.ts'
import { LazyAbort } from './lazy-abort.ts'

type Mode = 'replaying' | 'live' | 'finishing' | 'leaving' | 'parked' | 'ended'

/**
 * The life cycle of one claim of a run: whether its calls act, and how it is given back.
 *
 *   replaying → live → finishing → leaving → ended
 *            ↑    ↘ leaving (only waits are left: released as `waiting`) → ended
 *            └───────── parked ↲      (kept for a while in case this worker claims it again)
 *
 * `finishing` begins when the workflow's function is done, or the run is cancelled, stuck or out of time: nothing new
 * acts, and what acts still is awaited, so that no outcome stays hidden behind an ended run. `leaving` is the commit that
 * gives the run back. A parked run is nobody's: it may be dropped at any time, as by what its code does meanwhile.
 *
 * Completions reach the workflow one at a time and in journal order, live as on replay, so that concurrent branches
 * interleave as they did. A parked or lost run's promises never settle; nothing holds them, so they are collected.
 */
export class Lifecycle implements Acting, Committing, Delivering<Settlement> {
  readonly commits: CommitSource
  readonly activity: Activity
  readonly abort = new LazyAbort()
  readonly #claim: Claim
  readonly #workflow: Workflow
  readonly #services: EngineServices
  readonly #for: { driver: RunDriver; trial?: Trial }
  readonly #calls: Calls
  readonly #deadline: RunDeadline
  #mode: Mode
  #isDraining = false
  /** Its code did something of its own while it was leaving: what that was is lost here, and for a replay to find. */
  #isAstray = false
  /** Ends the run, once nothing acts. */
  #finish: (() => void) | undefined

  constructor(calls: Calls, options: Driven) {
    this.#claim = options.claim
    this.#workflow = options.workflow
    this.#services = options.services
    this.#for = options
    this.#calls = calls
    this.#deadline = new RunDeadline(options)
    this.#mode = isBehind(options) ? 'replaying' : 'live'
    this.commits = new CommitSource(this, options)
    this.activity = new Activity(this, this.commits, calls, options)
  }

  get mode(): Mode {
    return this.#mode
  }

  recorded(settlement: RecordedSettlement): boolean {
    if (this.#calls.settleRecorded(settlement)) return true
    if (this.#mode === 'replaying') this.markStuck(this.#calls.describeUnmade(settlement.step))
    return this.#for.trial !== undefined
  }

  replayed(): void {
    if (!this.takesCalls) return
    this.#mode = 'live'
    this.beginDeferred()
  }

  /** What people said of calls in the place of what those would come to. */
  override(): void {
    if (this.#mode === 'finishing' || (this.#mode === 'live' && this.#mayAct)) this.activity.override()
  }

  live(settlement: Settlement): void {
    this.#calls.settle(settlement)
  }

  get takesCalls(): boolean {
    return this.#mode === 'live' || this.#mode === 'replaying'
  }

  perform(call: Call, act: () => Promise<void> | void): void {
    const isDone = call.recorded?.settled || call.overridden || !this.#calls.isOpen(call)
    if (isDone || this.#for.trial?.mayAct(call) === false) return
    if (this.#mode === 'live' && this.#mayAct) this.activity.acts.begin(call, act)
    else if (this.takesCalls) this.activity.acts.defer(call, act)
  }

  get #mayAct(): boolean {
    return !this.#isDraining && !this.commits.maybeDuplicate
  }

  beginDeferred(): void {
    if (this.#mode !== 'live' || !this.#mayAct) return
    this.checkDeadline()
    this.activity.overrideFirst()
    this.activity.acts.beginDeferred()
    this.activity.override()
  }

  actFailed(call: Call, error: unknown): void {
    this.write(pendingEvent(call, newEvent(`${call.kind}-failed`, toErrorRecord(error)), { rejects: true }))
  }

  actedLate(call: Call): void {
    if (this.takesCalls) this.activity.noteLate(call)
  }

  actsDone(): void {
    if (this.#finish) this.#tryFinish()
    else if (!this.commits.isSubmitted) this.#considerParking()
  }

  /** Nothing may follow the event that ends the run: its payload is the run's outcome. */
  write(event: PendingEvent, rows?: AppendOptions['rows'], later = false): void {
    this.drop()
    if (this.#mode === 'ended' || this.#mode === 'leaving') return
    if (rows) this.commits.addRows(rows)
    this.commits.push(event)
    if (!later) this.commits.submit()
  }

  /** Of a live run: ends it when its time is up. */
  checkDeadline(): void {
    if (this.#mode !== 'live') return
    if (this.#deadline.at === Number.POSITIVE_INFINITY) return
    const error = this.#deadline.errorAt(this.#services.clock.now())
    if (error) this.finishFailed(error)
  }

  get inbox(): { takeRows(): Row[] } {
    return this.activity.inbox
  }

  get wakeAt(): number | null {
    return this.#deadline.wakeAt(this.activity.timers.earliest)
  }

  settledBy(settlement: Settlement): void {
    this.activity.deliveries.add(settlement)
  }

  committed(leaving: Leaving | undefined, payload: string | null): void {
    if (leaving?.status === 'waiting' && !this.#isDraining && !this.#isAstray) this.#park(leaving)
    else if (leaving) this.#stop({ ...leaving, payload })
    else if (!this.commits.isEmpty) this.commits.submit()
    else if (this.activity.acts.areDone) this.#considerParking()
  }

  lost(status: 'lost' | 'exists'): void {
    this.#stop({ status, reason: null, payload: null })
  }

  commitRefused(error: unknown, isStart: boolean): void {
    this.lost('lost')
    if (!isStart) this.#for.driver.refused(this.#claim, error)
  }

  quiet(): void {
    this.activity.inbox.offerAll()
    this.#considerParking()
    this.#for.trial?.quiet()
  }

  #considerParking(): void {
    if (this.#isQuiet()) this.commits.submit()
  }

  #isQuiet(): boolean {
    if (this.#mode !== 'live' || !this.activity.isAtRest) return false
    return this.#isDraining || this.activity.onlyWaits(this.#services.lingerMs)
  }

  /** Where only waits are left, lets the run go, with its wake recorded in the same commit. */
  beforeCommit(): void {
    if (!this.#isQuiet() || this.commits.settles) return
    const goesOn = this.activity.acts.deferred > 0 || this.activity.waits === 0
    this.#leave(
      goesOn ? { status: 'queued', reason: null } : { status: 'waiting', reason: this.#calls.describeOpen() },
    )
    // The commit may take long: what is due meanwhile wakes the run by its row.
    this.activity.timers.stop()
  }

  #leave(leaving: Leaving): void {
    this.commits.leave(leaving)
    this.#mode = 'leaving'
  }

  finishAs(event: NewEvent, leaving: Leaving, step?: number): void {
    if (this.#mode === 'ended' || this.#mode === 'leaving' || this.#finish) return
    this.#mode = 'finishing'
    this.activity.acts.dropDeferred()
    this.#finish = () => {
      this.activity.timers.stop()
      this.commits.addRows(this.activity.inbox.openApprovals().map((id) => closingRow(id, 'withdrawn')))
      if (leaving.continues) this.activity.inbox.closeChapter()
      this.write({ ...pendingEvent(null, event, undefined), step: step ?? null })
      this.#leave(leaving)
    }
    if (!this.activity.acts.areDone) this.abort.ending(event.type === 'run-succeeded')
    this.#tryFinish()
  }

  finishFailed(error: unknown, step?: number): void {
    const record = toErrorRecord(error)
    this.finishAs(newEvent('run-failed', record), { status: 'failed', reason: record.message }, step)
  }

  #tryFinish(): void {
    if (this.activity.acts.areDone && this.#mode === 'finishing') this.#finish?.()
  }

  /** The code no longer fits the journal: a person must look. Nothing of this run acts any more. */
  markStuck(reason: string): void {
    this.finishAs(newEvent('run-stuck', { reason }), { status: 'stuck', reason })
  }

  /** Lets what acts now finish, starts nothing more, and gives the run back. */
  drain(): void {
    this.#isDraining = true
    if (this.activity.acts.areDone) this.#considerParking()
  }

  /**
   * Gives the run back although something acts yet: this process is about to end, and that is no death. What acts is told
   * to stop and no longer waited for; an effect under way is resolved by its class when the run is claimed next.
   */
  abandon(reason: string): void {
    if (this.#mode === 'leaving' || this.#mode === 'ended') return
    this.activity.timers.stop()
    this.write(pendingEvent(null, newEvent('run-released', { reason }), undefined))
    this.#leave({ status: 'queued', reason: null, isAbandoned: true })
    this.activity.acts.dropDeferred()
    this.abort.abort('run-released', reason)
  }

  /** One that winds up could no longer act on what comes. */
  get takesItems(): boolean {
    return !this.#isDraining && this.#mode !== 'leaving'
  }

  #park(leaving: Leaving): void {
    this.#mode = 'parked'
    this.#for.driver.left(this.#claim, this.#workflow.name, { ...leaving, payload: null })
  }

  /**
   * Goes on from where it parked, its claim being a new one: with what a replay would come to at this point, in the same order.
   * `items`: what the run was sent and did not take, unless nothing came since.
   */
  resume(items: InboxItem[] | undefined): void {
    this.#mode = 'live'
    this.beginDeferred()
    if (this.#mode === 'live') {
      if (items) this.activity.inbox.renew(items)
      this.override()
      for (const begin of this.activity.timers.takeDueActs()) begin()
      this.activity.timers.resume()
    }
    this.activity.deliveries.start()
  }

  /** Of one that parked or is about to: nobody goes on with it. */
  drop(): void {
    this.#isAstray ||= this.#mode === 'leaving'
    if (this.#mode === 'parked') this.#end()
  }

  #stop(ending: Ending): void {
    if (this.#mode === 'ended') return
    this.#end()
    this.activity.acts.dropDeferred()
    this.#for.driver.left(this.#claim, this.#workflow.name, ending)
    const { parent } = this.#claim
    if (parent !== null && isEnded(ending.status)) this.#services.notices.tell('inbox-grew', parent)
  }

  #end(): void {
    this.#mode = 'ended'
    this.abort.abort('run-ended', 'The run is no longer driven by this process.')
    this.activity.timers.stop()
    this.#calls.clear()
  }
}
