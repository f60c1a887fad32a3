import { ReeveError } from '../../base/errors.ts'
import { isJson, parseExactJson } from '../../base/json/exact-json.ts'
import type { Json } from '../../base/json/json.ts'
import { describeShape, sampleOf } from '../../base/schema/json-schema-words.ts'
import { describeIssues } from '../../base/schema/schema.ts'
import type { ApprovalRow } from '../../store/approvals/approvals.ts'
import { isOutcomeAnswer } from '../../store/runs/decision-item.ts'
import type { JsonSchemaCheck } from './edit.ts'

type Asked = Pick<ApprovalRow, 'id' | 'kind' | 'subject' | 'shown' | 'input_schema'>

/** What a question wants, or what the effect whose outcome is unknown gives, for whoever answers. */
export interface WantedAnswer {
  /** JSON Schema; null where it is not known. */
  schema: Json | null
  /** The same in words. */
  words: string
  /** A value that fits; undefined where none can be made from the schema alone. */
  sample: Json | undefined
}

/** What an answer must be; undefined for an approval. */
export function wantedOf(asked: Omit<Asked, 'id' | 'subject'>): WantedAnswer | undefined {
  if (asked.kind === 'approval') return undefined
  const schema = asked.input_schema === null ? null : (JSON.parse(asked.input_schema) as Json)
  if (schema !== null) return { schema, words: describeShape(schema), sample: sampleOf(schema) }
  if (wantsText(asked)) return { schema, words: 'a text', sample: 'text' }
  return { schema, words: 'a value', sample: undefined }
}

/** Whether a question asks for a text, and not for a value of a schema. */
function wantsText({ kind, shown }: Pick<Asked, 'kind' | 'shown'>): boolean {
  const { wanted } = JSON.parse(shown) as { wanted?: Json }
  return kind === 'question' && (wanted ?? null) === null
}

/**
 * An answer that somebody wrote: a question that wants a text takes it as it stands; one with a schema takes JSON, or a text that fits.
 * @throws `inexact-json`
 */
export async function answerFromText(
  asked: Pick<Asked, 'kind' | 'shown'>,
  given: string,
  problemOf: (value: Json) => Promise<string | undefined>,
): Promise<Json> {
  if (wantsText(asked) || !isJson(given)) return given
  const value = parseExactJson(given, 'The answer')
  if (typeof value === 'string') return value
  const isUnfit = (await problemOf(value)) !== undefined
  return isUnfit && (await problemOf(given)) === undefined ? given : value
}

/** What is wrong with an answer; undefined when nothing is, as far as its schema is known. */
export async function answerProblem(
  asked: Asked,
  answer: Json | undefined,
  check: JsonSchemaCheck | undefined,
): Promise<string | undefined> {
  if (answer === undefined) return 'there is none'
  if (wantsText(asked)) return typeof answer === 'string' ? undefined : 'it is not a text'
  let value = answer
  if (asked.kind === 'outcome') {
    if (!isOutcomeAnswer(answer) || !answer.happened) return
    value = answer.result ?? null
  }
  if (asked.input_schema === null || !check) return
  const issues = await check(JSON.parse(asked.input_schema) as Json, value)
  return issues.length === 0 ? undefined : describeIssues(issues)
}

/** Refused without closing what was asked. @throws `wrong-answer` */
export async function refuseUnfitAnswer(
  asked: Asked,
  answer: Json | undefined,
  check: JsonSchemaCheck | undefined,
): Promise<void> {
  const problem = await answerProblem(asked, answer, check)
  if (problem === undefined) return
  const { words, sample } = wantedOf(asked)!
  const example = sample === undefined ? '' : `, such as ${JSON.stringify(sample)}`
  const what =
    asked.kind === 'outcome'
      ? `The result that is said of ${asked.subject} does not fit what it gives`
      : `The answer does not fit question "${asked.subject}"`
  throw new ReeveError(
    'wrong-answer',
    `${what}: ${problem}. It must be ${words}${example}. Nothing was recorded, and ${asked.id} is still open.`,
  )
}
