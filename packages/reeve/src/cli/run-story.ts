import { fromErrorRecord } from '../base/errors.ts'
import { canonical, type Json } from '../base/json.ts'
import { type History, type RecordedCall, readHistory } from '../engine/history.ts'
import type { Recall } from '../memory/recall.ts'
import type { RouteAnswer } from '../models/route.ts'
import type { ApprovalKind } from '../store/approvals.ts'
import { type ChainFault, type JournalEvent, verifyChain } from '../store/journal.ts'
import { endedStatuses, type RunRow } from '../store/runs.ts'
import { payloadOf } from './event-line.ts'
import { type StoryEvent, timelineOf } from './story-timeline.ts'

/** Everything that a run's journal answers about it. */
export interface RunStory {
  run: { id: string; status: RunRow['status']; reason: string | null; paused: boolean }
  goal: Goal
  context: Context
  tools: ToolCall[]
  belief: Belief
  timeline: StoryEvent[]
  total: {
    costUsd: number
    unsettledUsd: number
    inputTokens: number
    outputTokens: number
    ms: number | null
  }
  chain: { ok: boolean; events: number; fault: ChainFault | null }
}

interface Goal {
  workflow: string
  version: string
  principal: string
  startedAt: string
  input: Json
  /** Where its journal begins, when it is a fork. */
  forkedFrom: { run: string; call: number; by: string } | null
}

interface Context {
  recalls: { call: number; name: string; passages: Recall['passages']; audit: Recall['audit'] | null }[]
  signals: { call: number; name: string; at: string; payload: Json }[]
  /** What people changed or answered. */
  people: {
    call: number
    subject: string
    by: string | null
    note: string | null
    what: 'edit' | 'answer'
    value: Json
  }[]
  children: { call: number; run: string; status: string }[]
}

export interface ToolCall {
  call: number
  name: string
  /** `read` effects write no intent, so their arguments are not in the journal. */
  class: string
  args: Json | undefined
  key: string | null
  attempts: number
  state: 'completed' | 'failed' | 'unknown' | 'under way'
  result?: Json
  error?: { code: string; message: string }
  /** The decision on exactly these arguments. */
  approval: { call: number; by: string | null; at: string; edited: boolean; note: string | null } | null
}

export interface Wait {
  call: number
  kind: RecordedCall['kind']
  name: string
  since: string
  /** The approval that a person decides. */
  approval: string | null
  /** What the person is asked. */
  asks: ApprovalKind | null
  dueAt: string | null
  reason: string | null
}

export interface Belief {
  status: RunRow['status']
  output?: Json
  error?: { code: string; message: string }
  reason: string | null
  /** Answers that judged others: values with a score. */
  reviews: { call: number; name: string; solver: string; kind: string; score: number; problems: Json }[]
  decisions: { call: number; subject: string; status: string; by: string | null }[]
  /** The last calls that settled before the end. */
  deciding: { seq: number; type: string; name: string | null }[]
  waitsFor: Wait[]
}

/** Reads a run's story from its journal. */
export function tellStory(run: RunRow, events: JournalEvent[]): RunStory {
  const history = readHistory(events)
  const calls = [...history.calls.values()].sort((left, right) => left.step - right.step)
  const head = run.head === null || run.head_seq === null ? undefined : { seq: run.head_seq, hash: run.head }
  const fault = verifyChain(run.id, events, head) ?? null
  return {
    run: { id: run.id, status: run.status, reason: run.reason, paused: run.paused !== 0 },
    goal: goalOf(run, history, events),
    context: contextOf(calls),
    tools: toolCalls(calls),
    belief: beliefOf(run, calls, events),
    timeline: timelineOf(events),
    total: totalOf(run, events),
    chain: { ok: fault === null, events: events.length, fault },
  }
}

function goalOf(run: RunRow, history: History, events: JournalEvent[]): Goal {
  const started = payloadOf<{ principal?: string; version?: string; input?: Json }>(history.input)
  const forked = events.find((event) => event.type === 'run-forked')
  const origin = forked && payloadOf<{ from: string; step: number; by: string }>(forked)
  return {
    workflow: run.workflow,
    version: started.version ?? run.version,
    principal: started.principal ?? run.principal,
    startedAt: isoOf(events[0]!.at),
    input: started.input ?? null,
    forkedFrom: origin ? { run: origin.from, call: origin.step, by: origin.by } : null,
  }
}

interface Decided {
  status: string
  value: Json
  edited: boolean
  by: string | null
  note: string | null
}

function contextOf(calls: RecordedCall[]): Context {
  const context: Context = { recalls: [], signals: [], people: [], children: [] }
  for (const { step: call, name, settled } of calls) {
    if (!settled) continue
    switch (settled.type) {
      case 'recall-completed': {
        const { passages = [], audit = null } = payloadOf<Partial<Recall>>(settled)
        context.recalls.push({ call, name: name ?? '', passages, audit })
        break
      }
      case 'signal-received':
        context.signals.push({ call, name: name ?? '', at: isoOf(settled.at), payload: jsonOf(settled) })
        break
      case 'approval-decided': {
        const { status, edited, value, by, note } = payloadOf<Decided>(settled)
        if (!edited) break
        context.people.push({
          call,
          subject: name ?? '',
          by,
          note,
          what: status === 'answered' ? 'answer' : 'edit',
          value,
        })
        break
      }
      case 'child-finished':
        context.children.push({ call, run: name ?? '', status: payloadOf(settled).status ?? '' })
    }
  }
  return context
}

function toolCalls(calls: RecordedCall[]): ToolCall[] {
  const approvals = calls.filter((call) => call.settled?.type === 'approval-decided')
  return calls.filter((call) => call.kind === 'effect').map((call) => toolCall(call, approvals))
}

function toolCall(call: RecordedCall, approvals: RecordedCall[]): ToolCall {
  const intents = call.opened.filter((event) => event.type === 'effect-intended')
  const retries = call.opened.filter((event) => event.type === 'effect-retrying').length
  const intent = intents[0] && payloadOf<{ key?: string; class?: string; args?: Json }>(intents[0])
  const { settled } = call
  const tool: ToolCall = {
    call: call.step,
    name: call.name ?? '',
    class: intent ? (intent.class ?? 'not recorded') : 'read',
    args: intent?.args,
    key: intent?.key ?? null,
    attempts: intent ? intents.length : retries + (settled ? 1 : 0),
    state: 'under way',
    approval: intent ? approvalOf(call, intent.args ?? null, approvals) : null,
  }
  if (settled?.type === 'effect-completed') return { ...tool, state: 'completed', result: jsonOf(settled) }
  if (settled) return { ...tool, state: 'failed', error: errorOf(settled) }
  return call.opened.at(-1)?.type === 'effect-unknown' ? { ...tool, state: 'unknown' } : tool
}

/** The decision, before the call, on a request of this tool with exactly these arguments. */
function approvalOf(call: RecordedCall, args: Json, approvals: RecordedCall[]): ToolCall['approval'] {
  const wanted = canonical(args)
  for (const { step, name, settled } of approvals.toReversed()) {
    if (step >= call.step || name !== call.name) continue
    const { status, value, by, edited, note } = payloadOf<Decided>(settled!)
    if (status !== 'approved') continue
    const approved = isRequest(value) ? value.args : value
    if (canonical(approved) === wanted) return { call: step, by, at: isoOf(settled!.at), edited, note }
  }
  return null
}

function isRequest(value: Json): value is { tool: Json; args: Json } {
  return typeof value === 'object' && value !== null && 'tool' in value && 'args' in value
}

function beliefOf(run: RunRow, calls: RecordedCall[], events: JournalEvent[]): Belief {
  const belief: Belief = {
    status: run.status,
    reason: run.reason,
    reviews: [],
    decisions: [],
    deciding: [],
    waitsFor: endedStatuses.includes(run.status) ? [] : calls.flatMap(waitOf),
  }
  for (const { step: call, name, settled } of calls) {
    if (settled?.type === 'question-completed') {
      const { value, solver, kind } =
        payloadOf<RouteAnswer<{ score?: unknown; problems?: Json } | null>>(settled)
      if (typeof value?.score !== 'number') continue
      belief.reviews.push({
        call,
        name: name ?? '',
        solver,
        kind,
        score: value.score,
        problems: value.problems ?? [],
      })
    } else if (settled?.type === 'approval-decided') {
      const { status, by } = payloadOf<Decided>(settled)
      belief.decisions.push({ call, subject: name ?? '', status, by })
    }
  }
  const end = events.findLast((event) => /^run-(succeeded|failed|stuck|cancelled)$/.test(event.type))
  if (!end || (!endedStatuses.includes(run.status) && run.status !== 'stuck')) return belief
  const settlements = calls
    .flatMap((call) => (call.settled ? [call.settled] : []))
    .sort((a, b) => a.seq - b.seq)
  belief.deciding = [...settlements.slice(-3), end].map(({ seq, type, name }) => ({ seq, type, name }))
  if (end.type === 'run-succeeded') belief.output = jsonOf(end)
  if (end.type === 'run-failed') belief.error = errorOf(end)
  return belief
}

function waitOf(call: RecordedCall): Wait[] {
  const last = call.opened.at(-1)
  if (call.settled || !last || last.type === 'effect-intended') return []
  const { approval = null, dueAt, expiresAt, kind, reason, error } = payloadOf(last)
  const due = dueAt ?? expiresAt ?? null
  return [
    {
      call: call.step,
      kind: call.kind,
      name: call.name ?? '',
      since: isoOf(last.at),
      approval,
      asks:
        approval === null
          ? null
          : last.type === 'effect-unknown'
            ? 'outcome'
            : kind === 'question'
              ? 'question'
              : 'approval',
      dueAt: due === null ? null : isoOf(due),
      reason: reason ?? error?.message ?? null,
    },
  ]
}

function totalOf(run: RunRow, events: JournalEvent[]): RunStory['total'] {
  const total = { costUsd: 0, unsettledUsd: 0, inputTokens: 0, outputTokens: 0, ms: null as number | null }
  for (const event of events) {
    if (!event.type.startsWith('question-')) continue
    const payload = payloadOf<Partial<RouteAnswer> & { details?: Partial<RouteAnswer> }>(event)
    const { usage, unsettledUsd = 0 } = payload.usage ? payload : (payload.details ?? {})
    total.costUsd += usage?.costUsd ?? 0
    total.inputTokens += usage?.inputTokens ?? 0
    total.outputTokens += usage?.outputTokens ?? 0
    total.unsettledUsd += unsettledUsd
  }
  if (run.ended_at !== null) total.ms = run.ended_at - events[0]!.at
  return total
}

function jsonOf(event: JournalEvent): Json {
  return event.payload === null ? null : (JSON.parse(event.payload) as Json)
}

function errorOf(event: JournalEvent): { code: string; message: string } {
  const { code, message } = fromErrorRecord(payloadOf(event))
  return { code, message }
}

function isoOf(at: number): string {
  return new Date(at).toISOString()
}
