import { checkOptions, refuseUnknownOptions } from '../../base/options.ts'
import { type Duration, toMs } from '../../base/time/time.ts'

/**
 * How long ended runs of a workflow are kept, from their end on: the statuses that are named, in place of what `retention` of the
 * configuration says. `forever`: without limit.
 */
export interface WorkflowRetention {
  succeeded?: Duration | 'forever'
  failed?: Duration | 'forever'
  cancelled?: Duration | 'forever'
}

const known = ['succeeded', 'failed', 'cancelled'] satisfies (keyof WorkflowRetention)[]

/** @throws `bad-workflow` `bad-duration` */
export function checkRetention(retention: unknown, workflow: string): WorkflowRetention | undefined {
  if (retention === undefined) return undefined
  const what = `\`retention\` of ${workflow}`
  checkOptions(retention, what, {}, 'bad-workflow')
  refuseUnknownOptions(retention, what, known, 'bad-workflow')
  for (const [status, age] of Object.entries(retention as WorkflowRetention))
    if (age !== undefined && age !== 'forever') toMs(age, `\`${status}\` of ${what}`)
  return retention as WorkflowRetention
}
