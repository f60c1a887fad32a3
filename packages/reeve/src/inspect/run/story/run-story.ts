import type { Json } from '../../../base/json/json.ts'
import { fromNanoUsd } from '../../../base/money.ts'
import { isoText } from '../../../base/time/time.ts'
import { type History, type RecordedCall, readHistory } from '../../../engine/replay/history.ts'
import type { ApprovalRow } from '../../../store/approvals/approvals.ts'
import { type EventPayloads, errorIfSound, payloadIfSound } from '../../../store/journal/events.ts'
import { type ChainFault, type JournalEvent, verifyChain } from '../../../store/journal/journal.ts'
import { beforeChapter, headOf, type RunRow } from '../../../store/runs/runs.ts'
import type { CallOutcome, ModelCall } from '../../../store/spending/model-calls.ts'
import { jsonOf } from '../../events/event-payload.ts'
import { type Belief, beliefOf } from './belief.ts'
import { type StoryEvent, timelineOf } from './timeline.ts'
import { type ToolCall, toolCalls } from './tool-calls.ts'

/** Everything that a run's journal answers about it. */
export interface RunStory {
  run: { id: string; status: RunRow['status']; reason: string | null; paused: boolean }
  /**
   * Which part of the run this is about, once it went on with `ctx.continueAs`; null: all of it. `prunedEvents`: how many of the
   * first events retention has deleted, all of earlier chapters.
   */
  chapter: {
    number: number
    since: string
    fromEvent: number
    fromCall: number
    prunedEvents: number
  } | null
  goal: Goal
  context: Context
  tools: ToolCall[]
  belief: Belief
  timeline: StoryEvent[]
  /** The calls of paid models, as the ledger has them: those of attempts that came to nothing too. */
  modelCalls: PaidCall[]
  total: {
    costUsd: number
    /** For calls that were cut off: the most that they may have cost. */
    unsettledUsd: number
    inputTokens: number
    outputTokens: number
    ms: number | null
  }
  chain: { ok: boolean; events: number; fault: ChainFault | null }
}

export interface PaidCall {
  at: string
  model: string
  agent: string | null
  outcome: CallOutcome
  inputTokens: number
  cachedInputTokens: number
  outputTokens: number
  costUsd: number
}

interface Goal {
  workflow: string
  version: string
  /** For whom it acts. */
  principal: string
  /** What started it in the principal's name, where that was not the principal itself. */
  startedBy: string | null
  /** By which way its input came in; null where that was not said. */
  channel: string | null
  startedAt: string
  input: Json
  /** Where its journal begins, when it is a fork. */
  forkedFrom: { runId: string; call: number; by: string } | null
}

interface Context {
  recalls: {
    call: number
    name: string
    passages: EventPayloads['recall-completed']['passages']
    audit: EventPayloads['recall-completed']['audit'] | null
  }[]
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
  children: { call: number; runId: string; status: string }[]
}

/**
 * Reads the story of a run's chapter from its journal; of its approvals only what was decided since the run last went on; what it cost
 * from the ledger of calls.
 */
export function tellStory(
  run: RunRow,
  events: JournalEvent[],
  approvals: ApprovalRow[],
  ledger: ModelCall[] = [],
): RunStory {
  const history = readHistory(events)
  const calls = [...history.calls.values()].sort((left, right) => left.step - right.step)
  const fault = verifyChain(run.id, events, headOf(run), beforeChapter(run)) ?? null
  return {
    run: { id: run.id, status: run.status, reason: run.reason, paused: run.paused !== 0 },
    chapter: chapterOf(run, history),
    goal: goalOf(run, history, events),
    context: contextOf(calls),
    tools: toolCalls(calls),
    belief: beliefOf(run, calls, events, approvals),
    timeline: timelineOf(events),
    modelCalls: ledger.map(paidCall),
    total: totalOf(run, events, ledger),
    chain: { ok: fault === null, events: events.length, fault },
  }
}

/** A fork began with what it shares. */
function startOf(run: RunRow, events: JournalEvent[]): number {
  return run.chapter_seq > 0 ? run.created_at : events[0]!.at
}

function chapterOf({ chapter, pruned_seq }: RunRow, { first, callsBefore }: History): RunStory['chapter'] {
  if (first.type !== 'run-continued') return null
  return {
    number: chapter,
    since: isoText(first.at),
    fromEvent: first.seq,
    fromCall: callsBefore + 1,
    prunedEvents: pruned_seq,
  }
}

function goalOf(run: RunRow, history: History, events: JournalEvent[]): Goal {
  const started = payloadIfSound(history.input, 'run-started', 'input-replaced', 'run-continued') ?? {}
  const forked = events.find((event) => event.type === 'run-forked')
  const origin = forked && payloadIfSound(forked, 'run-forked')
  return {
    workflow: run.workflow,
    version: started.version ?? run.version,
    principal: run.principal,
    startedBy: origin ? null : (started.startedBy ?? null),
    channel: started.channel ?? null,
    startedAt: isoText(startOf(run, events)),
    input: started.input ?? null,
    forkedFrom: origin ? { runId: origin.from, call: origin.step ?? 0, by: origin.by ?? '' } : null,
  }
}

function contextOf(calls: RecordedCall[]): Context {
  const context: Context = { recalls: [], signals: [], people: [], children: [] }
  for (const { step: call, name, settled } of calls) {
    if (!settled) continue
    switch (settled.type) {
      case 'recall-completed': {
        const { passages = [], audit = null } = payloadIfSound(settled, 'recall-completed') ?? {}
        context.recalls.push({ call, name: name ?? '', passages, audit })
        break
      }
      case 'signal-received':
        context.signals.push({ call, name: name ?? '', at: isoText(settled.at), payload: jsonOf(settled) })
        break
      case 'approval-decided': {
        const decided = payloadIfSound(settled, 'approval-decided')
        if (!decided?.edited) break
        const { status, value = null, by = null, note = null } = decided
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
        context.children.push({
          call,
          runId: name ?? '',
          status: payloadIfSound(settled, 'child-finished')?.status ?? '',
        })
    }
  }
  return context
}

function paidCall(call: ModelCall): PaidCall {
  const { model, agent, outcome, input_tokens, cached_tokens, output_tokens, nanousd } = call
  return {
    at: isoText(call.at),
    model,
    agent,
    outcome,
    inputTokens: input_tokens,
    cachedInputTokens: cached_tokens,
    outputTokens: output_tokens,
    costUsd: fromNanoUsd(nanousd),
  }
}

/** Money from the ledger; tokens from the journal, which has those of free solvers too. */
function totalOf(run: RunRow, events: JournalEvent[], ledger: ModelCall[]): RunStory['total'] {
  const total = { costUsd: 0, unsettledUsd: 0, inputTokens: 0, outputTokens: 0, ms: null as number | null }
  for (const { outcome, nanousd } of ledger) {
    if (outcome === 'unknown') total.unsettledUsd += fromNanoUsd(nanousd)
    else total.costUsd += fromNanoUsd(nanousd)
  }
  for (const event of events) {
    const usage = usageOf(event)
    total.inputTokens += usage?.inputTokens ?? 0
    total.outputTokens += usage?.outputTokens ?? 0
  }
  if (run.ended_at !== null) total.ms = run.ended_at - startOf(run, events)
  return total
}

/** What a question used: as it was answered, or as its error tells. */
function usageOf(event: JournalEvent): { inputTokens: number; outputTokens: number } | undefined {
  if (event.type === 'question-completed') return payloadIfSound(event, 'question-completed')?.usage
  const failed =
    event.type === 'question-retrying'
      ? payloadIfSound(event, 'question-retrying')?.error
      : event.type === 'question-failed'
        ? errorIfSound(event)
        : undefined
  return failed?.details?.usage as { inputTokens: number; outputTokens: number } | undefined
}
