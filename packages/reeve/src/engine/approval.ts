import { sha256 } from '../base/hash.ts'
import { canonical, type Json } from '../base/json.ts'
import { type Duration, toMs } from '../base/time.ts'
import type { ApprovalKind, ApprovalStatus } from '../store/approvals.ts'
import type { Call } from './call.ts'
import type { Execution } from './execution.ts'
import { encodePayload } from './payload.ts'

/** A person's decision as a workflow sees it. */
export interface Decision<T = Json> {
  status: 'approved' | 'rejected' | 'answered' | 'expired'
  /** What was approved: what was shown, or the person's edit of it. For a question, the answer. */
  value: T
  edited: boolean
  by: string | null
  note: string | null
}

/** A decision as it travels through the inbox. */
export interface DecisionItem {
  status: ApprovalStatus
  by: string
  note: string | null
  answer?: Json
}

export interface ApprovalRequest {
  kind: Exclude<ApprovalKind, 'outcome'>
  subject: string
  /** Exactly what is approved or asked. */
  shown: Json
  /** After this time without a decision it expires. Default: never. */
  timeout?: Duration
}

/** Parks the run until a person decides. */
export function approval(execution: Execution, request: ApprovalRequest): Promise<unknown> {
  const call = execution.issue('approval', request.subject, sha256(canonical(request.shown)))
  execution.perform(call, () => {
    const recorded = call.recorded?.opened[0]
    const opened = recorded
      ? (JSON.parse(recorded.payload!) as { approval: string; expiresAt: number | null })
      : ask(execution, call, request)
    awaitDecision(execution, call, request, opened)
  })
  return call.promise
}

function ask(
  execution: Execution,
  call: Call,
  request: ApprovalRequest,
): { approval: string; expiresAt: number | null } {
  const expiresAt = request.timeout === undefined ? null : execution.edges.clock.now() + toMs(request.timeout)
  encodePayload(request.shown, `what is shown for "${request.subject}"`)
  const id = requestAnswer(execution, call, request.kind, request.subject, request.shown, expiresAt)
  const opened = { approval: id, expiresAt }
  execution.open(
    call,
    'approval-requested',
    JSON.stringify({ ...opened, kind: request.kind, shown: request.shown }),
  )
  return opened
}

function awaitDecision(
  execution: Execution,
  call: Call,
  request: ApprovalRequest,
  opened: { approval: string; expiresAt: number | null },
): void {
  const settle = (decision: Decision) =>
    execution.settle(call, 'approval-decided', JSON.stringify(decision), decision)
  let stopWaiting = () => {}
  const dropTimer =
    opened.expiresAt === null
      ? () => {}
      : execution.timers.set(opened.expiresAt, () => {
          stopWaiting()
          execution.closeApproval(opened.approval, 'expired')
          settle({ status: 'expired', value: request.shown, edited: false, by: null, note: null })
        })
  stopWaiting = execution.inbox.wait(`approval:${opened.approval}`, call.step, (item) => {
    dropTimer()
    const said = JSON.parse(item.payload) as DecisionItem
    const edited = said.answer !== undefined
    const value = said.answer === undefined ? request.shown : said.answer
    settle({ status: said.status as Decision['status'], value, edited, by: said.by, note: said.note })
  })
}

/** Puts a request before people; written with the turn that opens the call. Answers its id. */
export function requestAnswer(
  execution: Execution,
  call: Call,
  kind: ApprovalKind,
  subject: string,
  shown: Json,
  expiresAt: number | null = null,
): string {
  const id = execution.edges.newId()
  execution.requestApproval({
    id,
    run: execution.claim.no,
    step: call.step,
    kind,
    subject,
    shown: JSON.stringify(shown),
    args_hash: sha256(canonical(shown)),
    requested_at: execution.edges.clock.now(),
    expires_at: expiresAt,
  })
  return id
}
