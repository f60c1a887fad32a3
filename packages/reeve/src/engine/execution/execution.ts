import { fromErrorRecord, messageOf, ReeveError, toErrorRecord } from '../../base/errors.ts'
import { misfit, validate } from '../../base/schema/schema.ts'
import { describeValue } from '../../base/text/shorten.ts'
import { checkText, isShortText } from '../../base/text/text.ts'
import { lastMoment, toMs } from '../../base/time/time.ts'
import type { Row } from '../../store/database.ts'
import {
  type CallKind,
  checkedEvent,
  type ErrorEventType,
  errorOf,
  type LineEventType,
  type NewEvent,
  newEvent,
  textEvent,
} from '../../store/journal/events.ts'
import type { Outcome, Turn, TurnSource } from '../../store/journal/group-commit.ts'
import type { JournalEvent } from '../../store/journal/journal.ts'
import { closingRow } from '../../store/runs/approvals.ts'
import type { InboxItem } from '../../store/runs/inbox.ts'
import type { NewRun } from '../../store/runs/runs.ts'
import { OpenWaits } from '../calls/give-up.ts'
import type { EngineServices } from '../services.ts'
import type { Workflow } from '../workflow.ts'
import type { Call, Claim, Ending, Leaving, Settlement } from './call.ts'
import { Deliveries } from './deliveries.ts'
import { type History, type RecordedCall, seedOf } from './history.ts'
import { Inbox } from './inbox.ts'
import { refuseInsideBody } from './inside-body.ts'
import { LazyAbort } from './lazy-abort.ts'
import { describeMismatch } from './mismatch.ts'
import { isEnded, Outbox, type UnderWay } from './outbox.ts'
import { Timers } from './timers.ts'

const defaultSteps = 1000

/** @throws `invalid-output` `async-schema` */
function checkedOutput({ name, output: schema }: Workflow, output: unknown): unknown {
  if (!schema) return output
  const checked = validate(schema, output)
  if (checked.ok) return checked.value
  throw misfit(
    'invalid-output',
    `The result of workflow "${name}" does not fit its output schema`,
    checked.issues,
  )
}

/** Hears what became of a run's birth: it is durable (and new, or another has its key), or the database refused it. */
export interface OnBorn {
  born(isNew: boolean): void
  refused(error: unknown): void
}

/**
 * Drives one claimed run: numbers its calls, answers them from the journal while it replays, and lets them act once it
 * is live.
 *
 *   replaying → live → finishing → leaving → ended
 *            ↑    ↘ leaving (only waits are left: released as `waiting`) → ended
 *            └───────── parked ↲      (kept for a while in case this worker claims it again)
 *
 * `finishing` begins when the workflow's function is done, or the run is cancelled, stuck or out of time: nothing new
 * acts, and what acts still is awaited, so that no outcome stays hidden behind an ended run. `leaving` is the turn that
 * gives the run back. A parked execution is nobody's: it may be dropped at any time, and what its code does of its own
 * meanwhile drops it.
 *
 * Completions reach the workflow one at a time and in journal order, live as on replay, so that concurrent branches
 * interleave as they did. Whatever a run makes ready at one moment goes into one turn of the group commit. A parked or
 * lost run's promises never settle; nothing holds them, so they are collected.
 */
export class Execution implements TurnSource {
  readonly claim: Claim
  readonly workflow: Workflow
  readonly services: EngineServices
  readonly history: History | undefined
  readonly timers: Timers
  readonly inbox: Inbox
  readonly openWaits = new OpenWaits()
  readonly #calls = new Map<number, Call>()
  readonly #deliveries: Deliveries<Settlement>
  readonly #outbox: Outbox
  readonly #abort = new LazyAbort()
  readonly #onEnd: (ending: Ending) => void
  readonly #onRefused: (error: unknown) => void
  readonly #stepLimit: number
  /** When the run's time is up (ms). */
  readonly #deadline: number
  /** Which call an error came from, so that a retry of the run can make that call again. */
  readonly #failedSteps = new WeakMap<Error, number>()

  #mode: 'replaying' | 'live' | 'finishing' | 'leaving' | 'parked' | 'ended' = 'live'
  #nextStep: number
  #now: number
  #logs = 0
  #parsed = 0
  /** Bodies, effects and the like that act now, in this process. */
  #acting = 0
  /** What may act once the run is live. */
  #held: (() => void)[] = []
  #submitted = false
  /** It went on after it had parked. */
  #wasParked = false
  /** Its code did something of its own while it was leaving: what that was is lost here, and for a replay to find. */
  #isAstray = false
  #underWay: UnderWay | undefined
  #onBorn: OnBorn | undefined
  /** When something of it was last written, or it was claimed (ms). */
  #movedAt: number
  /** Whether it is still open that this run is the one with its idempotency key: until then nothing acts. */
  #maybeDuplicate = false
  #finish: (() => void) | undefined
  #draining = false
  /** Children whose end it has not heard of. */
  #openChildren: number

  constructor(options: {
    claim: Claim
    workflow: Workflow
    services: EngineServices
    history: History | undefined
    inbox: InboxItem[]
    onEnd: (ending: Ending) => void
    /** The database would not take what the run wrote: nothing of that turn is there. */
    onRefused: (error: unknown) => void
  }) {
    const { claim, history, workflow } = options
    this.claim = claim
    this.workflow = workflow
    this.services = options.services
    this.history = history
    this.#onEnd = options.onEnd
    this.#onRefused = options.onRefused
    // Each chapter has the workflow's limits anew.
    const callsBefore = history?.callsBefore ?? 0
    this.#nextStep = callsBefore + 1
    this.#stepLimit = callsBefore + (workflow.limits.steps ?? defaultSteps)
    const { time } = workflow.limits
    const beganAt = this.chapterSeq > 0 ? history!.first.at : claim.createdAt
    this.#deadline = time === undefined ? Number.POSITIVE_INFINITY : beganAt + toMs(time)
    this.#now = history?.input.at ?? claim.createdAt
    this.#openChildren = history?.openChildren ?? 0
    this.#movedAt = history ? options.services.clock.now() : claim.createdAt
    this.#outbox = new Outbox(claim, history, options.services.secrets)
    this.#deliveries = new Deliveries(history?.settlements ?? [], options.services.stretch, {
      recorded: (settlement) => this.#deliverRecorded(settlement.step, settlement.event, settlement.rejects),
      live: (settlement) => this.#deliverLive(settlement),
      replayed: () => this.#goLive(),
      quiet: () => this.#atRest(),
    })
    this.timers = new Timers(options.services.clock)
    this.inbox = new Inbox(options.inbox, {
      isUnrest: () => this.#isUnrest(),
      whenAtRest: () => this.#deliveries.start(),
    })
    if (history && history.settlements.length > 0) this.#mode = 'replaying'
  }

  /** Aborted when the run ends or leaves this process. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  get aborted(): boolean {
    return this.#abort.aborted
  }

  /** The run's time: when the journal last moved it. The same on replay. */
  get now(): number {
    return this.#now
  }

  /** The first event of its chapter; 0 in the first one. */
  get chapterSeq(): number {
    const first = this.history?.first
    return first?.type === 'run-continued' ? first.seq : 0
  }

  /** What the run's random numbers come from: others in each chapter. */
  get seed(): string {
    return seedOf(this.history, this.claim.id)
  }

  /** Whether the journal holds calls that the workflow has not made again yet. */
  get behindHistory(): boolean {
    return this.history !== undefined && this.history.lastStep >= this.#nextStep
  }

  /** The number of the call that is made next. */
  get nextStep(): number {
    return this.#nextStep
  }

  /** What the journal knows of the call that is made next. */
  get nextRecorded(): RecordedCall | undefined {
    return this.history?.calls.get(this.#nextStep)
  }

  /** Starts the workflow's function. */
  start(context: unknown, input: unknown): void {
    void this.#drive(context, input)
    this.#deliveries.start()
  }

  async #drive(context: unknown, input: unknown): Promise<void> {
    try {
      const output = await this.workflow.run(context as never, input as never)
      if (this.behindHistory) return this.#stickUnmade('its function returned')
      const checked = checkedOutput(this.workflow, output)
      const event = checkedEvent('run-succeeded', checked, `the result of workflow ${this.workflow.name}`)
      this.#finishAs(event, { status: 'succeeded', reason: null })
    } catch (error) {
      if (this.behindHistory) return this.#stickUnmade(`its function threw: ${messageOf(error)}`)
      this.#finishFailed(error, this.#stepBehind(error))
    }
  }

  /** The call that an error came from, or that an error it was made of came from. */
  #stepBehind(error: unknown): number | undefined {
    try {
      for (let cause = error, depth = 0; cause instanceof Error && depth < 10; depth++, cause = cause.cause) {
        const step = this.#failedSteps.get(cause)
        if (step !== undefined) return step
      }
    } catch {
      // An error that cannot be read, as by a getter that throws, is none of Reeve's.
    }
    return undefined
  }

  /** Remembers which call an error came from that was made of its settlement. */
  blame(call: Call, error: unknown): void {
    if (error instanceof Error) this.#failedSteps.set(error, call.step)
  }

  /** The code came to its end before it made all the calls that the journal has. */
  #stickUnmade(why: string): void {
    const steps = [...this.history!.calls.keys()].filter((step) => step >= this.#nextStep)
    const recorded = this.history!.calls.get(Math.min(...steps))!
    this.stick(`${describeMismatch(this.workflow, recorded, undefined)}\nBefore that call ${why}.`)
  }

  // ---- calls

  /**
   * Numbers a call and compares it with what the journal has under that number. A diverged, parked or ending run gets a
   * promise that never settles: nothing for user code to catch.
   */
  issue<Kind extends CallKind>(kind: Kind, given: string, args: string | null): Call<Kind> {
    refuseInsideBody(this, kind, given)
    const step = this.#nextStep++
    const { name: checked, fault } = checkName(kind, given, step)
    const name = this.services.secrets.redact(checked)
    const recorded = this.history?.calls.get(step)
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    const call: Call<Kind> = { step, kind, name, args, recorded, promise, resolve, reject }
    if (this.#mode !== 'live' && this.#mode !== 'replaying') return call
    if (fault) {
      this.#reject(call, fault)
    } else if (
      recorded &&
      (recorded.kind !== kind || !isNamed(recorded, name, checked) || recorded.args !== args)
    ) {
      this.stick(describeMismatch(this.workflow, recorded, call))
    } else if (step > this.#stepLimit) {
      const before = this.history?.callsBefore ?? 0
      const what = `The run made ${step - before} calls; its workflow allows ${this.#stepLimit - before} (limits.steps). Raise the limit, end the loop that makes them, or let it go on with ctx.continueAs.`
      this.#reject(call, new ReeveError('limit-steps', what))
    } else {
      this.#calls.set(step, call)
      if (this.#mode === 'live') this.#checkDeadline()
    }
    return call
  }

  /**
   * Runs `act` once the run is live, unless the journal has settled the call. Counts it as acting until it is done; what
   * it throws fails the call.
   */
  perform(call: Call, act: () => Promise<void> | void): void {
    if (call.recorded?.settled || !this.#calls.has(call.step)) return
    if (this.#mode === 'live' && !this.#draining && !this.#maybeDuplicate) void this.#begin(call, act)
    else if (this.#mode === 'live' || this.#mode === 'replaying')
      this.#held.push(() => void this.#begin(call, act))
  }

  async #begin(call: Call, act: () => Promise<void> | void): Promise<void> {
    this.#acting++
    try {
      await act()
    } catch (error) {
      this.fail(call, `${call.kind}-failed`, error)
    }
    this.#acted()
  }

  #acted(): void {
    this.#acting--
    if (this.#acting > 0) return
    if (this.#finish) this.#tryFinish()
    else if (!this.#submitted) this.#considerParking()
  }

  /**
   * Settles a call with a value whose JSON text is `payload`. The workflow gets a copy made from that text, as a replay
   * would: what others do to the value, or what JSON leaves out of it, cannot make the two differ.
   */
  settle(call: Call, event: NewEvent, value: unknown): void {
    const { payload } = event
    const copied = payload !== null && ((typeof value === 'object' && value !== null) || Object.is(value, -0))
    const copy = copied ? JSON.parse(payload) : value
    this.#append(call, event, { call, value: copy, error: undefined, at: 0 })
  }

  /** Settles a call with an error. The workflow gets it as a replay would give it: as its record, without its cause. */
  fail(call: Call, type: ErrorEventType, error: unknown): void {
    const event = newEvent(type, toErrorRecord(error))
    const settlement = { call, value: undefined, error: fromErrorRecord(errorOf(event)), at: 0 }
    this.#append(call, event, settlement)
  }

  /** Writes an event of a call that does not settle it. Resolves when it is durable. */
  note(call: Call, event: NewEvent): Promise<void> {
    return new Promise((resolve) => this.#append(call, event, undefined, resolve))
  }

  /** Writes an event of a call that does not settle it, without waiting. */
  open(call: Call, event: NewEvent): void {
    this.#append(call, event)
  }

  /** Writes an event of a call that does not settle it, with whatever this run writes next: no turn for it alone. */
  openLater(call: Call, event: NewEvent): void {
    this.#push(call, event)
  }

  #append(call: Call, event: NewEvent, settles?: Settlement, whenDurable?: () => void): void {
    if (this.#push(call, event, settles, whenDurable)) this.#submit()
  }

  #push(call: Call, { type, payload }: NewEvent, settles?: Settlement, whenDurable?: () => void): boolean {
    // Nothing may follow the event that ends the run: its payload is the run's outcome.
    this.drop()
    if (this.#mode === 'ended' || this.#mode === 'leaving') return false
    this.#outbox.push({
      type,
      step: call.step,
      name: call.name,
      args: call.args,
      payload,
      settles,
      whenDurable,
    })
    return true
  }

  /** Writes an event of the run itself. */
  mark({ type, payload }: NewEvent, name: string | null, step: number | null = null): void {
    this.drop()
    if (this.#mode === 'ended' || this.#mode === 'leaving') return
    this.#outbox.push({ type, step, name, args: null, payload })
    this.#submit()
  }

  /** Writes an event of the run itself with whatever it writes next: no turn for it alone. */
  markLater({ type, payload }: NewEvent, name: string): void {
    this.drop()
    if (this.#mode === 'ended' || this.#mode === 'leaving') return
    this.#outbox.push({ type, step: null, name, args: null, payload })
  }

  /** The number of the next value to be checked inside the run. */
  nextParsed(): number {
    this.drop()
    return ++this.#parsed
  }

  /** Writes a line unless it is in the journal already. */
  log(line: NewEvent<LineEventType>): void {
    refuseInsideBody(this, 'ctx.log')
    this.#logs++
    if (this.#logs > (this.history?.logs ?? 0)) this.mark(line, null)
  }

  /** Rows of other tables, to be written with the event that the caller writes in the same breath. */
  addRows(...rows: Row[]): void {
    this.#outbox.addRows(rows)
  }

  childStarted(): void {
    this.#openChildren++
    this.#outbox.startChild()
  }

  /** A child was heard to have ended. */
  childEnded(): void {
    this.#openChildren--
  }

  // ---- turns

  /** Brings the run into the world with its first turn; `onBorn` hears what became of that. */
  born(run: NewRun, payload: string, onBorn: OnBorn): void {
    this.#onBorn = onBorn
    this.#maybeDuplicate = run.idempotency !== null
    this.#outbox.bear(run)
    this.mark(textEvent('run-started', payload), run.workflow)
  }

  #submit(): void {
    if (this.#submitted || this.#underWay) return
    this.#submitted = true
    this.services.commits.submit(this)
  }

  take(): Turn {
    this.#submitted = false
    this.#parkIfQuiet()
    const earliest = Math.min(this.timers.earliest ?? Number.POSITIVE_INFINITY, this.#deadline)
    this.#underWay = this.#outbox.take({
      now: this.services.clock.now(),
      // A journal of before may hold a time that no database keeps exactly.
      wakeAt: earliest === Number.POSITIVE_INFINITY ? null : Math.min(earliest, lastMoment),
      taken: this.inbox.takeRows(),
      openChildren: this.#openChildren > 0,
      wasClaimed: this.history !== undefined || this.#wasParked,
    })
    const { turn } = this.#underWay
    this.#movedAt = this.#underWay.at
    return turn
  }

  settled(outcome: Outcome): void {
    const { events, at, leaving, startsChildren, leavesChildren } = this.#underWay!
    this.#underWay = undefined
    // Born, and taken away by another worker since: it is there, and new.
    this.#onBorn?.born(outcome !== 'exists')
    this.#onBorn = undefined
    if (outcome !== 'durable') {
      this.#stop({ status: outcome, reason: null, payload: null })
      return
    }
    if (this.#maybeDuplicate) {
      this.#maybeDuplicate = false
      this.#release()
    }
    if (startsChildren) this.services.queued()
    if (leavesChildren) this.services.childrenLeft()
    for (const event of events) {
      event.whenDurable?.()
      if (!event.settles || leaving) continue
      event.settles.at = at
      this.#deliveries.add(event.settles)
    }
    if (leaving?.status === 'waiting' && !this.#draining && !this.#isAstray) this.#park(leaving)
    else if (leaving) this.#stop({ ...leaving, payload: events.at(-1)?.payload ?? null })
    else if (!this.#outbox.empty) this.#submit()
    else if (this.#acting === 0) this.#considerParking()
  }

  refused(error: unknown): void {
    this.services.log.error('a turn was refused by the database', {
      run: this.claim.id,
      error: messageOf(error),
    })
    this.#stop({ status: 'lost', reason: null, payload: null })
    if (this.#onBorn) this.#onBorn.refused(error)
    else this.#onRefused(error)
  }

  // ---- deliveries

  /** Answers false when the code does not make the call that the journal settles next. */
  #deliverRecorded(step: number, event: JournalEvent, rejects: boolean): boolean {
    const call = this.#calls.get(step)
    if (!call) {
      if (this.#mode === 'replaying') {
        this.stick(describeMismatch(this.workflow, this.history!.calls.get(step)!, undefined))
      }
      return false
    }
    this.#now = event.at
    this.#calls.delete(step)
    // Nothing looks at it again, and its result may be large.
    this.history!.calls.delete(step)
    if (rejects) this.#reject(call, fromErrorRecord(errorOf(event)))
    else call.resolve(event.payload === null ? undefined : JSON.parse(event.payload))
    return true
  }

  #deliverLive({ call, value, error, at }: Settlement): void {
    this.#now = at
    this.#calls.delete(call.step)
    if (error) this.#reject(call, error)
    else call.resolve(value)
  }

  /** Rejects a call's promise; the workflow need not have looked at it yet. */
  #reject(call: Call, error: Error): void {
    this.#failedSteps.set(error, call.step)
    call.promise.catch(() => {})
    call.reject(error)
  }

  #goLive(): void {
    if (this.#mode !== 'replaying' && this.#mode !== 'live') return
    this.#mode = 'live'
    this.#release()
  }

  #release(): void {
    if (this.#mode !== 'live' || this.#draining || this.#maybeDuplicate) return
    this.#checkDeadline()
    const held = this.#held
    this.#held = []
    for (const begin of held) begin()
  }

  // ---- ways to leave

  /** Something is settled and not told yet, or the code has not come to rest from what it was told. */
  #isUnrest(): boolean {
    if (!this.#deliveries.empty || this.#outbox.settles) return true
    return this.#underWay?.events.some(({ settles }) => settles !== undefined) ?? false
  }

  #atRest(): void {
    this.inbox.offerAll()
    this.#considerParking()
  }

  #considerParking(): void {
    if (this.#isQuiet()) this.#submit()
  }

  /** Only waits are left: lets the run go, with its wake recorded in the same turn. */
  #parkIfQuiet(): void {
    if (!this.#isQuiet() || this.#outbox.settles) return
    const goesOn = this.#held.length > 0 || this.timers.size + this.inbox.waiting === 0
    this.#outbox.leave(
      goesOn ? { status: 'queued', reason: null } : { status: 'waiting', reason: this.#waitingFor() },
    )
    this.#mode = 'leaving'
    // The commit may take long: what is due meanwhile wakes the run by its row.
    this.timers.stop()
  }

  #isQuiet(): boolean {
    if (this.#mode !== 'live' || this.#acting > 0 || !this.#deliveries.empty) return false
    if (this.#draining) return true
    const waits = this.timers.size + this.inbox.waiting
    return this.#held.length === 0 && waits > 0 && !this.timers.dueWithin(this.services.lingerMs)
  }

  #waitingFor(): string {
    const first = this.#calls.values().next().value
    const others = this.#calls.size - 1
    const what = first ? `${first.kind} "${first.name}"` : 'nothing'
    return others > 0 ? `${what} and ${others} more` : what
  }

  #finishAs(event: NewEvent, leaving: Leaving, step?: number): void {
    if (this.#mode === 'ended' || this.#mode === 'leaving' || this.#finish) return
    this.#mode = 'finishing'
    this.#held = []
    this.#finish = () => {
      this.timers.stop()
      for (const approval of this.inbox.openApprovals()) this.addRows(closingRow(approval, 'withdrawn'))
      if (leaving.continues) this.inbox.closeChapter()
      this.mark(event, null, step ?? null)
      this.#outbox.leave(leaving)
      this.#mode = 'leaving'
    }
    if (this.#acting > 0) this.#abort.abort('run-ending', 'The run is ending.')
    this.#tryFinish()
  }

  #finishFailed(error: unknown, step?: number): void {
    const record = toErrorRecord(error)
    this.#finishAs(newEvent('run-failed', record), { status: 'failed', reason: record.message }, step)
  }

  #tryFinish(): void {
    if (this.#acting === 0 && this.#mode === 'finishing') this.#finish?.()
  }

  /** The code no longer fits the journal: a person must look. Nothing of this run acts any more. */
  stick(reason: string): void {
    this.#finishAs(newEvent('run-stuck', { reason }), { status: 'stuck', reason })
  }

  /** Ends the run by a person's or a parent's wish. */
  cancel(by: string): void {
    this.#finishAs(newEvent('run-cancelled', { by }), {
      status: 'cancelled',
      reason: `cancelled by ${by}`,
    })
  }

  /**
   * Ends the chapter: the run goes on from the beginning of its function, with the input in `payload` and nothing of what
   * was before.
   */
  continueAs(payload: string, version: string): void {
    if (this.behindHistory) {
      this.#stickUnmade('it called ctx.continueAs')
      return
    }
    const call = this.#nextStep - 1
    this.#finishAs(
      textEvent('run-continued', payload),
      { status: 'queued', reason: null, continues: { version, call } },
      call,
    )
  }

  /** Lets what acts now finish, starts nothing more, and gives the run back. */
  drain(): void {
    this.#draining = true
    if (this.#acting === 0) this.#considerParking()
  }

  /**
   * Gives the run back although something acts yet: this process is about to end, and that is no death. What acts is told
   * to stop and no longer waited for; an effect under way is resolved by its class in the run's next life.
   */
  abandon(reason: string): void {
    if (this.#mode === 'leaving' || this.#mode === 'ended') return
    this.timers.stop()
    this.mark(newEvent('run-released', { reason }), null)
    this.#outbox.leave({ status: 'queued', reason: null, isAbandoned: true })
    this.#mode = 'leaving'
    this.#held = []
    this.#abort.abort('run-released', reason)
  }

  /**
   * New inbox items came while this process holds the run; `arrived` is how many ever came. A run that winds up could no
   * longer act on them: they stay untaken, and because they were not seen the run is queued again when it is given back.
   */
  receive(items: InboxItem[], arrived: number): void {
    if (this.#draining || this.#mode === 'leaving') return
    this.claim.inbox = Math.max(this.claim.inbox, arrived)
    this.inbox.add(items)
  }

  /** The last event of its journal. */
  get head(): { seq: number; hash: string; bytes: number } {
    return this.#outbox.head
  }

  get isParked(): boolean {
    return this.#mode === 'parked'
  }

  #park(leaving: Leaving): void {
    this.#mode = 'parked'
    this.#onEnd({ ...leaving, payload: null })
  }

  /**
   * Goes on from where it parked, its claim being a new one: with what a replay would come to at this point, in the same order.
   * `items`: what the run was sent and did not take, unless nothing came since.
   */
  resume(items: InboxItem[] | undefined): void {
    this.#mode = 'live'
    this.#wasParked = true
    this.#movedAt = this.services.clock.now()
    this.#release()
    if (this.#mode === 'live') {
      for (const begin of this.timers.takeDueActs()) begin()
      this.timers.resume()
      if (items) this.inbox.renew(items)
    }
    this.#deliveries.start()
  }

  /** Of one that parked or is about to: nobody goes on with it. */
  drop(): void {
    this.#isAstray ||= this.#mode === 'leaving'
    if (this.#mode !== 'parked') return
    this.#mode = 'ended'
    this.#abort.abort('run-ended', 'The run is no longer driven by this process.')
    this.timers.stop()
    this.#calls.clear()
  }

  #stop(ending: Ending): void {
    if (this.#mode === 'ended') return
    this.#mode = 'ended'
    this.#abort.abort('run-ended', 'The run is no longer driven by this process.')
    this.timers.stop()
    this.#calls.clear()
    this.#held = []
    this.#onEnd(ending)
    if (this.claim.parent !== null && isEnded(ending.status)) this.services.arrived(this.claim.parent)
  }

  /**
   * Whether the claim is surely held still. When it is lost, the execution ends: what waits for this answer must not act.
   */
  surelyHeld(): true | Promise<boolean> {
    const answer = this.services.surelyHolds(this.claim)
    if (answer === true) return true
    return answer.then((held) => {
      if (!held) this.#stop({ status: 'lost', reason: null, payload: null })
      return held
    })
  }

  /** When something of it was last written (ms). */
  get movedAt(): number {
    return this.#movedAt
  }

  /** What it is at, when it has been silent since `movedAt`; a wait has its reason on the run's row when it is parked. */
  describeSilence(): { reason: string; isIdle: boolean } | undefined {
    if (this.#acting > 0) return { reason: `acts: ${this.#waitingFor()}`, isIdle: false }
    const waits = this.timers.size + this.inbox.waiting + this.#held.length
    if (this.#mode !== 'live' || waits > 0 || !this.#deliveries.empty || !this.#outbox.empty) return undefined
    return {
      reason: `Nothing of this run acts, and it waits for nothing that Reeve knows: after call ${this.#nextStep - 1} its code awaits a promise of its own (a timer, a request) or one that never settles. Put what it awaits into ctx.step, or wait with ctx.sleep or ctx.waitFor. To end the run: reeve cancel ${this.claim.id}`,
      isIdle: true,
    }
  }

  // ---- limits

  #checkDeadline(): void {
    if (this.#deadline === Number.POSITIVE_INFINITY || this.services.clock.now() < this.#deadline) return
    const what = `The run took longer than its workflow allows (limits.time: ${this.workflow.limits.time}).`
    this.#finishFailed(new ReeveError('limit-time', what))
  }
}

function checkName(kind: CallKind, name: unknown, step: number): { name: string; fault?: ReeveError } {
  if (isShortText(name)) return { name }
  try {
    return { name: checkText(name, `The name of call ${step} (${kind})`) }
  } catch (error) {
    return { name: describeValue(name), fault: error as ReeveError }
  }
}

/** A name of before a secret in it was registered stands in the journal as it was. */
function isNamed({ name }: { name: string | null }, clean: string, given: string): boolean {
  return name === clean || name === given
}
