import { silentLog } from '../../src/base/log.ts'
import type { Clock } from '../../src/base/time/time.ts'
import { Engine, type EngineOptions } from '../../src/engine/engine.ts'
import type { Workflow } from '../../src/engine/workflow.ts'
import type { Database } from '../../src/store/database.ts'
import { type JournalEvent, readEvents } from '../../src/store/journal/journal.ts'
import { identityOf, migrate } from '../../src/store/migrations.ts'
import { type RunRow, requireRun } from '../../src/store/runs/runs.ts'
import { openSqlite } from '../../src/store/sqlite/sqlite.ts'
import { FakeClock } from '../../src/testing/fake-clock.ts'
import { severable } from '../../src/testing/life/severable.ts'

export { severable }

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
    // So that each wake is a replay, as after a restart.
    keptRuns: 0,
    keptEvents: 0,
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

/** Starts an engine that can die: `die` cuts it off in mid-work, and its row goes as a dead process's would. */
export async function mortalEngine(
  workflows: Workflow[],
  options: Parameters<typeof testEngine>[1] = {},
): Promise<TestEngine & { die: () => Promise<void> }> {
  const clock = options.clock ?? new FakeClock()
  const database = options.database ?? (await openTestDatabase(clock))
  const link = severable(database)
  const newId = options.newId ?? countingIds(database)
  const { engine } = await testEngine(workflows, { ...options, database: link.database, clock, newId })
  await engine.start()
  const die = async () => {
    link.cut()
    await database.run('delete from workers where id = ?', [engine.worker.id])
  }
  return { engine, database, clock, die }
}

export async function eventsOf(database: Database, runId: string): Promise<JournalEvent[]> {
  return readEvents(database, (await requireRun(database, runId)).no)
}

/** The types of a run's events, for reading. */
export async function typesOf(database: Database, runId: string): Promise<string[]> {
  return (await eventsOf(database, runId)).map((event) => event.type)
}

export async function rowOf(database: Database, runId: string): Promise<RunRow> {
  return requireRun(database, runId)
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
