import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { systemClock } from '../../packages/reeve/src/base/time/time.ts'
import { migrate } from '../../packages/reeve/src/store/migrations.ts'
import { writerPragmas } from '../../packages/reeve/src/store/sqlite/connection.ts'
import { openSqlite } from '../../packages/reeve/src/store/sqlite/sqlite.ts'
import type { Plan, Sample, Spec } from './contract.ts'
import { measure, resultOf } from './measure.ts'

/**
 * The ceiling: a bare loop that makes the same writes as Reeve. The database is one that Reeve's own migrations made,
 * with its tables, indexes and pragmas; a run leaves the same rows with the same columns in `runs` and `events` (its
 * hashes are 43 characters that hash nothing). The next events of every live run go into one transaction, grouped as
 * Reeve groups them: a run begins with its start and its first step, and no step begins before the one before it is
 * durable. There is nothing else: no workflow, no hash, no check of claims, no queue.
 */

interface LiveRun {
  /** Its key in the database is one more: keys begin at 1. */
  number: number
  /** Turns written. */
  turn: number
  askedAt: number
}

await measure(async (spec) => {
  const file = join(spec.dataFolder, 'raw.db')
  const migrated = openSqlite({ file, clock: systemClock })
  await migrate(migrated, () => 'raw')
  await migrated.close()
  const database = new DatabaseSync(file)
  for (const pragma of writerPragmas) database.exec(`pragma ${pragma}`)
  const read = (pragma: string) => Object.values(database.prepare(`pragma ${pragma}`).get()!)[0]
  const count = database.prepare(
    `select count(*) as found from runs
     where status = 'succeeded' and (select count(*) from events where run = runs.no) = ?`,
  )
  return {
    versions: { sqlite: String(database.prepare('select sqlite_version() as v').get()!.v) },
    durability: `journal_mode=${read('journal_mode')} synchronous=${read('synchronous')} (2 is FULL)`,
    drive: createLoop(database, spec),
    count: () => Number(count.get(spec.steps + 2)!.found),
    close: () => database.close(),
  }
})

function createLoop(database: DatabaseSync, spec: Spec) {
  const insertRun = database.prepare(
    `insert into runs (no, id, workflow, version, status, queue, priority, available_at, fresh, principal, epoch, worker,
       created_at)
     values (?, ?, 'six-steps', '1', 'running', 'default', 0, ?, 1, 'operator', 1, '0123456789abcdefg', ?)`,
  )
  const insertEvent = database.prepare(
    'insert into events (run, seq, type, step, name, at, payload, hash) values (?, ?, ?, ?, ?, ?, ?, ?)',
  )
  const endRun = database.prepare(
    `update runs set status = 'succeeded', reason = null, wake_at = null, ended_at = ?, head = ?, head_seq = ?,
       worker = null, crashes = 0, fresh = 0
     where no = ?`,
  )
  const hash = 'h'.repeat(43)
  const { steps, resultBytes } = spec

  const writeStep = (run: LiveRun, step: number, at: number) => {
    const payload = JSON.stringify(resultOf(run.number, step, resultBytes))
    insertEvent.run(run.number + 1, step + 1, 'step-completed', step, `step-${step}`, at, payload, hash)
  }
  const writeTurn = (run: LiveRun, now: number) => {
    const turn = run.turn++
    const no = run.number + 1
    if (turn === 0) {
      const id = `01jd0${String(run.number).padStart(12, '0')}`
      const payload = `{"version":"1","principal":"operator","input":${JSON.stringify({ number: run.number })}}`
      insertRun.run(no, id, now, now)
      insertEvent.run(no, 1, 'run-started', null, 'six-steps', now, payload, hash)
      writeStep(run, 1, now)
    } else if (turn < steps) {
      writeStep(run, turn + 1, now)
    } else {
      insertEvent.run(no, steps + 2, 'run-succeeded', null, null, now, JSON.stringify({ steps }), hash)
      endRun.run(now, hash, steps + 2, no)
    }
  }

  return async (plan: Plan): Promise<Sample> => {
    const latenciesMs: number[] = []
    const start = performance.now()
    let started = 0
    let live: LiveRun[] = []
    while (true) {
      const askedAt = performance.now()
      const open = started < plan.concurrency || askedAt - start < plan.forMs
      while (open && live.length < plan.concurrency && started < plan.maxRuns) {
        live.push({ number: plan.first + started++, turn: 0, askedAt })
      }
      if (live.length === 0) return { elapsedMs: performance.now() - start, latenciesMs }
      const now = Date.now()
      database.exec('begin immediate')
      for (const run of live) writeTurn(run, now)
      database.exec('commit')
      const committedAt = performance.now()
      for (const run of live) if (run.turn > steps) latenciesMs.push(committedAt - run.askedAt)
      live = live.filter((run) => run.turn <= steps)
    }
  }
}
