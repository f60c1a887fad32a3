import { fromErrorRecord } from '../../base/errors.ts'
import { Secrets } from '../../base/secrets/secrets.ts'
import { type Blob, Chain, eventBytes } from '../../store/journal/chain.ts'
import type { Turn } from '../../store/journal/group-commit.ts'
import type { JournalEvent } from '../../store/journal/journal.ts'
import type { NewMemory } from '../../store/memory/memories.ts'
import type { NewApproval } from '../../store/runs/approvals.ts'
import { endedStatuses, type NewRun, type RunStatus } from '../../store/runs/runs.ts'
import type { Claim, Leaving, Settlement } from './call.ts'
import type { History } from './history.ts'

/** An event to be written with the run's next turn. */
export interface PendingEvent {
  type: string
  step: number | null
  name: string | null
  args: string | null
  payload: string | null
  /** What this event tells the workflow, once durable. */
  settles?: Settlement
  whenDurable?: () => void
}

/**
 * Gathers what a run wants written and makes turns of it: events numbered and linked into the run's hash chain, with the
 * rows that go with them. One turn is under way at a time.
 */
export class Outbox {
  readonly #claim: Claim
  readonly #chain: Chain
  readonly #secrets: Secrets
  #events: PendingEvent[] = []
  #approvals: NewApproval[] = []
  #closed: { approval: string; status: 'expired' | 'withdrawn' }[] = []
  #children: { run: NewRun; first: JournalEvent }[] = []
  #blobs: Blob[] = []
  #memories: NewMemory[] = []
  #birth: NewRun | undefined
  /** The calls that have events and are not settled, with the first of those, in the order of the journal. */
  readonly #openSince: Map<number, number>
  #leaving: Leaving | undefined

  constructor(
    claim: Claim,
    last: Pick<History, 'lastSeq' | 'lastHash' | 'bytes' | 'openSince'> | undefined,
    secrets = new Secrets(),
  ) {
    this.#claim = claim
    this.#openSince = last?.openSince ?? new Map()
    this.#secrets = secrets
    this.#chain = new Chain(
      claim,
      last && { seq: last.lastSeq, hash: last.lastHash, bytes: last.bytes },
      secrets,
    )
  }

  /** The last event that was linked. */
  get head(): { seq: number; hash: string; bytes: number } {
    const { seq, hash, bytes } = this.#chain
    return { seq, hash, bytes }
  }

  get empty(): boolean {
    return this.#events.length === 0 && this.#leaving === undefined
  }

  /** Whether something is about to be told to the workflow. */
  get settles(): boolean {
    return this.#events.some((event) => event.settles !== undefined)
  }

  get leaving(): boolean {
    return this.#leaving !== undefined
  }

  push(event: PendingEvent): void {
    this.#events.push(event)
  }

  requestApproval(approval: NewApproval): void {
    this.#approvals.push(approval)
  }

  closeApproval(approval: string, status: 'expired' | 'withdrawn'): void {
    this.#closed.push({ approval, status })
  }

  addChild(run: NewRun, first: JournalEvent, blobs: Blob[]): void {
    this.#children.push({ run, first })
    this.#blobs.push(...blobs)
  }

  addMemory(memory: NewMemory): void {
    this.#memories.push(memory)
  }

  /** The next turn brings the run into the world. */
  bear(run: NewRun): void {
    this.#birth = run
  }

  /** The next turn gives the run back. */
  leave(leaving: Leaving): void {
    this.#leaving = leaving
  }

  take(options: {
    now: number
    wakeAt: number | null
    consumed: Turn['consumed'] | undefined
    openChildren: boolean
  }): UnderWay {
    const at = this.#birth?.created_at ?? options.now
    const before = this.#chain.hash
    const turn: Turn = { run: this.#claim.no, epoch: this.#claim.epoch, events: [] }
    const events = this.#events
    this.#events = []
    for (const event of events) turn.events.push(this.#link(event, at))
    if (this.#blobs.length > 0) turn.blobs = this.#blobs.splice(0)
    if (this.#birth) {
      turn.birth = this.#birth
      this.#birth = undefined
    }
    if (this.#approvals.length > 0) turn.approvals = this.#approvals.splice(0)
    if (this.#closed.length > 0) turn.closed = this.#closed.splice(0)
    if (this.#children.length > 0) turn.children = this.#children.splice(0)
    if (this.#memories.length > 0) turn.memories = this.#memories.splice(0)
    if (options.consumed) turn.consumed = options.consumed
    const leaving = this.#leaving
    this.#leaving = undefined
    if (leaving) this.#addLeaving(turn, leaving, events, at, options)
    if (leaving?.continues) this.#addChapter(turn, leaving.continues, before)
    return { turn, events, at, leaving }
  }

  #link(pending: PendingEvent, at: number): JournalEvent {
    const { type, step, name, args, payload } = pending
    const event = this.#chain.link({ type, step, name, args, at, payload }, this.#blobs)
    if (step !== null) this.#noteOpen(step, pending.settles !== undefined, event.seq)
    const kept = event.blob === null ? event.payload : this.#blobs.at(-1)!.content
    if (kept !== payload) tellAsKept(pending, kept)
    return event
  }

  #noteOpen(step: number, settles: boolean, seq: number): void {
    if (!settles) {
      if (!this.#openSince.has(step)) this.#openSince.set(step, seq)
    } else if (this.#openSince.size > 0) this.#openSince.delete(step)
  }

  /** The event written last begins a chapter: of what was open before, nothing is any more. */
  #addChapter(turn: Turn, { version, call }: NonNullable<Leaving['continues']>, before: string): void {
    const { seq, payload, blob } = turn.events.at(-1)!
    const text = payload ?? turn.blobs?.find(({ hash }) => hash === blob)?.content
    turn.release!.bytes = eventBytes + (text?.length ?? 0)
    turn.chapter = {
      run: this.#claim.no,
      version,
      seq,
      hash: turn.events.at(-2)?.hash ?? before,
      call,
    }
  }

  #addLeaving(
    turn: Turn,
    leaving: Leaving,
    events: PendingEvent[],
    at: number,
    { wakeAt, openChildren }: { wakeAt: number | null; openChildren: boolean },
  ): void {
    const ended = isEnded(leaving.status)
    if (leaving.reason !== null) leaving.reason = this.#secrets.redact(leaving.reason)
    turn.release = {
      no: this.#claim.no,
      status: leaving.status,
      reason: leaving.reason,
      wakeAt: leaving.status === 'waiting' ? wakeAt : null,
      inboxSeen: this.#claim.inbox,
      endedAt: ended ? at : null,
      isAbandoned: leaving.isAbandoned === true,
      head: this.#chain.hash,
      headSeq: this.#chain.seq,
      leavesChildren: (ended || leaving.continues !== undefined) && openChildren,
      bytes: this.#chain.bytes,
      openSeq: this.#openSince.values().next().value ?? this.#chain.seq,
    }
    if (!ended || this.#claim.parent === null) return
    const value: unknown = JSON.parse(events.at(-1)?.payload ?? 'null')
    const name = `child:${this.#claim.id}`
    const payload = JSON.stringify({ status: leaving.status, value })
    // A run that is retried ends more than once.
    const dedup = `${name}:${this.#chain.seq}`
    turn.deliveries = [{ run: this.#claim.parent, name, dedup, payload, at }]
  }
}

/** A secret was left out of what is kept: the workflow hears what a replay would tell it. */
function tellAsKept(pending: PendingEvent, payload: string | null): void {
  pending.payload = payload
  if (!pending.settles || payload === null) return
  const kept = JSON.parse(payload)
  if (pending.settles.error) pending.settles.error = fromErrorRecord(kept)
  else pending.settles.value = kept
}

/** A turn being written. */
export interface UnderWay {
  turn: Turn
  events: PendingEvent[]
  /** The time of its events. */
  at: number
  leaving: Leaving | undefined
}

export function isEnded(status: RunStatus | 'lost' | 'exists'): boolean {
  return (endedStatuses as readonly string[]).includes(status)
}
