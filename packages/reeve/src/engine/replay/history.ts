import type { ReeveError } from '../../base/errors.ts'
import { eventBytes } from '../../store/journal/chain.ts'
import {
  type CallKind,
  definitionOf,
  type EventDefinition,
  type EventPayloads,
  errorOf,
  payloadOf,
} from '../../store/journal/events.ts'
import type { JournalEvent } from '../../store/journal/journal.ts'

/** What the journal knows of one `ctx` call. */
export interface RecordedCall {
  step: number
  kind: CallKind
  name: string | null
  args: string | null
  /** Its events before it settled, in journal order. */
  opened: JournalEvent[]
  settled: JournalEvent | undefined
}

/** A settlement to be delivered on replay, in journal order. */
export interface RecordedSettlement {
  step: number
  event: JournalEvent
  rejects: boolean
}

/** A run's journal, read for replay: of the chapter that it is in. */
export interface History {
  input: JournalEvent
  /** The chapter's first event: `run-started`, or `run-continued` after `ctx.continueAs`. */
  first: JournalEvent
  /** The last call of the chapters before: those of this one have higher numbers. */
  callsBefore: number
  calls: Map<number, RecordedCall>
  /** The events of calls that count as never made since their run was retried. */
  forgotten: Map<number, JournalEvent[]>
  settlements: RecordedSettlement[]
  /** The highest call number the journal knows. */
  lastStep: number
  patches: Set<string>
  /** What the run's random numbers come from, when not from its own id: a fork shares those of its origin. */
  seed: string | undefined
  /** The first call of a fork's own; 0 for a run that is no fork. */
  ownFrom: number
  /** Where a fork's own calls begin, when decisions before that may speak of them. */
  standing: StandingDecisions | undefined
  logs: number
  /** What checks inside the run came to, by their number: `value-parsed` events. */
  parsed: Map<number, JournalEvent>
  /** Whether the run keeps what checks came to: those of before made them again. */
  keepsParsed: boolean
  /** Children started whose end was not heard of. */
  openChildren: number
  lastSeq: number
  lastHash: string
  /** What it takes in memory, roughly. */
  bytes: number
  /** The calls that have events and are not settled, with the first of those, in the order of the journal. */
  openSince: Map<number, number>
  /** What people decided, each with what was asked. */
  decided: { step: number; asked: JournalEvent | undefined; event: JournalEvent }[]
  /** What is wrong with what people decided, as this journal has it; absent: it was not looked at yet. */
  forged?: Promise<ReeveError | undefined> | undefined
  /** Answers calls by what they are and not by their number: of an ended run that is tried with other code. */
  answers?: CallAnswers
}

/** Finds what a journal has of calls that other code makes. */
export interface CallAnswers {
  /** For the call that is made now. `step`: the number it has in this try. */
  answer(step: number, kind: CallKind, name: string, args: string | null): RecordedCall | undefined
  /** For the one that would be made next, as far as that can be told. */
  next(): RecordedCall | undefined
  /** Whether the run went past the place that the code is at now. */
  readonly wentPast: boolean
}

/**
 * Decisions on what a workflow asked by itself (`ctx.approve`) that a fork shares: they were given to its origin, for what
 * that did. What the fork does of its own is asked for one by one, until its workflow has asked by itself again.
 */
export interface StandingDecisions {
  /** The first call of the fork's own. */
  from: number
  decisions: NonNullable<EventPayloads['run-forked']['standing']>
  /** Whether the workflow has asked by itself since, in this life. */
  isAskedAnew: boolean
}

/**
 * Reads a journal from the beginning of a chapter on. After a `run-retried` event the failed call that ended the run counts
 * as never made, and so do those beside it that were stopped only because the run was ending; they are made again. All
 * others keep their results.
 */
export function readHistory(events: readonly JournalEvent[]): History {
  const history = beginHistory(events[0]!)
  for (let index = 1; index < events.length; index++) addToHistory(history, events[index]!)
  return history
}

/** Begins to read with the first event of a chapter. */
export function beginHistory(first: JournalEvent): History {
  const callsBefore = first.step ?? 0
  return {
    input: first,
    first,
    callsBefore,
    calls: new Map(),
    forgotten: new Map(),
    settlements: [],
    lastStep: callsBefore,
    patches: new Set(),
    seed: undefined,
    ownFrom: 0,
    standing: undefined,
    logs: 0,
    parsed: new Map(),
    keepsParsed: keepsParsed(first),
    openChildren: 0,
    lastSeq: first.seq,
    lastHash: first.hash,
    bytes: bytesOf(first),
    openSince: new Map(),
    decided: [],
  }
}

/** Reads the next event. */
export function addToHistory(history: History, event: JournalEvent): void {
  history.bytes += bytesOf(event)
  history.lastSeq = event.seq
  history.lastHash = event.hash
  switch (event.type) {
    case 'patch-marked':
      history.patches.add(event.name!)
      break
    case 'run-forked':
      readFork(history, event)
      break
    case 'value-parsed':
      history.parsed.set(payloadOf(event, 'value-parsed').no, event)
      break
    case 'input-replaced':
      history.input = event
      break
    case 'call-overridden':
      skipWait(history, event)
      break
    case 'run-retried':
      forgetFailures(history, event)
      break
    default:
      record(history, event)
  }
}

function readFork(history: History, event: JournalEvent): void {
  const { seed, step = 0, standing } = payloadOf(event, 'run-forked')
  history.seed = seed
  history.ownFrom = step
  history.standing = standing && { from: step, decisions: standing, isAskedAnew: false }
}

function bytesOf({ payload }: JournalEvent): number {
  return eventBytes + (payload?.length ?? 0)
}

/** The first event of the chapter that a run is in; 0 in the first one. */
export function chapterSeqOf(history: Pick<History, 'first'> | undefined): number {
  return history?.first.type === 'run-continued' ? history.first.seq : 0
}

/** What the random numbers of a chapter come from. */
export function seedOf(history: Pick<History, 'seed' | 'first'> | undefined, runId: string): string {
  const seed = history?.seed ?? runId
  const chapter = chapterSeqOf(history)
  return chapter > 0 ? `${seed}#${chapter}` : seed
}

/** How the payload of an event with a run's input begins, since runs keep what checks came to. */
export const parsedFirst = '{"parsed":'

function keepsParsed({ payload }: JournalEvent): boolean {
  return payload?.startsWith(parsedFirst) ?? false
}

function record(history: History, event: JournalEvent): void {
  const meaning = definitionOf(event.type)
  if (meaning?.isLine) history.logs++
  if (event.step === null || meaning?.call === undefined || meaning.role === 'note') return
  const call = callOf(history, event, event.step, meaning.call)
  if (meaning.role !== 'settlement') {
    call.opened.push(event)
    if (call.opened.length === 1) history.openSince.set(call.step, event.seq)
    return
  }
  history.openSince.delete(call.step)
  if (event.type === 'child-started') history.openChildren++
  else if (event.type === 'child-finished') history.openChildren--
  else if (event.type === 'approval-decided') {
    const asked = call.opened.findLast(({ type }) => type === 'approval-requested')
    history.decided.push({ step: call.step, asked, event })
  }
  call.settled = event
  history.settlements.push({ step: call.step, event, rejects: rejects(meaning) })
}

/** A settlement with an error in place of a result. */
function rejects({ shape }: EventDefinition): boolean {
  return shape === 'error'
}

function callOf(history: History, event: JournalEvent, step: number, kind: CallKind): RecordedCall {
  let call = history.calls.get(step)
  if (!call) {
    call = { step, kind, name: event.name, args: event.args, opened: [], settled: undefined }
    history.calls.set(step, call)
    if (step > history.lastStep) history.lastStep = step
  }
  return call
}

/** What its call waits for is over: it is as if its time had come. */
function skipWait({ calls }: History, event: JournalEvent): void {
  const { call, how } = payloadOf(event, 'call-overridden')
  const opened = how === 'skip-wait' ? calls.get(call)?.opened : undefined
  const last = opened?.at(-1)
  const due = last && definitionOf(last.type)?.due
  if (!opened || !last || due === undefined) return
  const payload = { ...JSON.parse(last.payload ?? '{}'), [due]: event.at }
  opened[opened.length - 1] = { ...last, payload: JSON.stringify(payload) }
}

function forgetFailures(history: History, retried: JournalEvent): void {
  const { again = [], logs = history.logs } = payloadOf(retried, 'run-retried')
  history.logs = logs
  const forgotten = new Set(again)
  if (retried.step !== null) forgotten.add(retried.step)
  for (const { step, event, rejects } of history.settlements)
    if (rejects && errorOf(event).code === 'run-ending') forgotten.add(step)
  for (const step of forgotten) {
    const call = history.calls.get(step)
    if (call?.settled?.type === 'child-finished') history.openChildren++
    if (call) history.forgotten.set(step, eventsOf(call, history.forgotten.get(step)))
    history.calls.delete(step)
    history.openSince.delete(step)
  }
  history.settlements = history.settlements.filter(({ step }) => !forgotten.has(step))
  history.lastStep = history.callsBefore
  for (const step of history.calls.keys()) if (step > history.lastStep) history.lastStep = step
}

function eventsOf({ opened, settled }: RecordedCall, before: readonly JournalEvent[] = []): JournalEvent[] {
  return [...before, ...opened, ...(settled ? [settled] : [])]
}
