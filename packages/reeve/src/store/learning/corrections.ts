import type { Json } from '../../base/json/json.ts'
import type { ApprovalRow } from '../approvals/approvals.ts'
import { saidOf } from '../authority/authority-log.ts'
import type { Session, Value } from '../database.ts'
import { VeiledTexts } from '../marks/written.ts'
import { reviewed } from '../runs/reviews.ts'

/** An approval that a person decided otherwise than it was asked, with its run. */
export type DecidedRow = Pick<
  ApprovalRow,
  | 'id'
  | 'run'
  | 'step'
  | 'kind'
  | 'subject'
  | 'shown'
  | 'answer'
  | 'note'
  | 'decided_by'
  | 'binds'
  | 'input_schema'
> & { status: 'rejected' | 'approved' | 'answered'; decided_at: number; run_id: string; workflow: string }

interface Wanted {
  workflow?: string | undefined
  since: number
  limit: number
}

/** Rejections, edits and answers since then, by the index of decisions; the newest first. */
export async function correctedApprovals(
  session: Session,
  { workflow, since, limit }: Wanted,
): Promise<DecidedRow[]> {
  const values: Value[] = [since, ...(workflow === undefined ? [] : [workflow]), limit]
  const rows = await session.all<DecidedRow>(
    `select a.id, ${reviewed('no')} as run, a.step, a.kind, a.subject, a.shown, a.answer, a.note, a.decided_by, a.binds, a.input_schema,
       a.status, a.decided_at, ${reviewed('id')} as run_id, ${reviewed('workflow')} as workflow
     from approvals a join runs r on r.no = a.run left join runs p on p.no = r.parent
     where a.decided_at is not null and a.decided_at >= ? and a.kind <> 'outcome' and
       (a.status in ('rejected', 'answered') or (a.status = 'approved' and a.answer is not null))
       ${workflow === undefined ? '' : `and ${reviewed('workflow')} = ?`}
     order by a.decided_at desc limit ?`,
    values,
  )
  const texts = new VeiledTexts(session)
  const shown: DecidedRow[] = []
  for (const row of rows) shown.push(await texts.shown(row, row))
  return shown
}

export interface CorrectedAnswerRow {
  runId: string
  runNo: number
  workflow: string
  at: number
  by: string
  why: string | null
  details: { question: string; call: number; value: Json }
}

/** What people said of answers of solvers after the fact: of each answer the last word, the newest first. */
export async function correctedAnswers(
  session: Session,
  { workflow, since, limit }: Wanted,
): Promise<CorrectedAnswerRow[]> {
  const values: Value[] = [since, ...(workflow === undefined ? [] : [workflow]), limit]
  const rows = await session.all<{
    principal: string
    at: number
    payload: string | null
    run_id: string
    run_no: number
    workflow: string
  }>(
    `select l.principal, l.at, l.payload, r.id as run_id, r.no as run_no, r.workflow
     from authority_log l join runs r on r.id = l.run
     where l.type = 'answer-corrected' and l.at >= ?${workflow === undefined ? '' : ' and r.workflow = ?'}
     order by l.seq desc limit ?`,
    values,
  )
  const seen = new Set<string>()
  const texts = new VeiledTexts(session)
  const corrected: CorrectedAnswerRow[] = []
  for (const row of rows) {
    const { why = null, details } = saidOf(row)
    if (details === undefined) continue
    const said = details as unknown as CorrectedAnswerRow['details']
    const key = `${row.run_id}:${said.call}`
    if (seen.has(key)) continue
    seen.add(key)
    const { run_id: runId, run_no: runNo, at, principal: by } = row
    const about = { run: runNo, shown: null, input_schema: null }
    const { note, answer } = await texts.shown(about, { note: why, answer: JSON.stringify(said.value) })
    const value = JSON.parse(answer) as Json
    corrected.push({ runId, runNo, workflow: row.workflow, at, by, why: note, details: { ...said, value } })
  }
  return corrected
}
