import type { Json } from '../../base/json/json.ts'
import { isRecord } from '../../base/json/record.ts'
import { isoText } from '../../base/time/time.ts'
import { type WantedAnswer, wantedOf } from '../../engine/deciding/answer.ts'
import { editableOf, hasProblem } from '../../engine/deciding/edit.ts'
import {
  type ActsWith,
  type AllowedVerdict,
  type ArgumentPlace,
  type Deciders,
  type OnTimeout,
  termsOf,
} from '../../store/approvals/approval-terms.ts'
import type { ApprovalKind, ApprovalRow, ApprovalStatus } from '../../store/approvals/approvals.ts'
import { warningsOf } from './warnings.ts'

/** What a person is asked, or was. Times are ISO 8601 in UTC. */
export interface ApprovalView {
  id: string
  kind: ApprovalKind
  /** The tool that is called, or the name of the question. */
  subject: string
  status: ApprovalStatus
  /** The `ctx` call of its run that asks. */
  call: number
  /**
   * Exactly what is approved or asked, as the run's journal has it (secrets are masked). Foreign: any part may come from
   * a model, a mail or a tool.
   */
  shown: Json
  /** SHA-256 of `shown`: whoever decides names it, so that only what was seen is decided. */
  hash: string
  requestedAt: string
  expiresAt: string | null
  /** Why a plain yes is refused; null: nothing stands in its way. */
  problem: string | null
  /** Why it is asked although no rule asks for it, or asked again; null: there is nothing to say. */
  notice: string | null
  /** The agent that calls the tool; null: the workflow's own code, or it is no call of a tool. */
  agent: string | null
  /** What may be decided now; an unknown outcome can only be answered: what became of it. */
  allowed: AllowedVerdict[]
  /** Of an approval: what an edit is laid over (top-level keys replace, all others stay), and the JSON Schema that the whole must fit. */
  edit: { value: Json; schema: Json | null } | null
  /** Of a question or an unknown outcome: what the answer (or the effect's result) must be; null: an approval. */
  wanted: WantedAnswer | null
  /** Why it is asked, in words; empty where nothing was said. Foreign text. */
  why: readonly string[]
  /** For each argument that directs the effect: where its value stands, and how far that is trusted. Foreign text. */
  places: readonly ArgumentPlace[]
  /** Of a connector's action: with which account it would act, and whether for real; null: it is none. */
  actsWith: ActsWith | null
  /** Hashes of the tool's definition and of grants, policies and standing, as they were when it was asked. */
  boundTo: { definition: string | null; policy: string | null }
  deciders: Deciders
  /** When `onTimeout` counts; null: there is no such time. */
  decideBy: string | null
  onTimeout: OnTimeout
  escalateTo: Deciders | null
  /** What is approved may begin until then; null: whenever. `executeWithinMs`: the same, counted from the decision. */
  executeBy: string | null
  executeWithinMs: number | null
  /** What to look at twice in `shown`: characters that are not seen, look-alikes, long empty stretches. */
  warnings: string[]
  decided: RecordedDecision | null
}

/** What was said to it; null while it is open. */
export interface RecordedDecision {
  at: string | null
  by: string | null
  note: string | null
  /** All of the edited arguments, or the answer; null: it was decided as it stood. */
  answer: Json
}

/** An approval from its row alone. */
export function approvalView(row: ApprovalRow): ApprovalView {
  const shown = JSON.parse(row.shown) as Json
  const { problem, notice, agent } = detailsOf(row, shown)
  return {
    id: row.id,
    kind: row.kind,
    subject: row.subject,
    status: row.status,
    call: row.step,
    shown,
    hash: row.args_hash,
    requestedAt: isoText(row.requested_at),
    expiresAt: row.expires_at === null ? null : isoText(row.expires_at),
    problem,
    notice,
    agent,
    allowed: allowedFor(row),
    edit: row.kind === 'approval' ? { value: editableOf(row), schema: schemaOf(row) } : null,
    wanted: wantedOf(row) ?? null,
    ...boundOf(row),
    warnings: warningsOf(shown),
    decided:
      row.status === 'pending'
        ? null
        : {
            at: row.decided_at === null ? null : isoText(row.decided_at),
            by: row.decided_by,
            note: row.note,
            answer: row.answer === null ? null : (JSON.parse(row.answer) as Json),
          },
  }
}

/** What may be said to an approval. */
function allowedFor(row: ApprovalRow): AllowedVerdict[] {
  if (row.status !== 'pending') return []
  const possible = possibleFor(row)
  const { allowed } = termsOf(row) ?? {}
  return allowed ? possible.filter((each) => allowed.includes(each)) : possible
}

function possibleFor(row: ApprovalRow): AllowedVerdict[] {
  if (row.kind === 'question') return ['answer', 'reject']
  if (row.kind === 'outcome') return ['answer']
  // What has a problem can only be edited or rejected.
  return hasProblem(row) === undefined ? ['approve', 'edit', 'reject'] : ['edit', 'reject']
}

function boundOf(
  row: ApprovalRow,
): Pick<
  ApprovalView,
  | 'why'
  | 'places'
  | 'actsWith'
  | 'boundTo'
  | 'deciders'
  | 'decideBy'
  | 'onTimeout'
  | 'escalateTo'
  | 'executeBy'
  | 'executeWithinMs'
> {
  const terms = termsOf(row) ?? {}
  const { why = [], places = [], actsWith = null, definition = null, policy = null, deciders = {} } = terms
  const decideBy = terms.decideBy ?? row.expires_at
  const { executeBy = null, executeWithinMs = null, onTimeout = 'reject', escalateTo = null } = terms
  return {
    why,
    places,
    actsWith,
    boundTo: { definition, policy },
    deciders,
    decideBy: decideBy === null ? null : isoText(decideBy),
    onTimeout,
    escalateTo,
    executeBy: executeBy === null ? null : isoText(executeBy),
    executeWithinMs,
  }
}

function schemaOf({ input_schema: schema }: ApprovalRow): Json | null {
  return schema === null ? null : (JSON.parse(schema) as Json)
}

function detailsOf(row: ApprovalRow, shown: Json): Pick<ApprovalView, 'problem' | 'notice' | 'agent'> {
  const none = { problem: null, notice: null, agent: null }
  if (!isRecord(shown)) return none
  const text = (value: Json | undefined) => (typeof value === 'string' ? value : null)
  // Of what a workflow shows by itself every key is its own.
  if (row.kind === 'approval' && row.binds === null) return none
  return {
    problem: row.kind === 'approval' ? text(shown.problem) : null,
    notice:
      row.kind === 'outcome'
        ? text(shown.reason)
        : row.kind === 'question'
          ? text(shown.problem)
          : text(shown.notice),
    agent: text(shown.agent),
  }
}
