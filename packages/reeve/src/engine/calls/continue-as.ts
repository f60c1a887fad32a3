import { validate } from '../../base/schema/schema.ts'
import type { CallSite } from '../call-site.ts'
import { refuseInsideBody } from '../replay/inside-body.ts'
import { parseOnce } from '../replay/parsed-values.ts'
import { startedWith } from '../starting/run-input.ts'
import type { Workflow, WorkflowRegistry } from '../workflow.ts'

/**
 * Ends a chapter of the run and begins the next: one event, linked like any other, from which on the journal is read. It
 * commits together with the run's release, so that a death loses and doubles none; the run is then claimed anew, as after
 * a wait.
 *
 * What is open is treated as at a run's end: what acts is awaited, waits are given up, what people are asked is withdrawn,
 * children that are not detached are cancelled. Signals that nobody took stay in the inbox.
 * @throws `invalid-input` `payload-too-large` `not-serialisable` `nested-call`
 */
export function continueAs(site: CallSite, workflows: WorkflowRegistry, given: unknown): Promise<never> {
  refuseInsideBody(site, 'ctx.continueAs')
  const input = site.services.secrets.redactData(given)
  const next = versionFor(site.workflow, workflows, input)
  const what = `The input of workflow "${next.name}"`
  const outcome = validate(next.input, input)
  parseOnce(site, next.input, input, what, { known: outcome, fitOnly: true })
  const checked = outcome.ok ? outcome.value : input
  site.mark(next.input, input)
  site.mark(next.input, checked)
  const about = { principal: site.run.principal, startedBy: undefined, ...site.origin }
  const { payload } = startedWith(next, about, input, checked)
  site.continueAs(payload, next.version)
  return new Promise<never>(() => {})
}

/** Nothing of the journal binds the next chapter to its version: it takes the current one, unless the input does not fit there. */
function versionFor(workflow: Workflow, workflows: WorkflowRegistry, input: unknown): Workflow {
  const current = workflows.current(workflow.name)
  return current === workflow || validate(current.input, input).ok ? current : workflow
}
