import type { Json } from '../../base/json/json.ts'
import { isRecord } from '../../base/json/record.ts'
import { type Change, editableOf, readEdit } from '../../engine/deciding/edit.ts'
import type { Session } from '../../store/database.ts'
import { correctedAnswers, correctedApprovals, type DecidedRow } from '../../store/learning/corrections.ts'

/** What a person said otherwise than it was asked or answered. Texts are foreign. */
export interface Corrected {
  /** The id of the approval, or of the run whose answer was corrected, with its call. */
  id: string
  run: string
  /** The run's own number in this database. */
  runNo: number
  workflow: string
  /** The `ctx` call. */
  call: number
  at: number
  /** `answered`: a question that no solver could answer. `corrected`: an answer that a solver had given. */
  what: 'edited' | 'rejected' | 'answered' | 'corrected'
  /** The tool, or the name of the question or of what the workflow's own code asked. */
  subject: string
  /** Whether it is about the call of a tool. */
  isCall: boolean
  /** Of a question that a person was asked, what it was about. */
  input?: Json
  /** The edited arguments, or the answer. */
  value?: Json
  /** Of an edit: field by field. */
  changes: Change[]
  note: string | null
  by: string
}

export interface CorrectedFilter {
  workflow?: string | undefined
  /** Decided then or later (ms). */
  since: number
  limit: number
}

/** Rejections, edits, answers, and corrections of answers, the newest first. */
export async function correctedSince(session: Session, filter: CorrectedFilter): Promise<Corrected[]> {
  const decided = (await correctedApprovals(session, filter)).map(ofApproval)
  const corrected = (await correctedAnswers(session, filter)).map(
    ({ runId, runNo, workflow, at, by, why, details }): Corrected => ({
      id: `${runId}:${details.call}`,
      run: runId,
      runNo,
      workflow,
      call: details.call,
      at,
      what: 'corrected',
      subject: details.question,
      isCall: false,
      value: details.value,
      changes: [],
      note: why,
      by,
    }),
  )
  return [...decided, ...corrected].sort((one, other) => other.at - one.at).slice(0, filter.limit)
}

function ofApproval(row: DecidedRow): Corrected {
  const what =
    row.status === 'rejected'
      ? 'rejected'
      : row.kind === 'question'
        ? ('answered' as const)
        : ('edited' as const)
  const answer = row.answer === null ? undefined : (JSON.parse(row.answer) as Json)
  const shown = JSON.parse(row.shown) as Json
  const asked = row.kind === 'question' && isRecord(shown) ? shown.input : undefined
  return {
    id: row.id,
    run: row.run_id,
    runNo: row.run,
    workflow: row.workflow,
    call: row.step,
    at: row.decided_at,
    what,
    subject: row.subject,
    isCall: row.binds === 'effect',
    ...(asked !== undefined && { input: asked as Json }),
    ...(answer !== undefined && { value: answer }),
    changes: what === 'edited' && answer !== undefined ? changesOf(row, answer) : [],
    note: row.note,
    by: row.decided_by ?? '',
  }
}

function changesOf(row: DecidedRow, answer: Json): Change[] {
  // The schema was held against it when it was decided.
  return readEdit(
    { ...row, input_schema: null, binds: 'effect', shown: JSON.stringify({ args: editableOf(row) }) },
    answer,
    true,
  ).changes
}
