import { ReeveError } from '../../base/errors.ts'
import { encode, type Json, payloadCap } from '../../base/json/json.ts'
import { checkText, shownId } from '../../base/text/text.ts'
import { type Acting, record } from '../../store/authority/acting.ts'
import type { Session } from '../../store/database.ts'
import { callsThatSaid } from '../../store/journal/said.ts'
import { requireRun } from '../../store/runs/runs.ts'

/** What a person says of an answer that a solver gave. */
export interface AnswerCorrection {
  /** The name of the question. */
  question: string
  /** Which call it was; absent: the only one of that name. */
  call?: number | undefined
  /** What it should have been. */
  value: Json
}

/**
 * In a transaction: notes what an answer of a run should have been. The run stays as it is: what is learnt of it is for later
 * ones. Said again, the last word counts.
 * @throws `unknown-run` `unknown-question`
 */
export async function correctAnswer(
  session: Session,
  runId: string,
  { question, call, value }: AnswerCorrection,
  acting: Acting,
): Promise<{ call: number }> {
  const run = await requireRun(session, runId)
  checkText(question, 'The name of the question')
  encode(value, 'The right answer', payloadCap / 16)
  const answered = await callsThatSaid(session, run.no, 'question-completed', question)
  const wanted = call === undefined ? answered : answered.filter((step) => step === call)
  const [step] = wanted
  if (step === undefined || wanted.length !== 1) {
    const calls = answered.join(', ') || 'none'
    const why = answered.length > 1 && call === undefined ? 'several calls ask it' : 'no such answer is there'
    throw new ReeveError(
      'unknown-question',
      `Run ${shownId(runId)} has no one answer to "${question}" to correct: ${why}. The calls that were answered: ${calls}.`,
    )
  }
  await record(session, acting, 'answer-corrected', runId, { question, call: step, value }, runId)
  return { call: step }
}
