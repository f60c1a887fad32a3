import { ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import { describeIssues, jsonSchemaIn } from '../../base/schema/schema.ts'
import type { CallSite } from '../../engine/call-site.ts'
import { requestApproval } from '../../engine/calls/approval.ts'
import { noteAuthor } from '../../engine/calls/authors.ts'
import type { SaidDecision } from '../../engine/decision.ts'
import type { Call } from '../../engine/replay/call.ts'
import { checkOnce } from '../../engine/replay/parsed-values.ts'
import type { QuestionRequest } from './question-request.ts'

/** The last solver of every route is a person. One that does not fit closes nothing: the question is open again, with why. */
export async function askPerson(site: CallSite, asked: QuestionRequest, cause: ReeveError): Promise<unknown> {
  const { name, task, instructions = null, input, schema: wanted = null } = asked.question
  const best = (cause.details.best as Json | undefined) ?? null
  const inputSchema = asked.schema ? jsonSchemaIn(asked.schema) : null
  let problem = cause.message
  let again: Call | undefined
  for (;;) {
    const shown = { question: name, task, instructions, input, wanted, problem, best } as Json
    const asking = { kind: 'question', subject: name, shown, inputSchema, marks: asked.schema } as const
    const request = { ...asking, ...(again && { again }) }
    again = requestApproval(site, request)
    const decision = (await again.promise) as SaidDecision
    if (decision.by !== null && decision.status === 'answered') noteAuthor(site, decision.value, decision.by)
    if (decision.status === 'rejected')
      throw new ReeveError('unanswered', `Nobody could answer "${name}": ${problem}`)
    if (!asked.schema) {
      if (typeof decision.value === 'string') return decision.value
      problem = 'The answer must be a text.'
      continue
    }
    const checked = checkOnce(site, asked.schema, decision.value, `the answer to "${name}"`, {
      isOwn: true,
    })
    if (checked.ok) {
      if (decision.by !== null) noteAuthor(site, checked.value, decision.by)
      return checked.value
    }
    problem = describeIssues(checked.issues)
  }
}
