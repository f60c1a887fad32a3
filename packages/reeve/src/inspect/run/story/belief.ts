import type { Json } from '../../../base/json/json.ts'
import { describeShape, sampleOf } from '../../../base/schema/json-schema-words.ts'
import { isoText } from '../../../base/time/time.ts'
import { type WantedAnswer, wantedOf } from '../../../engine/deciding/answer.ts'
import type { RecordedCall } from '../../../engine/replay/history.ts'
import type { ApprovalKind, ApprovalRow, ApprovalStatus } from '../../../store/approvals/approvals.ts'
import { definitionOf, dueAtOf, type EventType, payloadIfSound } from '../../../store/journal/events.ts'
import type { JournalEvent } from '../../../store/journal/journal.ts'
import { endedStatuses, type RunRow } from '../../../store/runs/runs.ts'
import { type BriefError, briefErrorOf, jsonOf } from '../../events/event-payload.ts'
import { reviewOf } from '../../events/review.ts'

export interface Wait {
  call: number
  kind: RecordedCall['kind']
  name: string
  since: string
  /** The approval that a person decides. */
  approvalId: string | null
  /** What the person is asked. */
  asks: ApprovalKind | null
  /** What the answer must be, the signal, or the result of an effect that happened. */
  wanted: WantedAnswer | null
  /** What the person said, when the run has not gone on since. */
  decided: { status: ApprovalStatus; by: string | null } | null
  dueAt: string | null
  reason: string | null
}

export interface Belief {
  status: RunRow['status']
  output?: Json
  error?: BriefError
  reason: string | null
  /** Answers that judged others: values with a score. */
  reviews: { call: number; name: string; solver: string; kind: string; score: number; problems: Json }[]
  decisions: { call: number; subject: string; status: string; by: string | null; note: string | null }[]
  /** The last calls that settled before the end. */
  deciding: { seq: number; type: string; name: string | null }[]
  waitsFor: Wait[]
}

const ends: readonly EventType[] = ['run-succeeded', 'run-failed', 'run-stuck', 'run-cancelled']

/** Why a run counts as done, or why it does not. */
export function beliefOf(
  run: RunRow,
  calls: RecordedCall[],
  events: JournalEvent[],
  approvals: ApprovalRow[],
): Belief {
  const belief: Belief = {
    status: run.status,
    reason: run.reason,
    reviews: [],
    decisions: [],
    deciding: [],
    waitsFor: endedStatuses.includes(run.status) ? [] : calls.flatMap((call) => waitOf(call, approvals)),
  }
  for (const { step: call, name, settled } of calls) {
    if (settled?.type === 'question-completed') {
      const review = reviewOf(settled)
      if (review) belief.reviews.push({ call, ...review })
    } else if (settled?.type === 'approval-decided') {
      const decided = payloadIfSound(settled, 'approval-decided')
      const { status = 'expired', by = null, note = null } = decided ?? {}
      belief.decisions.push({ call, subject: name ?? '', status, by, note })
    }
  }
  const end = events.findLast(({ type }) => ends.includes(type))
  if (!end || (!endedStatuses.includes(run.status) && run.status !== 'stuck')) return belief
  const settlements = calls
    .flatMap((call) => (call.settled ? [call.settled] : []))
    .sort((a, b) => a.seq - b.seq)
  belief.deciding = [...settlements.slice(-3), end].map(({ seq, type, name }) => ({ seq, type, name }))
  if (end.type === 'run-succeeded') belief.output = jsonOf(end)
  if (end.type === 'run-failed') belief.error = briefErrorOf(end)
  return belief
}

function signalWanted(event: JournalEvent): WantedAnswer | undefined {
  const { schema } = payloadIfSound(event, 'signal-awaited') ?? {}
  if (schema === undefined) return
  return { schema, words: describeShape(schema), sample: sampleOf(schema) }
}

function waitOf(call: RecordedCall, approvals: ApprovalRow[]): Wait[] {
  const last = call.opened.at(-1)
  if (call.settled || !last || last.type === 'effect-intended') return []
  const requested = payloadIfSound(last, 'approval-requested')
  const unknown = payloadIfSound(last, 'effect-unknown')
  const again = payloadIfSound(
    last,
    'step-retrying',
    'effect-retrying',
    'question-retrying',
    'budget-awaited',
  )
  const paced = payloadIfSound(last, 'effect-paced')
  const unverified = payloadIfSound(last, 'effect-unverified')
  const approval = requested?.approval ?? unknown?.approval ?? null
  const decision = approvals.find(({ id, status }) => id === approval && status !== 'pending')
  const asked = approvals.find(({ id }) => id === approval)
  const due = definitionOf(last.type) ? dueAtOf({ ...last, type: last.type as EventType }) : null
  return [
    {
      call: call.step,
      kind: call.kind,
      name: call.name ?? '',
      since: isoText(last.at),
      approvalId: approval,
      wanted: (asked ? wantedOf(asked) : signalWanted(last)) ?? null,
      asks: unknown ? 'outcome' : requested ? (requested.kind ?? 'approval') : null,
      decided: decision ? { status: decision.status, by: decision.decided_by } : null,
      dueAt: due === null ? null : isoText(due),
      reason: unknown?.reason ?? again?.error?.message ?? paced?.reason ?? unverified?.problem ?? null,
    },
  ]
}
