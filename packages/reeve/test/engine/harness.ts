import { FakeClock } from '../../src/base/fake-clock.ts'
import { silentLog } from '../../src/base/log.ts'
import type { Clock } from '../../src/base/time.ts'
import { Engine, type EngineOptions } from '../../src/engine/engine.ts'
import type { Workflow } from '../../src/engine/workflow.ts'
import type { Database } from '../../src/store/database.ts'
import { identityOf, migrate } from '../../src/store/migrations.ts'
import { openSqlite } from '../../src/store/sqlite.ts'

export interface TestEngine {
  engine: Engine
  database: Database
  clock: FakeClock
}

/** Opens an in-memory database, or the given file, migrated. */
export async function openTestDatabase(clock: Clock, file = ':memory:'): Promise<Database> {
  const database = openSqlite({ file, clock })
  let count = 0
  await migrate(database, () => `identity${count++}`)
  return database
}

/** An engine with a fake clock on its own database, or on one shared with an engine before it. */
export async function testEngine(
  workflows: Workflow[],
  options: Partial<EngineOptions> & { database?: Database; clock?: FakeClock } = {},
): Promise<TestEngine> {
  const clock = options.clock ?? new FakeClock()
  const database = options.database ?? (await openTestDatabase(clock))
  const engine = new Engine({
    log: silentLog,
    newId: options.newId ?? countingIds(database),
    random: () => 0.5,
    onFatal: (error) => {
      throw error
    },
    ...options,
    database,
    clock,
    identity: await identityOf(database),
  })
  for (const workflow of workflows) engine.workflows.add(workflow)
  return { engine, database, clock }
}

const counters = new WeakMap<Database, number>()

/** Ids that count up, over all engines on one database. */
function countingIds(database: Database): () => string {
  return () => {
    const next = (counters.get(database) ?? 0) + 1
    counters.set(database, next)
    return `id${String(next).padStart(6, '0')}`
  }
}
