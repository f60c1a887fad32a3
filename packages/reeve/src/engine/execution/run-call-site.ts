import type { StandardSchemaV1 } from '@standard-schema/spec'
import { markedTexts } from '../../base/schema/marked.ts'
import { traceparentOfCall } from '../../base/trace-context.ts'
import type { Row } from '../../store/database.ts'
import {
  type CallKind,
  type LineEventType,
  type NewEvent,
  type Origin,
  payloadOf,
  textEvent,
} from '../../store/journal/events.ts'
import type { JournalEvent } from '../../store/journal/journal.ts'
import type { RecentEvents } from '../../store/journal/recent-events.ts'
import type { RunMarks } from '../../store/marks/run-marks.ts'
import type { AppendOptions, CallSite } from '../call-site.ts'
import type { Call } from '../replay/call.ts'
import type { Calls } from '../replay/calls.ts'
import { chapterSeqOf, type History, type RecordedCall, seedOf } from '../replay/history.ts'
import { refuseInsideBody } from '../replay/inside-body.ts'
import { pendingEvent } from '../replay/pending-event.ts'
import type { EngineServices } from '../services.ts'
import { senderIn } from '../starting/sender.ts'
import { OpenWaits } from '../waiting/open-waits.ts'
import type { Workflow } from '../workflow.ts'
import type { Claim, Leaving } from './claim.ts'
import type { Trial } from './driven.ts'
import type { Lifecycle } from './lifecycle.ts'

const nowhere: Origin = {}

function originOf(input: JournalEvent): Origin {
  const { channel, causedBy, traceparent } = payloadOf(
    input,
    'run-started',
    'input-replaced',
    'run-continued',
  )
  return { channel, causedBy, traceparent }
}

/** The side of an execution that its calls see: their numbers, their events, and what the journal knows. */
export class RunCallSite implements CallSite {
  readonly run: Claim
  readonly workflow: Workflow
  readonly services: EngineServices
  readonly history: History | undefined
  readonly waits: OpenWaits
  readonly trial: Trial | undefined
  readonly marks: RunMarks
  readonly #calls: Calls
  readonly #life: Lifecycle
  #logs = 0
  #parsed = 0
  #origin: Origin | undefined
  #sender: { of: string | undefined } | undefined

  constructor(parts: {
    claim: Claim
    workflow: Workflow
    services: EngineServices
    history: History | undefined
    marks: RunMarks
    calls: Calls
    life: Lifecycle
    trial?: Trial | undefined
  }) {
    this.run = parts.claim
    this.workflow = parts.workflow
    this.services = parts.services
    this.history = parts.history
    this.trial = parts.trial
    this.marks = parts.marks
    this.#calls = parts.calls
    this.#life = parts.life
    this.waits = new OpenWaits(parts.life.activity.timers, parts.life.activity.inbox)
  }

  get signal(): AbortSignal {
    return this.#life.abort.signal
  }

  get aborted(): boolean {
    return this.#life.abort.aborted
  }

  ownStop(): AbortController {
    return this.#life.abort.own()
  }

  get recent(): RecentEvents {
    return this.#life.commits.recent
  }

  get now(): number {
    return this.#calls.now
  }

  get origin(): Origin {
    if (!this.history) return this.run.origin ?? nowhere
    // Inputs may be long: each is parsed once.
    this.#origin ??= originOf(this.history.input)
    return this.#origin
  }

  get sender(): string | undefined {
    if (!this.history) return this.run.sender
    const { input } = this.history
    this.#sender ??= {
      of: senderIn(payloadOf(input, 'run-started', 'input-replaced', 'run-continued').input),
    }
    return this.#sender.of
  }

  get seed(): string {
    return seedOf(this.history, this.run.id)
  }

  get chapterSeq(): number {
    return chapterSeqOf(this.history)
  }

  get nextStep(): number {
    return this.#calls.next
  }

  get nextRecorded(): RecordedCall | undefined {
    const { history } = this
    return history?.answers ? history.answers.next() : history?.calls.get(this.#calls.next)
  }

  get behindHistory(): boolean {
    return this.#calls.behindHistory
  }

  issue<Kind extends CallKind>(kind: Kind, name: string, args: string | null): Call<Kind> {
    refuseInsideBody(this, kind, name)
    const call = this.#calls.number(kind, name, args)
    if (!this.#life.takesCalls) return call
    const became = this.#calls.open(call, name)
    if (became === 'open') this.#life.checkDeadline()
    else if (became === 'differs') this.#life.markStuck(this.#calls.describeDifference(call))
    return call
  }

  perform(call: Call, act: () => Promise<void> | void): void {
    this.#life.perform(call, act)
  }

  append(call: Call, event: NewEvent, options: AppendOptions & { wait: true }): Promise<void>
  append(call: Call | null, event: NewEvent, options?: AppendOptions): void
  append(call: Call | null, event: NewEvent, options?: AppendOptions): Promise<void> | void {
    if (call?.overridden) return options?.wait ? new Promise(() => {}) : undefined
    const pending = pendingEvent(call, event, options)
    if (!options?.wait) return this.#life.write(pending, options?.rows, options?.join)
    return new Promise((resolve) => {
      pending.whenDurable = resolve
      this.#life.write(pending, options.rows)
    })
  }

  log(line: NewEvent<LineEventType>, rows?: readonly Row[]): void {
    refuseInsideBody(this, 'ctx.log')
    this.#logs++
    if (this.#logs > (this.history?.logs ?? 0)) this.append(null, line, { rows })
  }

  mark(schema: StandardSchemaV1, value: unknown): void {
    const found = markedTexts(schema, value)
    if (found.length > 0) this.marks.add(found, this.services.secrets)
  }

  nextParsed(): number {
    this.#life.drop()
    return ++this.#parsed
  }

  blame(call: Call, error: unknown): void {
    this.#calls.blame(call, error)
  }

  traceparentOf({ step }: Call): string | undefined {
    const { traceparent } = this.origin
    if (traceparent === undefined && !this.services.isTraced) return undefined
    return traceparentOfCall(this.run.id, step, traceparent)
  }

  confirmClaim(): true | Promise<boolean> {
    const answer = this.services.claims.confirm(this.run)
    if (answer === true) return true
    return answer.then((isOurs) => {
      if (!isOurs) this.#life.lost('lost')
      return isOurs
    })
  }

  leave(branch: Promise<unknown>): void {
    this.#calls.leave(branch)
  }

  continueAs(payload: string, version: string): void {
    if (this.#calls.behindHistory) {
      this.#life.markStuck(this.#calls.describeLeft('it called ctx.continueAs'))
      return
    }
    const call = this.#calls.next - 1
    const leaving: Leaving = { status: 'queued', reason: null, continues: { version, call } }
    this.#life.finishAs(textEvent('run-continued', payload), leaving, call)
  }

  codeMoved(): void {
    this.#life.drop()
  }
}
