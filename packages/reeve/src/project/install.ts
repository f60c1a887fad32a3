import type { Log } from '../base/log.ts'
import { type Clock, toMs } from '../base/time/time.ts'
import { checkScheduled, installSchedules } from '../engine/starting/schedule.ts'
import type { WorkflowRegistry } from '../engine/workflow.ts'
import { installCeilings } from '../models/asking/budget.ts'
import { saveRules } from '../store/approvals/rules.ts'
import type { Database } from '../store/database.ts'
import { saveQueue } from '../store/dispatch/queues/queues.ts'
import type { ProjectConfig } from './config.ts'

/**
 * Writes the queues, schedules and ceilings of a project into its database, where all workers read them.
 * @throws `unknown-workflow` when a schedule names none that is there
 */
export async function installConfig(
  { queues = {}, schedules = {}, budgets = {}, approvals = {} }: ProjectConfig,
  into: { database: Database; workflows: WorkflowRegistry; clock: Clock; log: Log },
): Promise<void> {
  const { database, workflows, clock, log } = into
  await database.transaction(async (session) => {
    await saveRules(session, approvals)
    for (const [name, { concurrency, perKey, rate }] of Object.entries(queues)) {
      await saveQueue(session, name, {
        concurrency: concurrency ?? null,
        key_concurrency: perKey ?? null,
        rate_count: rate?.count ?? null,
        rate_ms: rate ? Math.ceil(toMs(rate.per)) : null,
      })
    }
  })
  checkScheduled(workflows, schedules)
  await installSchedules(database, { clock, log }, schedules)
  await installCeilings(database, budgets, clock.now())
}
