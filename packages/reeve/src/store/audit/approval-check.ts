import { ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import { hashOfRequest, termsOf } from '../approvals/approval-terms.ts'
import { type ApprovalRow, approvalsOf } from '../approvals/approvals.ts'
import type { ActRow } from '../authority/authority-log.ts'
import type { Session } from '../database.ts'
import { type EventPayloads, payloadIfSound } from '../journal/events.ts'
import type { ChainFault, JournalEvent } from '../journal/journal.ts'
import { isErased } from '../keeping/erased.ts'
import { loadMarks } from '../marks/open-kept.ts'
import { mayHoldMarks } from '../marks/run-marks.ts'
import { decisionIn } from '../runs/decision-item.ts'
import { isSealedItem, type SealedItem } from '../runs/inbox.ts'
import type { RunRow } from '../runs/runs.ts'
import { decisionTypes, isRecorded } from './decision-acts.ts'

type Request = EventPayloads['approval-requested']
type Decision = EventPayloads['approval-decided']

interface Asked {
  seq: number
  request: Request
  decided?: { seq: number; at: number; decision: Decision }
}

/**
 * Compares what people see and said with the journal: the row of each approval shows what the journal asked for, and says what
 * the journal says of its decision; a decision that the journal has was recorded as an act, by whoever took it. An item of the
 * inbox that no holder of the keys wrote is a fault.
 */
export class ApprovalCheck {
  readonly #session: Session
  readonly #run: RunRow
  /** By approval. */
  readonly #asked = new Map<string, Asked>()
  readonly #byStep = new Map<number, Asked>()
  /** What a fork shares was asked and decided in its origin. */
  readonly #shared = new Map<string, Asked>()
  /** What it was about was erased: there is nothing left to compare, and the digests of the chain stand for it. */
  #isErased = false
  /** It refers to marked texts: they are opened before anything is compared. */
  #isSealed = false
  /** They are gone, or no key for them is here: all else is compared. */
  #isUnread = false
  /** A text that somebody changed. */
  #forged: string | undefined

  constructor(session: Session, run: RunRow) {
    this.#session = session
    this.#run = run
  }

  add(event: JournalEvent): void {
    if (event.payload !== null && isErased(event.payload)) this.#isErased = true
    if (event.step !== null && mayHoldMarks(event.payload)) this.#isSealed = true
    if (event.type === 'approval-requested') {
      const request = payloadIfSound(event, 'approval-requested')
      if (!request || event.step === null) return
      const asked = { seq: event.seq, request }
      this.#asked.set(request.approval, asked)
      this.#byStep.set(event.step, asked)
    } else if (event.type === 'approval-decided') {
      const decision = payloadIfSound(event, 'approval-decided')
      const asked = event.step === null ? undefined : this.#byStep.get(event.step)
      if (decision && asked) asked.decided = { seq: event.seq, at: event.at, decision }
    } else if (event.type === 'run-forked') {
      for (const [id, asked] of this.#asked) this.#shared.set(id, asked)
      this.#asked.clear()
    }
  }

  async end(): Promise<ChainFault | undefined> {
    if (this.#isSealed) await this.#open()
    if (this.#isErased) return this.#erasedFault()
    if (this.#forged !== undefined) return { seq: 0, problem: this.#forged }
    const rows = await approvalsOf(this.#session, this.#run.no)
    for (const row of rows) {
      const fault = await this.#faultOf(row)
      if (fault) return fault
    }
    const ids = new Set(rows.map(({ id }) => id))
    for (const [id, { seq }] of this.#asked)
      if (!ids.has(id)) return { seq, problem: `approval ${id} was asked for, and its row is gone` }
    if (this.#isUnread) return (await this.#erasedFault()) ?? this.#inboxFault()
    for (const [id, asked] of [...this.#asked, ...this.#shared]) {
      const fault = await this.#actFault(id, asked)
      if (fault) return fault
    }
    return this.#inboxFault()
  }

  async #open(): Promise<void> {
    const marks = await loadMarks(this.#session, this.#run.no)
    const opened = <T>(value: T): T => JSON.parse(marks.open(JSON.stringify(value))) as T
    try {
      for (const asked of [...this.#asked.values(), ...this.#shared.values()]) {
        asked.request = opened(asked.request)
        if (asked.decided) asked.decided.decision = opened(asked.decided.decision)
      }
    } catch (error) {
      this.#isUnread = true
      if (error instanceof ReeveError && error.code === 'secret-forged') this.#forged = error.message
    }
  }

  /** Who decided is not erased: it must be who recorded that. */
  async #erasedFault(): Promise<ChainFault | undefined> {
    const { auditKeys: keys } = this.#session
    if (!keys || keys === 'missing') return undefined
    for (const { id, decided_at: at, decided_by: by } of await approvalsOf(this.#session, this.#run.no)) {
      if (by === null || at === null || at < keys.since.at) continue
      const acts = await this.#actsAbout(id)
      if (!acts.some(({ principal }) => principal === by))
        return {
          seq: 0,
          problem: `the row of the erased approval ${id} says that ${by} decided, and no act says that`,
        }
    }
    return undefined
  }

  #actsAbout(approval: string): Promise<ActRow[]> {
    return this.#session.all<ActRow>(
      'select * from authority_log where subject = ? and type in (?, ?) order by seq',
      [approval, ...decisionTypes],
    )
  }

  async #faultOf(row: ApprovalRow): Promise<ChainFault | undefined> {
    const { id, step, status } = row
    if (!this.#isUnread && hashOfRow(row) !== row.args_hash)
      return { seq: 0, problem: `approval ${id} shows something else than its hash says` }
    if (row.kind === 'outcome') return this.#itemFault(row, 'outcome')
    const asked = this.#asked.get(id)
    if (!asked) return { seq: 0, problem: `approval ${id} was never asked for in this run's journal` }
    const { seq, request, decided } = asked
    const isHash = this.#isUnread || hashOfRequest(request.shown, request.terms) === row.args_hash
    const shows = isHash && this.#byStep.get(step) === asked
    if (!shows) return { seq, problem: `approval ${id} shows something else than event ${seq} asked for` }
    if (!decided) return this.#itemFault(row, 'approval')
    const { decision } = decided
    const isSame =
      status === decision.status &&
      (decision.by === null || row.decided_by === decision.by) &&
      (this.#isUnread || (row.note ?? null) === (decision.note ?? null))
    if (isSame) return undefined
    const says = `approval ${id} says ${status} by ${row.decided_by ?? 'nobody'}`
    const problem = `${says}, and event ${decided.seq} ${decision.status} by ${decision.by ?? 'nobody'}${row.note === decision.note ? '' : ', with another note'}`
    return { seq: decided.seq, problem }
  }

  /** A decision that the journal does not have yet, or never as an event of its own, lies in the inbox, or lay there. */
  async #itemFault(row: ApprovalRow, kind: 'approval' | 'outcome'): Promise<ChainFault | undefined> {
    if (row.decided_at === null) return undefined
    const items = await this.#session.all<SealedItem>(
      'select id, run, name, payload, at, dedup, seal from inbox where run = ? and name = ?',
      [row.run, `${kind}:${row.id}`],
    )
    for (const item of items)
      if (mayHoldMarks(item.payload))
        item.payload = (await loadMarks(this.#session, row.run)).openKnown(item.payload)
    const isTold = items.some((item) => {
      if (item.payload === '') return true
      const said = decisionIn(item)
      return said?.status === row.status && said.by === row.decided_by && said.note === row.note
    })
    if (isTold) return undefined
    const says = `approval ${row.id} says ${row.status} by ${row.decided_by ?? 'nobody'}`
    return { seq: 0, problem: `${says}, and neither the journal nor the inbox knows of that` }
  }

  /** Who took a decision recorded it as an act, sealed. */
  async #actFault(id: string, { request, decided }: Asked): Promise<ChainFault | undefined> {
    const { auditKeys: keys } = this.#session
    if (!keys || keys === 'missing' || !decided || decided.decision.by === null) return undefined
    if (decided.at < keys.since.at) return undefined
    const { decision, seq } = decided
    const acts = await this.#actsAbout(id)
    if (isRecorded({ request, ...decided }, acts)) return undefined
    const who = acts.length === 0 ? 'no act says that' : `what was recorded is by ${acts.at(-1)!.principal}`
    const says = `event ${seq} says that ${decision.by} ${decision.status} approval ${id}`
    return { seq, problem: `${says} of just this, and ${who}` }
  }

  async #inboxFault(): Promise<ChainFault | undefined> {
    const { auditKeys: keys } = this.#session
    if (!keys || keys === 'missing' || this.#run.inbox === 0) return undefined
    const items = await this.#session.all<SealedItem>(
      'select id, run, name, payload, at, dedup, seal from inbox where run = ? and consumed_step is null order by id',
      [this.#run.no],
    )
    const forged = items.find((item) => !isSealedItem(item, keys))
    if (!forged) return undefined
    const what = `item ${forged.id} (${forged.name}) of its inbox`
    return {
      seq: 0,
      problem: `${what} has no seal of this installation's keys: somebody without the key put it there`,
    }
  }
}

/** Undefined where the row is no JSON any more. */
function hashOfRow(row: ApprovalRow): string | undefined {
  try {
    return hashOfRequest(JSON.parse(row.shown) as Json, termsOf(row))
  } catch {
    return undefined
  }
}
