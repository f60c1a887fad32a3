import { misfit, validate } from '../../base/schema/schema.ts'
import { checkedEvent, type NewEvent } from '../../store/journal/events.ts'
import type { Workflow } from '../workflow.ts'

/**
 * The event that says what a workflow's function gave.
 * @throws `invalid-output` `async-schema` `not-serialisable` `payload-too-large`
 */
export function succeeded(workflow: Workflow, output: unknown): NewEvent {
  return checkedEvent('run-succeeded', checked(workflow, output), `the result of workflow ${workflow.name}`)
}

function checked({ name, output: schema }: Workflow, output: unknown): unknown {
  if (!schema) return output
  const outcome = validate(schema, output)
  if (outcome.ok) return outcome.value
  throw misfit(
    'invalid-output',
    `The result of workflow "${name}" does not fit its output schema`,
    outcome.issues,
  )
}
