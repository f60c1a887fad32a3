import { messageOf } from '../../base/errors.ts'
import type { Row } from '../../store/database.ts'
import type { Outcome, RunCommit, RunCommitSource } from '../../store/journal/group-commit.ts'
import { RecentEvents } from '../../store/journal/recent-events.ts'
import { openEvent } from '../../store/marks/open-kept.ts'
import type { RunMarks } from '../../store/marks/run-marks.ts'
import type { NewRun } from '../../store/runs/changes/starts.ts'
import type { Settlement } from '../replay/call.ts'
import type { PendingEvent } from '../replay/pending-event.ts'
import type { EngineServices } from '../services.ts'
import type { Claim, Leaving } from './claim.ts'
import type { Driven } from './driven.ts'
import { Outbox, type UnderWay } from './outbox.ts'

/** Hears what became of a run's start: it is durable (and new, or another has its key), or the database refused it. */
export interface OnStarted {
  started(isNew: boolean): void
  refused(error: unknown): void
}

/** What a commit asks of the run that it is made for, and tells it. */
export interface Committing {
  /** Right before what is ready is taken: the run may add its release. */
  beforeCommit(): void
  /** What goes into the commit beside the events. */
  readonly inbox: { takeRows(): Row[] }
  /** When the first of its waits is over (ms), for the row of a run that waits. */
  readonly wakeAt: number | null
  /** It is the run with its idempotency key: what waited for that may act. */
  beginDeferred(): void
  /** The event of a settlement is durable. */
  settledBy(settlement: Settlement): void
  /** All that was taken is durable. `leaving`: the run was given back with it; `payload`: of the last event. */
  committed(leaving: Leaving | undefined, payload: string | null): void
  /** Nothing of it was written: the claim is lost, or another run has the idempotency key. */
  lost(outcome: 'lost' | 'exists'): void
  /** Nothing of it was written: the database would not take it. `isStart`: whoever started the run was told. */
  commitRefused(error: unknown, isStart: boolean): void
}

/**
 * How one run's events become durable.
 *
 *   idle → submitted → under way → idle, or submitted again for what came meanwhile
 *
 * The group commit asks for what is ready (`take`) and answers once (`settled` or `refused`); one commit of a run is under
 * way at a time. Whatever the run makes ready at one moment goes into one commit.
 */
export class CommitSource implements RunCommitSource {
  /** What was written here last. */
  readonly recent = new RecentEvents()
  readonly #run: Committing
  readonly #claim: Claim
  readonly #services: EngineServices
  readonly #marks: RunMarks
  readonly #outbox: Outbox
  #isSubmitted = false
  #underWay: UnderWay | undefined
  #onStarted: OnStarted | undefined
  /** When something of the run was last written, or it was claimed (ms). */
  #movedAt: number
  /** Whether it is still open that this run is the one with its idempotency key: until then nothing acts. */
  #maybeDuplicate = false
  /** It came from a queue: who waits for its end may be in any process. */
  #wasClaimed: boolean
  /** Children whose end it has not heard of. */
  #openChildren: number

  constructor(run: Committing, { claim, services, history, marks }: Driven) {
    this.#run = run
    this.#claim = claim
    this.#services = services
    this.#marks = marks
    this.#outbox = new Outbox(claim, history, services, marks)
    this.#openChildren = history?.openChildren ?? 0
    this.#wasClaimed = history !== undefined
    this.#movedAt = history ? services.clock.now() : claim.createdAt
  }

  get movedAt(): number {
    return this.#movedAt
  }

  get maybeDuplicate(): boolean {
    return this.#maybeDuplicate
  }

  get isSubmitted(): boolean {
    return this.#isSubmitted
  }

  /** Something of it is being written. */
  get isWriting(): boolean {
    return this.#underWay !== undefined
  }

  /** Nothing waits to be written. */
  get isEmpty(): boolean {
    return this.#outbox.empty
  }

  /** Whether what waits to be written settles a call. */
  get settles(): boolean {
    return this.#outbox.settles
  }

  /** Whether what is being written settles a call. */
  get isSettling(): boolean {
    return this.#underWay?.events.some(({ settles }) => settles !== undefined) ?? false
  }

  /** The last event of its journal. */
  get head(): { seq: number; hash: string; bytes: number } {
    return this.#outbox.head
  }

  /** The next commit starts the run; `onStarted` hears what became of that. */
  start(run: NewRun, onStarted: OnStarted): void {
    this.#onStarted = onStarted
    this.#maybeDuplicate = run.idempotency !== null
    this.#outbox.bear(run)
  }

  /** The run was claimed again after it had parked. */
  claimedAgain(): void {
    this.#wasClaimed = true
    this.#movedAt = this.#services.clock.now()
  }

  push(event: PendingEvent): void {
    if (event.settles) {
      const { call } = event.settles
      call.isSettled = true
      // What it holds need not be kept until that is durable.
      call.override = undefined
    }
    this.#outbox.push(event)
    if (event.type === 'child-started') {
      this.#openChildren++
      this.#outbox.startChild()
    } else if (event.type === 'child-finished') this.#openChildren--
  }

  addRows(rows: readonly Row[]): void {
    this.#outbox.addRows(rows)
  }

  /** The next commit gives the run back. */
  leave(leaving: Leaving): void {
    this.#outbox.leave(leaving)
  }

  submit(): void {
    if (this.#isSubmitted || this.#underWay) return
    this.#isSubmitted = true
    this.#services.commits.submit(this)
  }

  take(): RunCommit {
    this.#isSubmitted = false
    this.#run.beforeCommit()
    this.#underWay = this.#outbox.take({
      now: this.#services.clock.now(),
      wakeAt: this.#run.wakeAt,
      taken: this.#run.inbox.takeRows(),
      openChildren: this.#openChildren > 0,
      wasClaimed: this.#wasClaimed,
    })
    this.#movedAt = this.#underWay.at
    return this.#underWay.commit
  }

  settled(outcome: Outcome): void {
    const { commit, events, at, leaving, startsChildren, leavesChildren, isSealed } = this.#underWay!
    this.#underWay = undefined
    // Started, and taken away by another worker since: it is there, and new.
    this.#onStarted?.started(outcome !== 'exists')
    this.#onStarted = undefined
    if (outcome !== 'durable') {
      this.#run.lost(outcome)
      return
    }
    const kept = commit.events
    this.recent.note(isSealed ? kept.map((event) => openEvent(event, this.#marks)) : kept)
    if (this.#maybeDuplicate) {
      this.#maybeDuplicate = false
      this.#run.beginDeferred()
    }
    if (startsChildren) this.#services.notices.tell('run-queued')
    if (leavesChildren) this.#services.notices.tell('children-left')
    for (const event of events) {
      event.whenDurable?.()
      if (!event.settles || leaving) continue
      event.settles.at = at
      this.#run.settledBy(event.settles)
    }
    this.#run.committed(leaving, events.at(-1)?.payload ?? null)
  }

  refused(error: unknown): void {
    this.#services.log.error('a commit was refused by the database', {
      run: this.#claim.id,
      error: messageOf(error),
    })
    this.#run.commitRefused(error, this.#onStarted !== undefined)
    this.#onStarted?.refused(error)
  }
}
