import { sha256 } from '../base/hash.ts'
import type { NewApproval } from '../store/approvals.ts'
import type { Turn } from '../store/group-commit.ts'
import { chainHash, chainStart, type JournalEvent } from '../store/journal.ts'
import type { NewMemory } from '../store/memories.ts'
import { endedStatuses, type NewRun, type RunStatus } from '../store/runs.ts'
import type { Claim, Leaving, Settlement } from './call.ts'

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

/** A value's largest size as JSON inside an event, in characters; a larger one becomes a blob. */
const inlineLimit = 256 * 1024

/**
 * Gathers what a run wants written and makes turns of it: events numbered and linked into the run's hash chain, with the
 * rows that go with them. One turn is under way at a time.
 */
export class Outbox {
  readonly #claim: Claim
  #seq: number
  #hash: string
  #events: PendingEvent[] = []
  #approvals: NewApproval[] = []
  #closed: { approval: string; status: 'expired' | 'withdrawn' }[] = []
  #children: { run: NewRun; first: JournalEvent }[] = []
  #memories: NewMemory[] = []
  #birth: NewRun | undefined
  #leaving: Leaving | undefined

  constructor(claim: Claim, last: { seq: number; hash: string } | undefined) {
    this.#claim = claim
    this.#seq = last?.seq ?? 0
    this.#hash = last?.hash ?? chainStart(claim.id)
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

  addChild(run: NewRun, first: JournalEvent): void {
    this.#children.push({ run, first })
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

  take(options: { now: number; wakeAt: number | null; consumed: Turn['consumed'] | undefined }): UnderWay {
    const at = this.#birth?.created_at ?? options.now
    const turn: Turn = { run: this.#claim.no, epoch: this.#claim.epoch, events: [] }
    const events = this.#events
    this.#events = []
    for (const event of events) turn.events.push(this.#link(event, at, turn))
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
    if (leaving) this.#addLeaving(turn, leaving, events, at, options.wakeAt)
    return { turn, events, at, leaving }
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
    const run = this.#claim.no
    const event: JournalEvent = { run, seq: ++this.#seq, type, step, name, args, at, payload, blob, hash: '' }
    event.hash = chainHash(this.#hash, event, digest)
    this.#hash = event.hash
    return event
  }

  #addLeaving(turn: Turn, leaving: Leaving, events: PendingEvent[], at: number, wakeAt: number | null): void {
    const ended = isEnded(leaving.status)
    turn.release = {
      no: this.#claim.no,
      status: leaving.status,
      reason: leaving.reason,
      wakeAt: leaving.status === 'waiting' ? wakeAt : null,
      inboxSeen: this.#claim.inbox,
      endedAt: ended ? at : null,
      head: this.#hash,
      headSeq: this.#seq,
    }
    if (!ended || this.#claim.parent === null) return
    const value: unknown = JSON.parse(events.at(-1)?.payload ?? 'null')
    const name = `child:${this.#claim.id}`
    const payload = JSON.stringify({ status: leaving.status, value })
    turn.deliveries = [{ run: this.#claim.parent, name, dedup: name, payload, at }]
  }
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
