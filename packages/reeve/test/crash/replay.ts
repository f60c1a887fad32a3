import { silentLog } from '../../src/base/log.ts'
import { Engine } from '../../src/engine/engine.ts'
import type { Workflow } from '../../src/engine/workflow.ts'
import type { Database, Value } from '../../src/store/database.ts'
import { eventValues, insertEvents, readEvents } from '../../src/store/journal/journal.ts'
import { migrate } from '../../src/store/migrations.ts'
import type { RunRow } from '../../src/store/runs/runs.ts'
import { openSqlite } from '../../src/store/sqlite/sqlite.ts'
import { FakeClock, settle } from '../../src/testing/fake-clock.ts'
import type { Facts } from './facts.ts'
import type { Outside } from './outside.ts'
import type { Shape } from './shapes/shape.ts'

/**
 * I5: replays every run that ended by itself. A fresh engine gets the journal without its last event, at that event's
 * time, and must write that event again, hash for hash, without doing anything outside.
 */
export async function checkReplay(shape: Shape, facts: Facts): Promise<string[]> {
  const problems: string[] = []
  for (const run of facts.runs) {
    if (run.status === 'succeeded' || run.status === 'failed')
      problems.push(...(await replayRun(shape, facts, run)))
  }
  return problems
}

async function replayRun(shape: Shape, facts: Facts, run: RunRow): Promise<string[]> {
  const events = facts.eventsOf(run)
  const last = events.at(-1)!
  const acts: string[] = []
  const clock = new FakeClock(last.at)
  const database = openSqlite({ file: ':memory:', clock })
  await migrate(database, () => 'replay')
  await copyRun(database, run)
  await database.bulk(insertEvents, events.slice(0, -1).map(eventValues))
  const engine = new Engine({
    database,
    clock,
    log: silentLog,
    newId: () => 'replayer',
    random: () => 0.5,
    identity: 'replay',
    onFatal: (error) => acts.push(`failed: ${String(error)}`),
  })
  for (const workflow of shape.workflows(recorder(acts))) engine.workflows.add(workflow as Workflow)
  await engine.start()
  for (let turn = 0; turn < 200 && engine.worker.active > 0; turn++) await settle()
  const again = await readEvents(database, run.no)
  await engine.stop(0)
  await database.close()
  if (acts.length > 0) return [`the replay of run ${run.id} acted: ${acts.join('; ')}`]
  if (again.at(-1)?.hash === last.hash && again.length === events.length) return []
  const differs = again.findIndex((event, index) => event.hash !== events[index]?.hash)
  return [
    `the replay of run ${run.id} wrote ${JSON.stringify(again[differs])} where its journal has ${JSON.stringify(events[differs])}`,
  ]
}

async function copyRun(database: Database, run: RunRow): Promise<void> {
  const row: RunRow = {
    ...run,
    status: 'queued',
    queue: 'default',
    worker: null,
    available_at: 0,
    ended_at: null,
    head: null,
    head_seq: null,
  }
  const columns = Object.keys(row)
  const marks = columns.map(() => '?').join(', ')
  await database.run(
    `insert into runs (${columns.join(', ')}) values (${marks})`,
    Object.values(row) as Value[],
  )
}

/** An outside that only writes down that something was done to it. */
function recorder(acts: string[]): Outside {
  return {
    tell(said) {
      if (said.kind === 'body') acts.push(`body of ${said.name}`)
    },
    async apply(tool) {
      acts.push(`effect ${tool.name}`)
      return null
    },
    async ask(tool) {
      acts.push(`question about ${tool}`)
      return undefined
    },
  }
}
