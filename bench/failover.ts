import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { projectOf, Runtime, readEnvironment, workflow } from '../packages/reeve/src/index.ts'
import { internalsOf } from '../packages/reeve/src/internal.ts'
import { verifyAudit } from '../packages/reeve/src/store/audit/audit.ts'
import type { Database } from '../packages/reeve/src/store/database.ts'
import type { Arrivals, FailoverMessage, FailoverSpec, ReceiverOrder } from './failover/contract.ts'
import { type BenchOptions, type BenchResult, goalOf, wholeNumber } from './runner/contract.ts'
import { type Member, startMember } from './runner/member.ts'
import { withPostgres } from './runner/postgres.ts'
import { figure, table } from './runner/table.ts'

const workerProgram = join(import.meta.dirname, 'failover/process.ts')
const receiverProgram = join(import.meta.dirname, 'failover/receiver.ts')
const effectsOfRun = 2
/** The survivor has been beating for this long before the death. */
const settledMs = 4000
/** From the answers to the death: in the middle of what they set off. */
const amidMs = 50

interface Trial {
  /** Where the survivor believes the dead worker to have been. */
  death: 'this host' | 'another host'
  runs: number
  takenOver: number
  p50Ms: number
  p99Ms: number
  maxMs: number
  succeeded: number
  /** Runs without one of their effects, effects applied more than once, and requests that repeated a key. */
  lost: number
  doubled: number
  repeated: number
  faults: number
}

/**
 * A worker that holds 500 running runs is ended by SIGKILL while an idle one stands by: once as a process of the same
 * host, which the survivor can see to be gone, and once as one of another host, where only its silence tells. Timed
 * from the signal to the moment at which the survivor drives a run. Each run has two effects at a receiver in a process
 * of its own, which applies a key once. At the death half of the runs wait for the answer to their first effect; the
 * others have just got it.
 *
 * `--runs 500`, `--trials 1` of each.
 */
export async function run(options: BenchOptions): Promise<BenchResult> {
  const runs = wholeNumber(options, 'runs', 500)
  const trials = wholeNumber(options, 'trials', 1)
  const found: Trial[] = []
  for (let trial = 0; trial < trials; trial++) {
    for (const death of ['this host', 'another host'] as const) {
      const outcome = await withPostgres((url) => die(url, death, runs))
      process.stderr.write(`${death}: ${outcome.takenOver} taken over, p99 ${figure(outcome.p99Ms)} ms\n`)
      found.push(outcome)
    }
  }
  const sum = (of: (trial: Trial) => number) => found.reduce((total, trial) => total + of(trial), 0)
  const slowest = (death: Trial['death']) =>
    Math.max(...found.filter((trial) => trial.death === death).map(({ p99Ms }) => p99Ms))
  return {
    goals: {
      takenOver: goalOf(sum(({ takenOver }) => takenOver) / sum((trial) => trial.runs), 1, 'share'),
      p99ThisHostMs: goalOf(slowest('this host'), 5000, 'ms', 'lower'),
      p99AnotherHostMs: goalOf(slowest('another host'), 5000, 'ms', 'lower'),
      succeeded: goalOf(sum(({ succeeded }) => succeeded) / sum((trial) => trial.runs), 1, 'share'),
      effectsLost: goalOf(
        sum(({ lost }) => lost),
        0,
        'effects',
        'lower',
      ),
      effectsDoubled: goalOf(
        sum(({ doubled }) => doubled),
        0,
        'effects',
        'lower',
      ),
      chainFaults: goalOf(
        sum(({ faults }) => faults),
        0,
        'runs',
        'lower',
      ),
    },
    raw: { trials: found },
    summary: summaryOf(found),
  }
}

async function die(url: string, death: Trial['death'], runs: number): Promise<Trial> {
  const receiver = startMember<number | Arrivals>(receiverProgram, {})
  const [port] = await receiver.until((messages) => messages.length > 0)
  const spec: FailoverSpec = { url, receiver: `http://127.0.0.1:${port}`, capacity: runs }
  const members: Member<FailoverMessage>[] = []
  const runtime = await openStarter(url)
  const { database, engine } = internalsOf(runtime)
  try {
    const victim = startMember<FailoverMessage>(workerProgram, spec)
    members.push(victim)
    const id = await workerOf(victim)
    for (let from = 0; from < runs; from += 50) {
      const numbers = Array.from({ length: Math.min(50, runs - from) }, (_, index) => from + index)
      await Promise.all(numbers.map((number) => engine.startRun('charging', { number })))
    }
    while ((await count(receiver)).applied < runs) await sleep(20)
    const heir = startMember<FailoverMessage>(workerProgram, spec)
    members.push(heir)
    await workerOf(heir)
    if (death === 'another host') {
      await database.run(`update workers set host = 'another host' where id = ?`, [id])
    }
    await sleep(settledMs)
    const held = await heldBy(database, id)
    order(receiver, 'answer some')
    await sleep(amidMs)
    const killedAt = Date.now()
    victim.process.kill('SIGKILL')
    order(receiver, 'answer all')
    const messages = await heir.until((said) => said.length > held)
    const delays = messages.flatMap((message) => ('began' in message ? [message.at - killedAt] : []))
    await untilEnded(database, runs)
    const arrivals = await count(receiver)
    return {
      death,
      runs: held,
      takenOver: delays.length,
      ...spreadOf(delays),
      ...(await outcomeOf(database, held)),
      ...effectsIn(arrivals, runs),
    }
  } finally {
    for (const member of [...members, receiver]) await member.end('SIGKILL')
    await runtime.stop()
  }
}

function order(receiver: Member<number | Arrivals>, what: ReceiverOrder): void {
  receiver.process.send?.(what)
}

async function count(receiver: Member<number | Arrivals>): Promise<Arrivals> {
  const before = receiver.messages.length
  const answered = receiver.until((messages) => messages.length > before)
  order(receiver, 'count')
  return (await answered).at(-1) as Arrivals
}

/** A project that starts runs and drives none. */
function openStarter(url: string): Promise<Runtime> {
  const charging = workflow({
    name: 'charging',
    input: z.object({ number: z.int() }),
    run: () => Promise.reject(new Error('this process drives nothing')),
  })
  return Runtime.open({
    project: projectOf({}, [charging]),
    environment: readEnvironment(process.cwd(), { DATABASE_URL: url }),
  })
}

async function workerOf(member: Member<FailoverMessage>): Promise<string> {
  const messages = await member.until((said) => said.some((message) => 'worker' in message))
  return messages.flatMap((message) => ('worker' in message ? [message.worker] : []))[0]!
}

async function heldBy(database: Database, worker: string): Promise<number> {
  const row = await database.get<{ count: number }>(
    `select count(*) as count from runs where status = 'running' and worker = ?`,
    [worker],
  )
  return row!.count
}

async function untilEnded(database: Database, runs: number): Promise<void> {
  const limit = Date.now() + 120_000
  for (;;) {
    const row = await database.get<{ ended: number }>(
      'select count(*) as ended from runs where ended_at is not null',
    )
    if (row!.ended === runs) return
    if (Date.now() > limit) throw new Error(`${row!.ended} of ${runs} runs have ended after 120 s`)
    await sleep(100)
  }
}

function spreadOf(delays: number[]) {
  const sorted = delays.toSorted((left, right) => left - right)
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0
  return { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) }
}

/** Of the runs that were held; what had ended before the death is not counted. */
async function outcomeOf(database: Database, held: number) {
  const row = await database.get<{ failed: number }>(
    `select count(*) as failed from runs where status <> 'succeeded'`,
  )
  const { faults, integrity } = await verifyAudit(database)
  return { succeeded: held - row!.failed, faults: faults.length + integrity.length }
}

/** Each run has its effects, each under a key of its own; a key more is an effect too many. */
function effectsIn({ keys: byRun, repeated }: Arrivals, runs: number) {
  let lost = 0
  let doubled = 0
  for (let number = 0; number < runs; number++) {
    const keys = byRun[number]?.length ?? 0
    lost += Math.max(0, effectsOfRun - keys)
    doubled += Math.max(0, keys - effectsOfRun)
  }
  return { lost, doubled, repeated }
}

function summaryOf(found: Trial[]): string {
  const heading = [
    'death on',
    'running',
    'taken over',
    'p50 ms',
    'p99 ms',
    'max ms',
    'succeeded',
    'effects lost',
    'doubled',
    'asked twice',
  ]
  const rows = found.map((trial) => [
    trial.death,
    figure(trial.runs),
    figure(trial.takenOver),
    figure(trial.p50Ms),
    figure(trial.p99Ms),
    figure(trial.maxMs),
    figure(trial.succeeded),
    figure(trial.lost),
    figure(trial.doubled),
    figure(trial.repeated),
  ])
  return table(heading, rows)
}
