import { eventBytes } from '../../store/journal/chain.ts'
import type { JournalEvent } from '../../store/journal/journal.ts'

/** What an event means for the call it belongs to. */
type Role = 'opens' | 'resolves' | 'rejects'

const calls: Record<string, { kind: CallKind; role: Role }> = {
  'step-retrying': { kind: 'step', role: 'opens' },
  'step-completed': { kind: 'step', role: 'resolves' },
  'step-failed': { kind: 'step', role: 'rejects' },
  'effect-intended': { kind: 'effect', role: 'opens' },
  'effect-retrying': { kind: 'effect', role: 'opens' },
  'effect-paced': { kind: 'effect', role: 'opens' },
  'effect-unknown': { kind: 'effect', role: 'opens' },
  'effect-completed': { kind: 'effect', role: 'resolves' },
  'effect-failed': { kind: 'effect', role: 'rejects' },
  'timer-set': { kind: 'timer', role: 'opens' },
  'timer-fired': { kind: 'timer', role: 'resolves' },
  'timer-failed': { kind: 'timer', role: 'rejects' },
  'timer-given-up': { kind: 'timer', role: 'rejects' },
  'signal-awaited': { kind: 'signal', role: 'opens' },
  'signal-received': { kind: 'signal', role: 'resolves' },
  'signal-timed-out': { kind: 'signal', role: 'resolves' },
  'signal-failed': { kind: 'signal', role: 'rejects' },
  'signal-given-up': { kind: 'signal', role: 'rejects' },
  'approval-requested': { kind: 'approval', role: 'opens' },
  'approval-decided': { kind: 'approval', role: 'resolves' },
  'approval-failed': { kind: 'approval', role: 'rejects' },
  'approval-given-up': { kind: 'approval', role: 'rejects' },
  'budget-awaited': { kind: 'question', role: 'opens' },
  'question-retrying': { kind: 'question', role: 'opens' },
  'question-completed': { kind: 'question', role: 'resolves' },
  'question-failed': { kind: 'question', role: 'rejects' },
  'recall-completed': { kind: 'recall', role: 'resolves' },
  'recall-failed': { kind: 'recall', role: 'rejects' },
  'remember-completed': { kind: 'remember', role: 'resolves' },
  'remember-failed': { kind: 'remember', role: 'rejects' },
  'child-started': { kind: 'child', role: 'resolves' },
  'child-failed': { kind: 'child', role: 'rejects' },
  'child-awaited': { kind: 'child-result', role: 'opens' },
  'child-finished': { kind: 'child-result', role: 'resolves' },
  'child-result-given-up': { kind: 'child-result', role: 'rejects' },
  'child-result-failed': { kind: 'child-result', role: 'rejects' },
}

export type CallKind =
  | 'step'
  | 'effect'
  | 'timer'
  | 'signal'
  | 'approval'
  | 'child'
  | 'child-result'
  | 'question'
  | 'recall'
  | 'remember'

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
  parsed: Map<number, string>
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
}

/**
 * Decisions on what a workflow asked by itself (`ctx.approve`) that a fork shares: they were given to its origin, for what
 * that did. What the fork does of its own is asked for one by one, until its workflow has asked by itself again.
 */
export interface StandingDecisions {
  /** The first call of the fork's own. */
  from: number
  decisions: { call: number; name: string; by: string | null }[]
  /** Whether the workflow has asked by itself since, in this life. */
  isAskedAnew: boolean
}

/** What a `run-forked` event says. */
export interface ForkPayload {
  /** The origin's id. */
  from: string
  step: number
  by: string
  seed: string
  /** See `StandingDecisions`; absent when there are none. */
  standing?: StandingDecisions['decisions']
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
  }
}

/** Reads the next event. */
export function addToHistory(history: History, event: JournalEvent): void {
  history.bytes += bytesOf(event)
  history.lastSeq = event.seq
  history.lastHash = event.hash
  if (event.type === 'patch-marked') history.patches.add(event.name!)
  else if (event.type === 'run-forked') readFork(history, event)
  else if (event.type === 'log-written') history.logs++
  else if (event.type === 'value-parsed')
    history.parsed.set((JSON.parse(event.payload!) as { no: number }).no, event.payload!)
  else if (event.type === 'input-replaced') history.input = event
  else if (event.type === 'run-retried') forgetFailures(history, event)
  else if (event.step !== null) record(history, event)
}

function readFork(history: History, { payload }: JournalEvent): void {
  const { seed, step, standing } = JSON.parse(payload!) as Partial<ForkPayload>
  history.seed = seed
  history.ownFrom = step ?? 0
  history.standing = standing && { from: history.ownFrom, decisions: standing, isAskedAnew: false }
}

function bytesOf({ payload }: JournalEvent): number {
  return eventBytes + (payload?.length ?? 0)
}

/** What the random numbers of a chapter come from. */
export function seedOf(history: Pick<History, 'seed' | 'first'> | undefined, runId: string): string {
  const seed = history?.seed ?? runId
  return history?.first.type === 'run-continued' ? `${seed}#${history.first.seq}` : seed
}

/** How the payload of an event with a run's input begins, since runs keep what checks came to. */
export const parsedFirst = '{"parsed":'

function keepsParsed({ payload }: JournalEvent): boolean {
  return payload?.startsWith(parsedFirst) ?? false
}

function record(history: History, event: JournalEvent): void {
  const meaning = calls[event.type]
  if (!meaning) return
  const step = event.step!
  let call = history.calls.get(step)
  if (!call) {
    call = { step, kind: meaning.kind, name: event.name, args: event.args, opened: [], settled: undefined }
    history.calls.set(step, call)
    if (step > history.lastStep) history.lastStep = step
  }
  if (meaning.role === 'opens') {
    call.opened.push(event)
    if (call.opened.length === 1) history.openSince.set(step, event.seq)
  } else {
    history.openSince.delete(step)
    if (event.type === 'child-started') history.openChildren++
    else if (event.type === 'child-finished') history.openChildren--
    call.settled = event
    history.settlements.push({ step, event, rejects: meaning.role === 'rejects' })
  }
}

/** What a retry makes anew: the call that failed the run, and the others that its event names. */
export interface RetryPayload {
  by: string
  /** Waits for children whose results are looked at again, and the calls that were made since. */
  again?: number[]
  /** How many lines stay logged, where some were logged since. */
  logs?: number
}

function forgetFailures(history: History, retried: JournalEvent): void {
  const { again = [], logs = history.logs } = JSON.parse(retried.payload ?? '{}') as Partial<RetryPayload>
  history.logs = logs
  const forgotten = new Set(again)
  if (retried.step !== null) forgotten.add(retried.step)
  for (const { step, event, rejects } of history.settlements)
    if (rejects && codeOf(event) === 'run-ending') forgotten.add(step)
  for (const step of forgotten) {
    if (history.calls.get(step)?.settled?.type === 'child-finished') history.openChildren++
    history.calls.delete(step)
    history.openSince.delete(step)
  }
  history.settlements = history.settlements.filter(({ step }) => !forgotten.has(step))
  history.lastStep = history.callsBefore
  for (const step of history.calls.keys()) if (step > history.lastStep) history.lastStep = step
}

function codeOf({ payload }: JournalEvent): string | undefined {
  return payload === null ? undefined : (JSON.parse(payload) as { code?: string }).code
}
