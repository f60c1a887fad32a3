import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../../src/base/time/time.ts'
import type { Database } from '../../../src/store/database.ts'
import { migrate } from '../../../src/store/migrations.ts'
import { PostgresDatabase } from '../../../src/store/postgres/postgres.ts'
import { checkInvariants, type Violation } from '../../crash/checker.ts'
import { type Facts, readFacts } from '../../crash/facts.ts'
import { type LifeProcess, startLife } from '../../crash/life-process.ts'
import { type OracleProcess, startOracle } from '../../crash/oracle-process.ts'
import { closeTrial } from '../../crash/outside.ts'
import { shapeNamed } from '../../crash/shapes/index.ts'
import { schemasOf } from '../../crash/stores.ts'
import { startOwnPostgres, type TestServer } from '../../store/postgres.ts'
import { installWitness, strangers } from '../zombies/witness.ts'

/** I4: everything rests within this time, on a machine that has other work too. */
const boundMs = 120_000

/** A server and an oracle that many trials share, one after another or side by side. */
export class Arena {
  readonly server: TestServer
  readonly oracle: OracleProcess
  readonly folder: string

  private constructor(server: TestServer, oracle: OracleProcess, folder: string) {
    this.server = server
    this.oracle = oracle
    this.folder = folder
  }

  static async open(folder: string): Promise<Arena> {
    const [server, oracle] = await Promise.all([startOwnPostgres(), startOracle(folder)])
    return new Arena(server, oracle, folder)
  }

  async close(): Promise<void> {
    await this.oracle.stop()
    await this.server.stop()
  }
}

export interface Contest {
  name: string
  /** Of the shape whose runs the two workers drive. */
  shape: string
  /** How much faster than the wall the workers' time goes, leases too. Default: as in the crash suite. */
  scale?: number
  /** The way of each worker to the schema that `url` names; default: straight. */
  wayOf?(worker: number, url: string): Promise<string>
  /** What goes wrong. Called when the clients of both workers begin; `over` resolves when a worker ended. */
  disturb(url: string, over: Promise<void>): Promise<void>
  /** Called when everything has ended. */
  cleanUp?(): Promise<void>
}

/** Two worker processes with the same clients on a new schema, until every run rests; then checks what they left. */
export async function runContest(arena: Arena, contest: Contest): Promise<Violation[]> {
  const folder = join(arena.folder, contest.name)
  mkdirSync(folder, { recursive: true })
  const stores = schemasOf(arena.server)
  const url = await arena.server.createSchema()
  const database = new PostgresDatabase({ url, clock: systemClock, connections: 2 })
  const violations: Violation[] = []
  const lives: LifeProcess[] = []
  try {
    await migrate(database, () => contest.name.replaceAll('-', ''))
    await installWitness(database)
    lives.push(...(await startWorkers(arena, contest, url)))
    const workers = await Promise.all(lives.map((life) => life.working))
    for (const life of lives) life.begin()
    const over = Promise.race(lives.map((life) => life.ended.then(() => {})))
    const disturbance = contest.disturb(url, over)
    const ends = await Promise.all(lives.map((life) => life.ended))
    await disturbance
    for (const { problem, killed } of ends) {
      const what = problem ?? (killed ? 'a worker was killed, by nobody here' : undefined)
      if (what !== undefined) violations.push({ invariant: 'I4', what })
    }
    await closeTrial(arena.oracle.port, contest.name)
    const facts = await readFacts(database, folder)
    facts.losses = await lossesOf(database, workers)
    violations.push(...(await checkInvariants(shapeNamed(contest.shape), database, facts)))
    const stale = [...(await foreignWrites(database, workers)), ...(await staleIntents(database))]
    violations.push(...stale.map((what) => ({ invariant: 'I7' as const, what })))
  } finally {
    for (const life of lives) life.kill()
    await contest.cleanUp?.()
    await database.close()
  }
  const store = { kind: 'postgres', url } as const
  if (violations.length === 0) rmSync(folder, { recursive: true })
  else {
    await arena.server.query('drop table witnessed_events, witnessed_claims', url)
    await stores.keep(store, folder)
  }
  await stores.discard(store)
  return violations
}

async function startWorkers(arena: Arena, contest: Contest, url: string): Promise<LifeProcess[]> {
  const originMs = Date.now()
  const urls = await Promise.all([0, 1].map((worker) => contest.wayOf?.(worker, url) ?? url))
  return urls.map((way, worker) => {
    const named = new URL(way)
    named.searchParams.set('application_name', writerName(worker))
    return startLife(
      {
        store: { kind: 'postgres', url: named.href },
        trial: contest.name,
        shape: contest.shape,
        port: arena.oracle.port,
        life: worker + 1,
        killAt: 0,
        originMs,
        ...(contest.scale && { scale: contest.scale }),
        isPatient: true,
        boundMs,
      },
      arena.folder,
    )
  })
}

/** Which worker had each run before another got it for good. */
async function lossesOf(database: Database, workers: (string | undefined)[]): Promise<Facts['losses']> {
  const rows = await database.all<{ run: string; worker: string }>(
    `select r.id as run, c.worker from witnessed_claims c join runs r on r.no = c.run
     group by r.id, r.no, c.worker having max(c.epoch) < (select max(epoch) from witnessed_claims where run = r.no)`,
  )
  return rows.map(({ run, worker }) => ({ run, life: workers.indexOf(worker) + 1 }))
}

/** I7: every event was written by the process that claimed the run in the epoch in which it was written. */
async function foreignWrites(database: Database, workers: (string | undefined)[]): Promise<string[]> {
  const runs = await database.all<{ no: number }>('select no from runs')
  const writers = new Map(workers.map((worker, index) => [worker, writerName(index)]))
  return strangers(
    database,
    runs.map(({ no }) => no),
    (worker) => writers.get(worker),
  )
}

/** I7: the epoch that an intent says it has is the one that the run had when the intent was written. */
async function staleIntents(database: Database): Promise<string[]> {
  const rows = await database.all<{ run: number; seq: number; said: number; epoch: number }>(
    `select e.run, e.seq, (e.payload::json ->> 'epoch')::bigint as said, w.epoch
     from events e join witnessed_events w on w.run = e.run and w.seq = e.seq where e.type = 'effect-intended'`,
  )
  return rows
    .filter(({ said, epoch }) => said !== epoch)
    .map(
      ({ run, seq, said, epoch }) =>
        `intent ${seq} of run number ${run} is of epoch ${said}, written in epoch ${epoch}`,
    )
}

function writerName(worker: number): string {
  return `worker${worker + 1}`
}
