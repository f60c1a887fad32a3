import { ReeveError } from '../base/errors.ts'
import type { Json } from '../base/json.ts'
import { describeIssues, jsonSchemaIn } from '../base/schema.ts'
import { approval, type Decision } from '../engine/approval.ts'
import { noteAuthor } from '../engine/authors.ts'
import type { Execution } from '../engine/execution.ts'
import { checkOnce } from '../engine/parsed-values.ts'
import type { Asked } from './questions.ts'

/** The last solver of every route is a person. An answer that does not fit is asked for again, with why. */
export async function askPerson(execution: Execution, asked: Asked, cause: ReeveError): Promise<unknown> {
  const { name, task, instructions = null, input, schema: wanted = null } = asked.question
  const best = (cause.details.best as Json | undefined) ?? null
  const inputSchema = asked.schema ? jsonSchemaIn(asked.schema) : null
  let problem = cause.message
  for (;;) {
    const shown = { question: name, task, instructions, input, wanted, problem, best } as Json
    const decision = (await approval(execution, {
      kind: 'question',
      subject: name,
      shown,
      inputSchema,
    })) as Decision
    if (decision.status === 'rejected')
      throw new ReeveError('unanswered', `Nobody could answer "${name}": ${problem}`)
    if (!asked.schema) {
      if (typeof decision.value === 'string') return decision.value
      problem = 'The answer must be a text.'
      continue
    }
    const checked = checkOnce(execution, asked.schema, decision.value, `the answer to "${name}"`, {
      isOwn: true,
    })
    if (checked.ok) {
      if (decision.by !== null) noteAuthor(execution, checked.value, decision.by)
      return checked.value
    }
    problem = describeIssues(checked.issues)
  }
}
