import type { CallSite } from '../../engine/call-site.ts'
import { parseOnce } from '../../engine/replay/parsed-values.ts'
import type { QuestionRequest } from './question-request.ts'

/** Of a value that is no JSON the journal has what it was made from. @throws `invalid-input` when it fits no more */
export function readAgain(
  site: CallSite,
  { question, schema }: Pick<QuestionRequest, 'question' | 'schema'>,
  given: unknown,
): unknown {
  const read = (value: unknown) =>
    parseOnce(site, schema!, value, `The answer to "${question.name}"`, { isOwn: true })
  return question.task === 'converse' ? { answer: read((given as { answer: unknown }).answer) } : read(given)
}
