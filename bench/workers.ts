import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { internalsOf } from '../packages/reeve/src/internal.ts'
import { verifyAudit } from '../packages/reeve/src/store/audit/audit.ts'
import type { Database } from '../packages/reeve/src/store/database.ts'
import { setQueuePaused } from '../packages/reeve/src/store/dispatch/queues/queues.ts'
import { machineCpuSeconds, treeCpuSeconds } from './engine/processes.ts'
import { type BenchOptions, type BenchResult, goalOf, wholeNumber } from './runner/contract.ts'
import { type Member, startMember } from './runner/member.ts'
import { withPostgres } from './runner/postgres.ts'
import { figure, table } from './runner/table.ts'
import type { WorkerMessage, WorkerSpec } from './workers/contract.ts'
import { openTimed } from './workers/timed.ts'

const program = join(import.meta.dirname, 'workers/process.ts')
const crews = [1, 2, 4]

interface Crew {
  workers: number
  runs: number
  seconds: number
  stepsPerSecond: number
  /** Steps whose journal has one result, of all. */
  recordedOnce: number
  /** How often a step's body ran, over all workers. */
  bodies: number
  faults: number
  /** Shares of all processors. */
  serverCpu: number
  machineCpu: number
}

/**
 * 1, 2 and 4 worker processes on one Postgres, each holding `--capacity` runs whose steps take 50 ms without a processor.
 * Each worker gets the same number of runs; they are queued before, and the queue is opened when all are ready. Timed by
 * the journal, from the first step begun to the last run's end.
 *
 * `--runs 200` for each worker, `--steps 5`, `--capacity 10`.
 */
export async function run(options: BenchOptions): Promise<BenchResult> {
  const runsEach = wholeNumber(options, 'runs', 200)
  const shape = {
    steps: wholeNumber(options, 'steps', 5),
    capacity: wholeNumber(options, 'capacity', 10),
    stepMs: 50,
  }
  const found: Crew[] = []
  for (const workers of crews) {
    const crew = await withPostgres((url, pid) =>
      measure({ ...shape, url }, pid, workers, workers * runsEach),
    )
    process.stderr.write(`${workers} workers: ${figure(crew.stepsPerSecond)} steps a second\n`)
    found.push(crew)
  }
  const [one] = found
  const linear = (workers: number) => {
    const crew = found.find((each) => each.workers === workers)
    return crew && one && crew.stepsPerSecond / (workers * one.stepsPerSecond)
  }
  const steps = found.reduce((sum, { runs }) => sum + runs * shape.steps, 0)
  const once = found.reduce((sum, { recordedOnce }) => sum + recordedOnce, 0)
  const faults = found.reduce((sum, crew) => sum + crew.faults, 0)
  return {
    goals: {
      linearWith2: goalOf(linear(2), 0.9, 'x'),
      linearWith4: goalOf(linear(4), 0.9, 'x'),
      recordedOnce: goalOf(faults === 0 ? once / steps : undefined, 1, 'share'),
    },
    raw: { ...shape, runsEach, crews: found },
    summary: summaryOf(found),
  }
}

async function measure(spec: WorkerSpec, pid: number, workers: number, runs: number): Promise<Crew> {
  const runtime = await openTimed(spec, () => {})
  const { database, engine } = internalsOf(runtime)
  const members: Member<WorkerMessage>[] = []
  try {
    await startMembers(members, spec, workers)
    await setQueuePaused(database, 'default', true)
    const numbers = Array.from({ length: runs }, (_, number) => number)
    for (let from = 0; from < runs; from += 50) {
      const some = numbers.slice(from, from + 50)
      await Promise.all(some.map((number) => engine.startRun('timed', { number })))
    }
    const before = { server: treeCpuSeconds(pid), machine: machineCpuSeconds(), at: performance.now() }
    await setQueuePaused(database, 'default', false)
    // A change of the queue alone is announced to nobody.
    await engine.startRun('timed', { number: runs })
    await untilEnded(database, runs + 1)
    const elapsed = ((performance.now() - before.at) / 1000) * availableParallelism()
    const serverCpu = (treeCpuSeconds(pid) - before.server) / elapsed
    const machineCpu = (machineCpuSeconds() - before.machine) / elapsed
    for (const member of members) member.process.kill('SIGTERM')
    const last = await Promise.all(members.map((member) => member.until((messages) => messages.length === 2)))
    const bodies = last.flat().reduce((sum, message) => sum + ('bodies' in message ? message.bodies : 0), 0)
    return {
      workers,
      runs: runs + 1,
      ...(await readJournal(database, spec, runs + 1)),
      bodies,
      serverCpu,
      machineCpu,
    }
  } finally {
    for (const member of members) await member.end('SIGKILL')
    await runtime.stop()
  }
}

async function startMembers(
  members: Member<WorkerMessage>[],
  spec: WorkerSpec,
  count: number,
): Promise<void> {
  for (let index = 0; index < count; index++) members.push(startMember<WorkerMessage>(program, spec))
  await Promise.all(members.map((member) => member.until((messages) => messages.length > 0)))
}

async function untilEnded(database: Database, runs: number): Promise<void> {
  const limit = Date.now() + 300_000
  for (;;) {
    const row = await database.get<{ ended: number }>(
      'select count(*) as ended from runs where ended_at is not null',
    )
    if (row!.ended === runs) return
    if (Date.now() > limit) throw new Error(`${row!.ended} of ${runs} runs have ended after 300 s`)
    await sleep(100)
  }
}

async function readJournal(database: Database, spec: WorkerSpec, runs: number) {
  const span = await database.get<{ first: number; last: number }>(
    `select min(case when type = 'step-completed' then at end) as first, max(at) as last from events`,
  )
  const once = await database.get<{ count: number }>(
    `select count(*) as count from (
       select run, step from events where type = 'step-completed' group by run, step having count(*) = 1) as single`,
  )
  const { faults, integrity } = await verifyAudit(database)
  const seconds = (span!.last - span!.first + spec.stepMs) / 1000
  return {
    seconds,
    stepsPerSecond: (runs * spec.steps) / seconds,
    recordedOnce: once!.count,
    faults: faults.length + integrity.length,
  }
}

const share = (value: number) => `${(value * 100).toFixed(0)} %`

function summaryOf(found: Crew[]): string {
  const one = found[0]!.stepsPerSecond
  const rows = found.map((crew) => [
    String(crew.workers),
    figure(crew.runs),
    figure(crew.stepsPerSecond),
    `${figure(crew.stepsPerSecond / (crew.workers * one))} x`,
    figure(crew.recordedOnce),
    figure(crew.bodies),
    share(crew.serverCpu),
    share(crew.machineCpu),
  ])
  const heading = [
    'workers',
    'runs',
    'steps/s',
    'of linear',
    'recorded once',
    'bodies',
    'server CPU',
    'all CPU',
  ]
  return table(heading, rows)
}
