import { ReeveError } from '../../base/errors.ts'
import { isShortText, shownId } from '../../base/text/text.ts'
import type { Bulk, Row, Session, Value } from '../database.ts'
import { openRows } from '../marks/open-kept.ts'
import { VeiledTexts } from '../marks/written.ts'

/**
 * What a person is asked, and what they said:
 *
 *   pending → approved | rejected | answered | expired | withdrawn
 *      ↖ approved | answered    when what a person gave does not fit: it is asked again, with why
 *
 * `approval`: may exactly these arguments be used (an edit is an approval of other arguments)?
 * `question`: no solver could answer; give the value.
 * `outcome`: an effect's outcome is unknown; say what happened.
 */
export type ApprovalKind = 'approval' | 'question' | 'outcome'
/** How an approval stands. */
export type ApprovalStatus = 'pending' | 'approved' | 'rejected' | 'answered' | 'expired' | 'withdrawn'

export interface ApprovalRow {
  id: string
  run: number
  step: number
  kind: ApprovalKind
  /** What it is about: a tool's or a question's name. */
  subject: string
  /** JSON text: exactly what is approved, or what is asked. */
  shown: string
  args_hash: string
  status: ApprovalStatus
  requested_at: number
  expires_at: number | null
  decided_at: number | null
  decided_by: string | null
  note: string | null
  /** JSON text: all of the edited arguments, or the answer. */
  answer: string | null
  /** `effect`: it is the call of a tool that is approved; edits are of what the tool was given. */
  binds: 'effect' | null
  /** JSON text: the JSON Schema that an edit must fit; null where it is not known. */
  input_schema: string | null
  /** JSON text of its `ApprovalTerms`; null: it has none. */
  terms: string | null
  /** When something is to be told to those who may decide (ms). */
  due_at: number | null
  /** Channel and sender of what the run was given; null: nobody from outside sent it. */
  sender: string | null
  /** Channel, workflow, kind and subject; null as `sender`. */
  crowd: string | null
  /** The remembered permission by which it was decided. */
  permission: string | null
}

export type NewApproval = Pick<
  ApprovalRow,
  'id' | 'run' | 'step' | 'kind' | 'subject' | 'shown' | 'args_hash' | 'requested_at' | 'expires_at'
> &
  Partial<Pick<ApprovalRow, 'binds' | 'input_schema' | 'terms' | 'due_at' | 'sender' | 'crowd'>>

/** One that is asked once more, as its answer did not fit, is open again under its id. */
export const insertApprovals: Bulk = {
  columns: {
    id: 'text',
    run: 'int',
    step: 'int',
    kind: 'text',
    subject: 'text',
    shown: 'text',
    args_hash: 'text',
    requested_at: 'int',
    expires_at: 'int',
    binds: 'text',
    input_schema: 'text',
    terms: 'text',
    due_at: 'int',
    sender: 'text',
    crowd: 'text',
  },
  sql: `insert into approvals (id, run, step, kind, subject, shown, args_hash, status, requested_at, expires_at, binds, input_schema, terms, due_at, sender, crowd)
    select :id, :run, :step, :kind, :subject, :shown, :args_hash, 'pending', :requested_at, :expires_at, :binds, :input_schema, :terms, :due_at, :sender, :crowd {from} where true
    on conflict (id) do update set step = excluded.step, shown = excluded.shown, args_hash = excluded.args_hash,
      status = 'pending', requested_at = excluded.requested_at, expires_at = excluded.expires_at, terms = excluded.terms, due_at = excluded.due_at, permission = null,
      decided_at = null, decided_by = null, note = null, answer = null where approvals.run = excluded.run`,
}

export function approvalValues(approval: NewApproval): Value[] {
  return [
    approval.id,
    approval.run,
    approval.step,
    approval.kind,
    approval.subject,
    approval.shown,
    approval.args_hash,
    approval.requested_at,
    approval.expires_at,
    approval.binds ?? null,
    approval.input_schema ?? null,
    approval.terms ?? null,
    approval.due_at ?? null,
    approval.sender ?? null,
    approval.crowd ?? null,
  ]
}

export function requestRow(approval: NewApproval): Row {
  return { statement: insertApprovals, values: approvalValues(approval) }
}

/** Closes an approval that its run no longer waits for. */
export const closeApprovals: Bulk = {
  columns: { id: 'text', status: 'text' },
  sql: `update approvals set status = :status {from} where approvals.id = :id and approvals.status = 'pending'`,
}

export function closingRow(approval: string, status: 'expired' | 'withdrawn'): Row {
  return { statement: closeApprovals, values: [approval, status] }
}

/** Whoever decides is shown the texts themselves, where what is kept has references; others see nothing of what people wrote. */
export async function openApprovals<R extends ApprovalRow>(session: Session, rows: R[]): Promise<R[]> {
  if (!session.keepsMarks) return openRows(session, rows, ['shown'], ['subject'])
  const texts = new VeiledTexts(session)
  const shown: R[] = []
  for (const row of rows) shown.push(await texts.shown(row, row))
  return shown
}

export type ApprovalOfRun = ApprovalRow & { run_id: string; workflow: string }

/** Pending ones first asked come first. */
export async function listPending(session: Session, limit = 100): Promise<ApprovalOfRun[]> {
  const rows = await session.all<ApprovalOfRun>(
    `select a.*, r.id as run_id, r.workflow from approvals a join runs r on r.no = a.run
     where a.status = 'pending' order by a.requested_at, a.id limit ?`,
    [limit],
  )
  return openApprovals(session, rows)
}

export async function countPending(session: Session): Promise<number> {
  const row = await session.get<{ count: number }>(
    `select count(*) as count from approvals where status = 'pending'`,
  )
  return row?.count ?? 0
}

export async function approvalsOf(session: Session, run: number): Promise<ApprovalRow[]> {
  return openApprovals(
    session,
    await session.all<ApprovalRow>('select * from approvals where run = ? order by step', [run]),
  )
}

/** @throws `unknown-approval` */
export async function requireApproval(session: Session, id: string): Promise<ApprovalOfRun> {
  const select =
    'select a.*, r.id as run_id, r.workflow from approvals a join runs r on r.no = a.run where a.id = ?'
  const row = isShortText(id) ? await session.get<ApprovalOfRun>(select, [id]) : undefined
  if (row) return (await openApprovals(session, [row]))[0]!
  throw new ReeveError(
    'unknown-approval',
    `There is no approval ${shownId(id)}. See the open approvals: reeve approvals`,
    {
      details: { approval: shownId(id) },
    },
  )
}

/** Records a decision on a pending approval. Answers false when somebody else was first. */
export async function recordDecision(
  session: Session,
  id: string,
  decision: {
    status: ApprovalStatus
    at: number
    by: string
    note: string | null
    answer: string | null
    permission?: string | undefined
  },
): Promise<boolean> {
  const changed = await session.run(
    `update approvals set status = ?, decided_at = ?, decided_by = ?, note = ?, answer = ?, permission = ?
     where id = ? and status = 'pending'`,
    [
      decision.status,
      decision.at,
      decision.by,
      decision.note,
      decision.answer,
      decision.permission ?? null,
      id,
    ],
  )
  return changed === 1
}

/** Notes that nobody decides it any more, so that no clock that is set back lets anybody. Its run hears of it at its own time. */
export async function noteExpired(session: Session, { id }: ApprovalRow, now: number): Promise<void> {
  await session.run(
    `update approvals set status = 'expired' where id = ? and status = 'pending' and expires_at <= ?`,
    [id, now],
  )
}

/** What a run asks of people is asked no longer; what nobody knows the outcome of stays asked. */
export async function withdrawQuestions(session: Session, run: number): Promise<void> {
  await session.run(
    `update approvals set status = 'withdrawn' where run = ? and status = 'pending' and kind <> 'outcome'`,
    [run],
  )
}
