import { createIds } from '../../src/base/ids.ts'
import { silentLog } from '../../src/base/log.ts'
import type { Clock } from '../../src/base/time/time.ts'
import { Engine, type EngineOptions } from '../../src/engine/engine.ts'
import type { Workflow } from '../../src/engine/workflow.ts'
import type { Database } from '../../src/store/database.ts'
import { identityOf, migrate } from '../../src/store/migrations.ts'

/** The engine of a test's own process, on a database that it migrates, with these workflows and no log. */
export async function openEngine(
  database: Database,
  clock: Clock,
  workflows: readonly unknown[],
  options: Partial<EngineOptions> = {},
): Promise<Engine> {
  const newId = createIds(clock.now)
  await migrate(database, newId)
  const engine = new Engine({
    database,
    clock,
    log: silentLog,
    newId,
    random: Math.random,
    identity: await identityOf(database),
    keptEvents: 0,
    onFatal: (error) => {
      throw error
    },
    ...options,
  })
  for (const workflow of workflows) engine.workflows.add(workflow as Workflow)
  return engine
}
