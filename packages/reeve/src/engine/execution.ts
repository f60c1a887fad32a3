import { fromErrorRecord, ReeveError, toErrorRecord } from '../base/errors.ts'
import { sha256 } from '../base/hash.ts'
import { formatUsd, toUsd } from '../base/money.ts'
import { toMs } from '../base/time.ts'
import type { NewApproval } from '../store/approvals.ts'
import type { Outcome, Turn, TurnSource } from '../store/group-commit.ts'
import type { Delivery, InboxItem } from '../store/inbox.ts'
import { chainHash, type JournalEvent } from '../store/journal.ts'
import { endedStatuses, type NewRun, type Release, type RunStatus } from '../store/runs.ts'
import { Deliveries } from './deliveries.ts'
import type { EngineEdges } from './edges.ts'
import type { CallKind, History, RecordedCall } from './history.ts'
import { Inbox } from './inbox.ts'
import { describeMismatch } from './mismatch.ts'
import { encodePayload } from './payload.ts'
import { Timers } from './timers.ts'
import type { Workflow } from './workflow.ts'

/** One `ctx` call of a run. Its promise settles when its settlement is durable and its turn in the journal has come. */
export interface Call {
  readonly step: number
  readonly kind: CallKind
  readonly name: string
  readonly args: string | null
  /** What the journal knows of it; undefined for a call made for the first time. */
  readonly recorded: RecordedCall | undefined
  readonly promise: Promise<unknown>
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

/** An event to be written with the run's next turn. */
interface PendingEvent {
  type: string
  step: number | null
  name: string | null
  args: string | null
  payload: string | null
  /** The call that this event settles, once durable. */
  settles: Call | undefined
  value: unknown
  error: Error | undefined
  whenDurable: (() => void) | undefined
}

interface LiveSettlement {
  call: Call
  value: unknown
  error: Error | undefined
  at: number
}

/** The claimed run that an execution drives. */
export interface Claim {
  no: number
  id: string
  epoch: number
  parent: number | null
  createdAt: number
  crashes: number
  /** Inbox items that had arrived when it was claimed. */
  inbox: number
  costNanousd: number
}

/** How an execution ended: the run's new state, or (nothing of it written) its claim lost, or the run there before. */
export type Ending =
  | { status: Exclude<RunStatus, 'running'>; reason: string | null; payload: string | null }
  | { status: 'lost' | 'exists'; reason: null; payload: null }

/** A value's largest size as JSON inside an event, in characters; a larger one becomes a blob. */
const inlineLimit = 256 * 1024
const defaultSteps = 1000

/**
 * Drives one claimed run: numbers its calls, answers them from the journal while it replays, and lets them act once it
 * is live.
 *
 *   replaying → live → finishing → ended
 *                 ↘ parked (only waits are left: released as `waiting`, and forgotten)
 *
 * Completions reach the workflow one at a time and in journal order, live as on replay, so that concurrent branches
 * interleave as they did. Whatever a run makes ready at one moment goes into one turn of the group commit. A parked or
 * lost run's promises never settle; nothing holds them, so they are collected.
 */
export class Execution implements TurnSource {
  readonly claim: Claim
  readonly workflow: Workflow
  readonly edges: EngineEdges
  readonly timers: Timers
  readonly inbox: Inbox
  readonly #history: History | undefined
  readonly #calls = new Map<number, Call>()
  readonly #deliveries: Deliveries<LiveSettlement>
  readonly #abort = new AbortController()
  readonly #onEnd: (ending: Ending) => void
  readonly #stepLimit: number
  /** When the run's time is up (ms). */
  readonly #deadline: number

  #nextStep = 1
  #seq: number
  #hash: string
  #now: number
  #logs = 0
  /** Bodies, effects and the like that act now, in this process. */
  #acting = 0
  #held: (() => void)[] = []
  #mode: 'replaying' | 'live' | 'finishing' | 'releasing' | 'ended' = 'live'
  #submitted = false
  #outbox: PendingEvent[] = []
  #writing: PendingEvent[] = []
  #writingAt = 0
  #approvals: NewApproval[] = []
  #closed: { approval: string; status: 'expired' | 'withdrawn' }[] = []
  #children: { run: NewRun; first: JournalEvent }[] = []
  #birth: NewRun | undefined
  #onBorn: ((isNew: boolean) => void) | undefined
  #release: { status: Exclude<RunStatus, 'running'>; reason: string | null } | undefined
  #finish: (() => void) | undefined
  #draining = false
  /** The turn being written starts children. */
  #bore = false
  /** Which call an error came from, so that a retry of the run can make that call again. */
  readonly #failedSteps = new WeakMap<Error, number>()

  constructor(options: {
    claim: Claim
    workflow: Workflow
    edges: EngineEdges
    history: History | undefined
    inbox: InboxItem[]
    onEnd: (ending: Ending) => void
  }) {
    this.claim = options.claim
    this.workflow = options.workflow
    this.edges = options.edges
    this.#history = options.history
    this.#onEnd = options.onEnd
    this.#stepLimit = options.workflow.limits.steps ?? defaultSteps
    const { time } = options.workflow.limits
    this.#deadline = time === undefined ? Number.POSITIVE_INFINITY : options.claim.createdAt + toMs(time)
    this.#seq = options.history?.lastSeq ?? 0
    if (options.history) options.claim.costNanousd = Math.round(options.history.costUsd * 1e9)
    this.#hash = options.history?.lastHash ?? options.claim.id
    this.#now = options.history?.input.at ?? options.claim.createdAt
    this.#deliveries = new Deliveries<LiveSettlement>(options.history?.settlements ?? [], {
      deliver: (settlement) => this.#deliverRecorded(settlement.step, settlement.event, settlement.rejects),
      live: (settlement) => this.#deliverLive(settlement),
      replayed: () => this.#goLive(),
      quiet: () => this.#considerParking(),
    })
    this.timers = new Timers(options.edges.clock)
    this.inbox = new Inbox(options.inbox)
    if (options.history && options.history.settlements.length > 0) this.#mode = 'replaying'
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** The run's time: when the journal last moved it. The same on replay. */
  get now(): number {
    return this.#now
  }

  get replaying(): boolean {
    return this.#mode === 'replaying'
  }

  get history(): History | undefined {
    return this.#history
  }

  /** Whether the journal holds calls that the workflow has not made again yet. */
  get behindHistory(): boolean {
    return this.#history !== undefined && this.#history.lastStep >= this.#nextStep
  }

  get acting(): boolean {
    return this.#acting > 0
  }

  /** Starts the workflow's function. */
  start(context: unknown, input: unknown): void {
    void this.#drive(context, input)
    this.#deliveries.start()
  }

  async #drive(context: unknown, input: unknown): Promise<void> {
    try {
      const output = await this.workflow.run(context as never, input as never)
      const text = encodePayload(output, `the result of workflow ${this.workflow.name}`)
      this.#finishWith(() => this.#end('run-succeeded', text, { status: 'succeeded', reason: null }))
    } catch (error) {
      const record = toErrorRecord(error)
      const failed = error instanceof Error ? this.#failedSteps.get(error) : undefined
      this.#finishWith(() =>
        this.#end('run-failed', JSON.stringify(record), { status: 'failed', reason: record.message }, failed),
      )
    }
  }

  // ---- calls

  /**
   * Numbers a call and compares it with what the journal has under that number. A promise that never settles is
   * what a diverged, parked or ending run gets: nothing for user code to catch.
   */
  issue(kind: CallKind, name: string, args: string | null): Call {
    const step = this.#nextStep++
    const recorded = this.#history?.calls.get(step)
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    const call: Call = { step, kind, name, args, recorded, promise, resolve, reject }
    if (this.#mode === 'finishing' || this.#mode === 'releasing' || this.#mode === 'ended') return call
    if (recorded && (recorded.kind !== kind || recorded.name !== name || recorded.args !== args)) {
      this.stick(describeMismatch(this.workflow, recorded, call))
      return call
    }
    if (step > this.#stepLimit) {
      const what = `The run made ${step} calls; its workflow allows ${this.#stepLimit} (limits.steps). Raise the limit, or end the loop that makes them.`
      this.#refuse(call, new ReeveError('limit-steps', what))
      return call
    }
    this.#calls.set(step, call)
    if (this.#mode === 'live') this.#checkDeadline()
    return call
  }

  #checkDeadline(): void {
    if (this.edges.clock.now() < this.#deadline) return
    const what = `The run took longer than its workflow allows (limits.time: ${this.workflow.limits.time}).`
    this.failRun(new ReeveError('limit-time', what))
  }

  /** Runs `act` once the run is live and the call is not settled by the journal. Counts it as acting until it is done. */
  perform(call: Call, act: () => Promise<void> | void): void {
    if (call.recorded?.settled || !this.#calls.has(call.step)) return
    const begin = () => {
      this.#acting++
      let done: Promise<void> | void
      try {
        done = act()
      } catch (error) {
        this.#acted()
        this.fail(call, `${call.kind}-failed`, error)
        return
      }
      if (done instanceof Promise) {
        done.then(
          () => this.#acted(),
          (error) => {
            this.#acted()
            this.fail(call, `${call.kind}-failed`, error)
          },
        )
      } else {
        this.#acted()
      }
    }
    if (this.#mode === 'live' && !this.#draining) begin()
    else this.#held.push(begin)
  }

  #acted(): void {
    this.#acting--
    if (this.#acting > 0) return
    if (this.#finish) this.#tryFinish()
    else if (!this.#submitted) this.#considerParking()
  }

  /** Settles a call with a value whose JSON text is `payload`. */
  settle(call: Call, type: string, payload: string | null, value: unknown): void {
    this.#append({ type, call, payload, value, settles: true })
  }

  /** Settles a call with an error. The workflow gets it as a replay would give it: as its record. */
  fail(call: Call, type: string, error: unknown): void {
    const record = toErrorRecord(error)
    this.#append({
      type,
      call,
      payload: JSON.stringify(record),
      error: fromErrorRecord(record, error),
      settles: true,
    })
  }

  /** Writes an event of a call that does not settle it. Resolves when it is durable. */
  note(call: Call, type: string, payload: string | null): Promise<void> {
    return new Promise((resolve) => this.#append({ type, call, payload, whenDurable: resolve }))
  }

  /** Writes an event of a call that does not settle it, without waiting. */
  open(call: Call, type: string, payload: string | null): void {
    this.#append({ type, call, payload })
  }

  /** Writes an event of the run itself. */
  mark(type: string, name: string | null, payload: string | null): void {
    this.#push(type, null, name, null, payload)
  }

  /** Writes a log event unless this line is in the journal already. */
  log(payload: string): void {
    this.#logs++
    if (this.#logs > (this.#history?.logs ?? 0)) this.mark('log-written', null, payload)
  }

  requestApproval(approval: NewApproval): void {
    this.#approvals.push(approval)
  }

  closeApproval(approval: string, status: 'expired' | 'withdrawn'): void {
    this.#closed.push({ approval, status })
  }

  addChild(run: NewRun, first: JournalEvent): void {
    this.#children.push({ run, first })
  }

  /** Rejects a call's promise; the workflow need not have looked at it yet. */
  #refuse(call: Call, error: Error): void {
    call.promise.catch(() => {})
    call.reject(error)
  }

  #append(event: {
    type: string
    call: Call
    payload: string | null
    value?: unknown
    error?: Error
    settles?: boolean
    whenDurable?: () => void
  }): void {
    const { call } = event
    this.#push(
      event.type,
      call.step,
      call.name,
      call.args,
      event.payload,
      event.settles ? call : undefined,
      event.value,
      event.error,
      event.whenDurable,
    )
  }

  #push(
    type: string,
    step: number | null,
    name: string | null,
    args: string | null,
    payload: string | null,
    settles?: Call,
    value?: unknown,
    error?: Error,
    whenDurable?: () => void,
  ): void {
    if (this.#mode === 'ended') return
    this.#outbox.push({ type, step, name, args, payload, settles, value, error, whenDurable })
    this.#submit()
  }

  // ---- turns

  #submit(): void {
    if (this.#submitted || this.#writing.length > 0) return
    this.#submitted = true
    this.edges.commits.submit(this)
  }

  /** Gives birth to the run with its `run-started` event, written with the first turn; `onBorn` hears whether it was new. */
  born(run: NewRun, payload: string, onBorn: (isNew: boolean) => void): void {
    this.#birth = run
    this.#onBorn = onBorn
    this.#push('run-started', null, run.workflow, null, payload)
  }

  take(): Turn {
    this.#submitted = false
    this.#parkIfQuiet()
    const at = this.#birth ? this.#birth.created_at : this.edges.clock.now()
    this.#writingAt = at
    const turn: Turn = { run: this.claim.no, epoch: this.claim.epoch, events: [] }
    this.#writing = this.#outbox
    this.#outbox = []
    for (const pending of this.#writing) turn.events.push(this.#link(pending, at, turn))
    if (this.#birth) {
      turn.birth = this.#birth
      this.#birth = undefined
    }
    if (this.#approvals.length > 0) turn.approvals = this.#approvals.splice(0)
    if (this.#closed.length > 0) turn.closed = this.#closed.splice(0)
    if (this.#children.length > 0) {
      turn.children = this.#children.splice(0)
      this.#bore = true
    }
    const consumed = this.inbox.takeConsumed()
    if (consumed) turn.consumed = consumed
    if (this.#release) {
      turn.release = this.#releaseRow(this.#release, at)
      const delivery = this.#parentDelivery(this.#release.status, at)
      if (delivery) turn.deliveries = [delivery]
    }
    return turn
  }

  #link(pending: PendingEvent, at: number, turn: Turn): JournalEvent {
    let payload = pending.payload
    let blob: string | null = null
    let digest = ''
    if (payload !== null) {
      digest = sha256(payload)
      if (payload.length > inlineLimit) {
        blob = digest
        turn.blobs ??= []
        turn.blobs.push({ hash: blob, content: payload })
        payload = null
      }
    }
    const { type, step, name, args } = pending
    const seq = ++this.#seq
    const event: JournalEvent = {
      run: this.claim.no,
      seq,
      type,
      step,
      name,
      args,
      at,
      payload,
      blob,
      hash: '',
    }
    event.hash = chainHash(this.#hash, event, digest)
    this.#hash = event.hash
    return event
  }

  #releaseRow(release: { status: Release['status']; reason: string | null }, at: number): Release {
    return {
      no: this.claim.no,
      status: release.status,
      reason: release.reason,
      wakeAt: release.status === 'waiting' ? this.#wakeAt() : null,
      inboxSeen: this.claim.inbox,
      endedAt: isEnded(release.status) ? at : null,
      head: this.#hash,
      headSeq: this.#seq,
      costNanousd: this.claim.costNanousd,
    }
  }

  #wakeAt(): number | null {
    const earliest = Math.min(this.timers.earliest ?? Number.POSITIVE_INFINITY, this.#deadline)
    return earliest === Number.POSITIVE_INFINITY ? null : earliest
  }

  #parentDelivery(status: RunStatus, at: number): Delivery | undefined {
    if (this.claim.parent === null) return
    if (!isEnded(status)) return
    const last = this.#writing.at(-1)
    const payload = JSON.stringify({ status, value: JSON.parse(last?.payload ?? 'null') })
    return {
      run: this.claim.parent,
      name: `child:${this.claim.id}`,
      dedup: `child:${this.claim.id}`,
      payload,
      at,
    }
  }

  settled(outcome: Outcome): void {
    if (this.#onBorn) {
      this.#onBorn(outcome === 'durable')
      this.#onBorn = undefined
    }
    if (outcome !== 'durable') {
      this.#stop({ status: outcome, reason: null, payload: null })
      return
    }
    const written = this.#writing
    this.#writing = []
    if (this.#bore) {
      this.#bore = false
      this.edges.queued()
    }
    const release = this.#release
    if (release) {
      for (const event of written) event.whenDurable?.()
      this.#stop({ ...release, payload: written.at(-1)?.payload ?? null })
      return
    }
    const at = this.#writingAt
    for (const event of written) {
      event.whenDurable?.()
      if (event.settles)
        this.#deliveries.add({ call: event.settles, value: event.value, error: event.error, at })
    }
    if (this.#outbox.length > 0) this.#submit()
    else if (this.#acting === 0) this.#considerParking()
  }

  refused(error: unknown): void {
    this.edges.log.error('a turn was refused by the database', { run: this.claim.id, error: String(error) })
    this.#stop({ status: 'lost', reason: null, payload: null })
  }

  // ---- deliveries

  #deliverRecorded(step: number, event: JournalEvent, rejects: boolean): boolean {
    const call = this.#calls.get(step)
    if (!call) {
      if (this.#mode === 'replaying') {
        const recorded = this.#history!.calls.get(step)!
        this.stick(describeMismatch(this.workflow, recorded, undefined))
      }
      return false
    }
    this.#now = event.at
    this.#calls.delete(step)
    const payload = event.payload === null ? undefined : JSON.parse(event.payload)
    if (rejects) this.#reject(call, fromErrorRecord(payload))
    else call.resolve(event.type === 'signal-timed-out' ? undefined : payload)
    return true
  }

  #deliverLive(settlement: LiveSettlement): void {
    const { call } = settlement
    this.#now = settlement.at
    this.#calls.delete(call.step)
    if (settlement.error === undefined) call.resolve(settlement.value)
    else this.#reject(call, settlement.error)
  }

  #reject(call: Call, error: Error): void {
    this.#failedSteps.set(error, call.step)
    this.#refuse(call, error)
  }

  #goLive(): void {
    if (this.#mode !== 'replaying' && this.#mode !== 'live') return
    this.#mode = 'live'
    if (this.#draining) return
    this.#checkDeadline()
    const held = this.#held
    this.#held = []
    for (const begin of held) begin()
    this.#considerParking()
  }

  // ---- ways to end

  /** Only waits are left: let the run go, its wake recorded in the same turn. */
  #considerParking(): void {
    if (this.#isQuiet()) this.#submit()
  }

  #parkIfQuiet(): void {
    if (this.#release || !this.#isQuiet()) return
    if (this.#outbox.some((event) => event.settles)) return
    const held = this.#held.length > 0
    const status = held ? 'queued' : 'waiting'
    this.#release = { status, reason: held ? null : this.#waitingFor() }
    this.#mode = 'releasing'
  }

  #isQuiet(): boolean {
    if (this.#mode !== 'live' || this.#acting > 0 || !this.#deliveries.empty || this.#finish) return false
    if (this.#draining) return true
    return (
      this.#held.length === 0 &&
      this.#calls.size > 0 &&
      this.#hasWaits() &&
      !this.timers.dueWithin(this.edges.lingerMs)
    )
  }

  #hasWaits(): boolean {
    return this.timers.size > 0 || this.inbox.waiting > 0
  }

  #waitingFor(): string {
    const first = this.#calls.values().next().value
    const others = this.#calls.size - 1
    const what = first ? `${first.kind} "${first.name}"` : 'nothing'
    return others > 0 ? `${what} and ${others} more` : what
  }

  /** Ends the run after everything that acts has settled: no outcome stays hidden behind an ended run. */
  #finishWith(finish: () => void): void {
    if (this.#mode === 'ended' || this.#mode === 'releasing' || this.#finish) return
    this.#mode = 'finishing'
    this.#finish = finish
    if (this.#acting > 0) this.#abort.abort(new ReeveError('run-ending', 'The run is ending.'))
    this.#tryFinish()
  }

  #tryFinish(): void {
    if (this.#acting > 0 || !this.#finish) return
    const finish = this.#finish
    this.#finish = () => {}
    finish()
  }

  #end(
    type: string,
    payload: string | null,
    release: { status: Release['status']; reason: string | null },
    step?: number,
  ): void {
    this.#withdrawApprovals()
    this.#push(type, step ?? null, null, null, payload)
    this.#release = release
  }

  #withdrawApprovals(): void {
    for (const approval of this.inbox.openApprovals()) this.closeApproval(approval, 'withdrawn')
  }

  /** The code no longer fits the journal: a person must look. Nothing of this run acts any more. */
  stick(reason: string): void {
    if (this.#mode === 'ended' || this.#mode === 'releasing') return
    this.#held = []
    this.#finishWith(() => this.#end('run-stuck', JSON.stringify({ reason }), { status: 'stuck', reason }))
  }

  /** Ends the run by a person's or a parent's wish. */
  cancel(by: string): void {
    this.#held = []
    this.#finishWith(() =>
      this.#end('run-cancelled', JSON.stringify({ by }), {
        status: 'cancelled',
        reason: `cancelled by ${by}`,
      }),
    )
  }

  /** Ends the run as failed from outside its code, such as by its time limit. */
  failRun(error: ReeveError): void {
    this.#held = []
    this.#finishWith(() =>
      this.#end('run-failed', JSON.stringify(toErrorRecord(error)), {
        status: 'failed',
        reason: error.message,
      }),
    )
  }

  /** Lets what acts now finish, starts nothing more, and gives the run back. */
  drain(): void {
    this.#draining = true
    if (this.#acting === 0) this.#considerParking()
  }

  /** Counts what the run spent on models. */
  spend(costUsd: number): void {
    this.claim.costNanousd += Math.round(costUsd * 1e9)
  }

  /** @throws `limit-cost` */
  requireBudget(worstCaseUsd: number): void {
    const { cost } = this.workflow.limits
    if (cost === undefined) return
    const spent = this.claim.costNanousd / 1e9
    if (spent + worstCaseUsd <= toUsd(cost)) return
    const what = `The run has spent ${formatUsd(spent)} and the next question may cost ${formatUsd(worstCaseUsd)}; its workflow allows ${formatUsd(toUsd(cost))} (limits.cost).`
    throw new ReeveError('limit-cost', what)
  }

  /** New inbox items arrived while this process holds the run. */
  receive(items: InboxItem[], arrived: number): void {
    this.claim.inbox = Math.max(this.claim.inbox, arrived)
    this.inbox.add(items)
  }

  #stop(ending: Ending): void {
    if (this.#mode === 'ended') return
    this.#mode = 'ended'
    this.#abort.abort(new ReeveError('run-ended', 'The run is no longer driven by this process.'))
    this.timers.stop()
    this.#calls.clear()
    this.#held = []
    this.#outbox = []
    this.#onEnd(ending)
    if (this.claim.parent !== null && isEnded(ending.status)) this.edges.arrived(this.claim.parent)
  }
}

function isEnded(status: string): boolean {
  return (endedStatuses as readonly string[]).includes(status)
}
