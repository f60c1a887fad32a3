import type { CallSite } from '../../engine/call-site.ts'
import type { Question } from '../solver.ts'
import type { QuestionRequest } from './question-request.ts'

/** What was learnt that a question is told of. */
export interface AppliedLessons {
  /** Their ids, in the order in which they are told. */
  used: readonly string[]
  /** Those that apply too, and that this run goes without, so that they can be measured. */
  withheld: readonly string[]
  texts: readonly string[]
}

/** What was learnt and is in force. */
export interface LessonSource {
  /** Undefined: nothing applies. Answers from memory: it is asked before each question. */
  lessonsFor(site: CallSite, question: Question): AppliedLessons | undefined
}

/** Instructions with what was learnt behind them. */
export function withLessons(instructions: string | undefined, texts: readonly string[]): string {
  const learnt = `Learnt from earlier runs:\n${texts.map((text) => `- ${text}`).join('\n')}`
  return instructions === undefined || instructions === '' ? learnt : `${instructions}\n\n${learnt}`
}

/** The question with what was learnt. Replay compares it without. */
export function taught(asked: QuestionRequest, { texts }: AppliedLessons): QuestionRequest {
  if (texts.length === 0) return asked
  const instructions = withLessons(asked.question.instructions, texts)
  return { ...asked, question: { ...asked.question, instructions } }
}
