import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Plan, Sample, Spec } from './contract.ts'
import { measure, resultOf } from './measure.ts'

// The ceiling: the rows that Reeve writes for a run, written by a bare loop. Every turn writes the next event of every
// live run in one transaction, so that each event is durable before the run's next one is made.

const schema = `
  create table runs (
    key integer primary key, id text not null unique, workflow text not null, version text not null,
    status text not null, input text not null, output text, queue text not null, epoch integer not null,
    worker text, created_at integer not null, updated_at integer not null
  );
  create table events (
    id integer primary key, run integer not null, seq integer not null, type text not null, step integer,
    name text, at integer not null, payload text not null, hash text not null, unique (run, seq)
  );`

interface LiveRun {
  key: number
  number: number
  seq: number
  askedAt: number
}

await measure(async (spec) => {
  const database = new DatabaseSync(join(spec.dataFolder, 'raw.db'))
  database.exec('pragma journal_mode = wal; pragma synchronous = full')
  database.exec(schema)
  const read = (pragma: string) => Object.values(database.prepare(`pragma ${pragma}`).get()!)[0]
  const count = database.prepare(
    `select count(*) as found from runs
     where status = 'succeeded' and (select count(*) from events where run = runs.key) = ?`,
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
    `insert into runs (id, workflow, version, status, input, queue, epoch, worker, created_at, updated_at)
     values (?, 'six-steps', '1', 'running', ?, 'default', 1, 'worker-1', ?, ?)`,
  )
  const insertEvent = database.prepare(
    'insert into events (run, seq, type, step, name, at, payload, hash) values (?, ?, ?, ?, ?, ?, ?, ?)',
  )
  const endRun = database.prepare(
    `update runs set status = 'succeeded', output = ?, worker = null, updated_at = ? where key = ?`,
  )
  const hash = 'h'.repeat(43)
  const last = spec.steps + 1

  const writeNext = (run: LiveRun, now: number) => {
    const { seq } = run
    if (seq === 0) {
      const input = JSON.stringify({ number: run.number })
      const id = `01jd0${String(run.number).padStart(12, '0')}`
      run.key = Number(insertRun.run(id, input, now, now).lastInsertRowid)
      insertEvent.run(run.key, seq, 'run-started', null, null, now, input, hash)
    } else if (seq < last) {
      const payload = JSON.stringify(resultOf(run.number, seq, spec.resultBytes))
      insertEvent.run(run.key, seq, 'step-completed', seq, `step-${seq}`, now, payload, hash)
    } else {
      const output = `{"steps":${spec.steps}}`
      insertEvent.run(run.key, seq, 'run-succeeded', null, null, now, output, hash)
      endRun.run(output, now, run.key)
    }
    run.seq++
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
        live.push({ key: 0, number: plan.first + started++, seq: 0, askedAt })
      }
      if (live.length === 0) return { elapsedMs: performance.now() - start, latenciesMs }
      const now = Date.now()
      database.exec('begin immediate')
      for (const run of live) writeNext(run, now)
      database.exec('commit')
      const committedAt = performance.now()
      for (const run of live) if (run.seq > last) latenciesMs.push(committedAt - run.askedAt)
      live = live.filter((run) => run.seq <= last)
    }
  }
}
