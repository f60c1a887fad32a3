import { ReeveError } from '../../base/errors.ts'
import { type MarkedText, markedTexts } from '../../base/schema/marked.ts'
import { parse } from '../../base/schema/schema.ts'
import type { Channel } from '../../store/journal/events.ts'
import type { RunRow } from '../../store/runs/runs.ts'
import type { EngineServices } from '../services.ts'
import type { WorkflowRegistry } from '../workflow.ts'
import { keyOf } from './prepared-start.ts'
import { startedWith } from './run-input.ts'

/** What a fork is given in place of the input of the run that it shares its journal with. */
export interface ForkedInput {
  /** Of its `input-replaced` event. */
  payload: string
  /** By which it counts in the limits of its queue. */
  key: string | null
  /** Its texts that the workflow's schema marks. */
  marked: MarkedText[]
}

/**
 * The input of a fork, read by the schema of the version that the fork runs as.
 * @throws `unknown-workflow` when that version is not here, `invalid-input` `async-schema` `payload-too-large`
 * `not-serialisable` `bad-start`
 */
export function forkedInput(
  { workflows, secrets }: { workflows: WorkflowRegistry } & Pick<EngineServices, 'secrets'>,
  origin: RunRow,
  given: unknown,
  by: { principal: string; channel: Channel | undefined },
): ForkedInput {
  const workflow = workflows.find(origin.workflow, origin.version)
  if (!workflow)
    throw new ReeveError(
      'unknown-workflow',
      `Run ${origin.id} is of version ${origin.version} of workflow "${origin.workflow}", which is not here: nothing can say whether the input fits. Fork it with its own input, or where that version is.`,
    )
  const input = secrets.redactData(given)
  const checked = parse(workflow.input, input, `The input of a fork of run ${origin.id}`)
  const { payload } = startedWith(workflow, { ...by, startedBy: undefined }, input, checked)
  const marked = [...markedTexts(workflow.input, input), ...markedTexts(workflow.input, checked)]
  return { payload, marked, key: workflow.key ? keyOf(workflow, checked) : origin.key }
}
