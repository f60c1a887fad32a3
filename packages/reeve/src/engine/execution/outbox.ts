import { Secrets } from '../../base/secrets/secrets.ts'
import type { Row } from '../../store/database.ts'
import { type Blob, Chain, eventBytes } from '../../store/journal/chain.ts'
import type { RunCommit } from '../../store/journal/group-commit.ts'
import { blobRow, type JournalEvent } from '../../store/journal/journal.ts'
import { itemName } from '../../store/journal/vocabulary/define.ts'
import { isSealed } from '../../store/marks/open-kept.ts'
import { mayHoldMarks, RunMarks } from '../../store/marks/run-marks.ts'
import { chapterRow, type Release, releaseRow } from '../../store/runs/changes/releases.ts'
import type { NewRun } from '../../store/runs/changes/starts.ts'
import { deliveryRow, type Sealing } from '../../store/runs/inbox.ts'
import type { RunStatus } from '../../store/runs/runs.ts'
import { budgetResetRow } from '../../store/spending/budgets.ts'
import type { History } from '../replay/history.ts'
import { type PendingEvent, tellAsKept } from '../replay/pending-event.ts'
import { type Claim, isEnded, type Leaving } from './claim.ts'

/** Events of one commit, where a run has more: linking and writing them holds the event loop up for some 20 ms. */
const mostEvents = 2000

/**
 * Gathers what a run wants written and makes commits of it: events numbered and linked into the run's hash chain, with the
 * rows that go with them. One commit is under way at a time. What a run makes ready at one moment is one commit, unless it is
 * very much: any beginning of it is what a death would leave, as long as rows go with their events.
 */
export class Outbox {
  readonly #claim: Claim
  readonly #chain: Chain
  readonly #secrets: Secrets
  readonly #sealing: Sealing
  /** The texts that what is written has references for. */
  readonly #marks: RunMarks
  #events: PendingEvent[] = []
  #rows: Row[] = []
  /** Of each row, the place of its event. */
  #rowsAt: number[] = []
  #blobs: Blob[] = []
  #startsChildren = false
  #start: NewRun | undefined
  /** The calls that have events and are not settled, with the first of those, in the order of the journal. */
  readonly #openSince: Map<number, number>
  #leaving: Leaving | undefined
  /** Whether the commit that is made now has references to marked texts. */
  #isSealed = false

  constructor(
    claim: Claim,
    last: Pick<History, 'lastSeq' | 'lastHash' | 'bytes' | 'openSince'> | undefined,
    sealing: Sealing = {},
    marks = new RunMarks(),
  ) {
    this.#marks = marks
    this.#claim = claim
    this.#openSince = last?.openSince ?? new Map()
    const secrets = sealing.secrets ?? new Secrets()
    this.#secrets = secrets
    this.#sealing = sealing
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

  /** Rows that become durable with the event that is pushed next, or with the last one. */
  addRows(rows: readonly Row[]): void {
    for (const row of rows) {
      this.#rows.push(row)
      this.#rowsAt.push(this.#events.length)
    }
  }

  /** The rows of a child are among them. */
  startChild(): void {
    this.#startsChildren = true
  }

  /** The next commit starts the run. */
  bear(run: NewRun): void {
    this.#start = run
  }

  /** The next commit gives the run back. */
  leave(leaving: Leaving): void {
    this.#leaving = leaving
  }

  take(options: {
    now: number
    wakeAt: number | null
    /** What uses up the items that calls took. */
    taken: Row[]
    openChildren: boolean
    /** Another process may wait for its end: who started a run that was born here waits here. */
    wasClaimed: boolean
  }): UnderWay {
    const at = this.#start?.created_at ?? options.now
    const before = this.#chain.hash
    const commit: RunCommit = { run: this.#claim.no, epoch: this.#claim.epoch, events: [] }
    const events = this.#takeEvents(options.taken)
    this.#isSealed = false
    for (const event of events) commit.events.push(this.#link(event, at))
    if (this.#start) {
      commit.start = this.#start
      this.#start = undefined
    }
    const leaving = this.#events.length === 0 ? this.#leaving : undefined
    if (leaving) this.#leaving = undefined
    if (leaving) this.#addLeaving(commit, leaving, before, at, options)
    const rows = this.#takeRows(options.taken, events.length)
    if (rows) commit.rows = rows
    const startsChildren = this.#startsChildren
    this.#startsChildren = false
    return {
      commit,
      events,
      at,
      leaving,
      startsChildren,
      leavesChildren: leavesChildren(leaving, options),
      isSealed: this.#isSealed,
    }
  }

  /** All that are ready, or so many that others get their turn; those by which calls took items go with what uses these up. */
  #takeEvents(taken: Row[]): PendingEvent[] {
    if (this.#events.length > mostEvents && taken.length === 0) return this.#events.splice(0, mostEvents)
    const events = this.#events
    this.#events = []
    return events
  }

  /** Of the first so many events, or of all. Undefined for none, as it mostly is. */
  #takeRows(taken: Row[], events: number): Row[] | undefined {
    const marked = this.#marks.takeRows(this.#claim.no)
    if (this.#rows.length + this.#blobs.length + marked.length + taken.length === 0) return undefined
    const all = [...this.#blobs.map(blobRow), ...marked, ...this.#ownRows(events), ...taken]
    if (all.length === 0) return undefined
    this.#blobs = []
    return all
  }

  #ownRows(events: number): Row[] {
    if (this.#events.length === 0) {
      const rows = this.#rows
      this.#rows = []
      this.#rowsAt = []
      return rows
    }
    const later = this.#rowsAt.findIndex((at) => at >= events)
    const count = later < 0 ? this.#rows.length : later
    this.#rowsAt = this.#rowsAt.slice(count).map((at) => at - events)
    return this.#rows.splice(0, count)
  }

  #link(pending: PendingEvent, at: number): JournalEvent {
    const { type, step, name, args, payload } = pending
    if (!this.#marks.isEmpty || mayHoldMarks(payload) || mayHoldMarks(name))
      return this.#linkSealed(pending, at)
    const event = this.#chain.link({ type, step, name, args, at, payload }, this.#blobs)
    if (step !== null) this.#noteOpen(step, pending.settles !== undefined, event.seq)
    const kept = event.blob === null ? event.payload : this.#blobs.at(-1)!.content
    if (kept !== payload) tellAsKept(pending, kept)
    return event
  }

  /** With references for marked texts in what is kept. The workflow is told the texts, without secrets. */
  #linkSealed(pending: PendingEvent, at: number): JournalEvent {
    const clean = pending.payload === null ? null : this.#secrets.redactJson(pending.payload)
    if (clean !== pending.payload) tellAsKept(pending, clean)
    const { type, step, name, args } = pending
    const sealed = {
      name: name === null ? null : this.#marks.sealText(this.#secrets.redact(name)),
      args: args === null ? null : this.#marks.salted(args),
      payload: clean === null ? null : this.#marks.seal(clean),
    }
    const event = this.#chain.link({ type, step, at, ...sealed }, this.#blobs)
    this.#isSealed ||= isSealed(event)
    if (step !== null) this.#noteOpen(step, pending.settles !== undefined, event.seq)
    return event
  }

  #noteOpen(step: number, settles: boolean, seq: number): void {
    if (!settles) {
      if (!this.#openSince.has(step)) this.#openSince.set(step, seq)
    } else if (this.#openSince.size > 0) this.#openSince.delete(step)
  }

  #addLeaving(
    commit: RunCommit,
    leaving: Leaving,
    before: string,
    at: number,
    options: { wakeAt: number | null; openChildren: boolean; wasClaimed: boolean },
  ): void {
    const ended = isEnded(leaving.status)
    if (leaving.reason !== null) leaving.reason = this.#marks.sealText(this.#secrets.redact(leaving.reason))
    const { continues, status } = leaving
    const isWatched = status === 'queued' || (options.wasClaimed && status !== 'waiting')
    const release: Release = {
      no: this.#claim.no,
      status,
      reason: leaving.reason,
      wakeAt: status === 'waiting' ? options.wakeAt : null,
      inboxSeen: this.#claim.inbox,
      endedAt: ended ? at : null,
      isAbandoned: leaving.isAbandoned === true,
      head: this.#chain.hash,
      headSeq: this.#chain.seq,
      leavesChildren: leavesChildren(leaving, options),
      bytes: continues ? this.#bytesOfLast(commit) : this.#chain.bytes,
      openSeq: this.#openSince.values().next().value ?? this.#chain.seq,
    }
    commit.release = releaseRow(release, isWatched)
    if (continues) this.#addChapter(commit, continues, before)
    if (ended && this.#claim.parent !== null) this.#tellParent(this.#claim.parent, commit, status, at)
  }

  /** The event written last begins a chapter: of what was open before, nothing is any more. */
  #addChapter(commit: RunCommit, { version, call }: NonNullable<Leaving['continues']>, before: string): void {
    const { no: run } = this.#claim
    const hash = commit.events.at(-2)?.hash ?? before
    this.addRows([
      chapterRow({ run, version, seq: commit.events.at(-1)!.seq, hash, call }),
      budgetResetRow(run),
    ])
  }

  #bytesOfLast({ events }: RunCommit): number {
    return eventBytes + (this.#contentOf(events.at(-1)!)?.length ?? 0)
  }

  /** The payload of an event that was just linked. */
  #contentOf({ payload, blob }: JournalEvent): string | undefined {
    return payload ?? this.#blobs.find(({ hash }) => hash === blob)?.content
  }

  /** What its parent may open of what it is told. */
  #markedFor(parent: number, sealed: string): Row[] {
    const marks = new RunMarks()
    marks.shareKept(this.#marks, sealed)
    return marks.takeRows(parent)
  }

  #tellParent(parent: number, { events }: RunCommit, status: RunStatus, at: number): void {
    const value: unknown = JSON.parse(this.#contentOf(events.at(-1)!) ?? 'null')
    const name = itemName('child', this.#claim.id)
    // A run that is retried ends more than once.
    const dedup = `${name}:${this.#chain.seq}`
    const payload = JSON.stringify({ status, value })
    this.addRows(this.#markedFor(parent, payload))
    this.addRows([deliveryRow({ run: parent, name, dedup, payload, at, isKept: true }, this.#sealing)])
  }
}

/** Whether its end, or that of its chapter, leaves children that may be going. */
function leavesChildren(leaving: Leaving | undefined, { openChildren }: { openChildren: boolean }): boolean {
  return leaving !== undefined && openChildren && (isEnded(leaving.status) || leaving.continues !== undefined)
}

/** A commit being written. */
export interface UnderWay {
  commit: RunCommit
  events: PendingEvent[]
  /** The time of its events. */
  at: number
  leaving: Leaving | undefined
  startsChildren: boolean
  leavesChildren: boolean
  /** Whether its events have references to marked texts. */
  isSealed: boolean
}
