import { rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Duration, daemon, type ProjectConfig, projectOf, Runtime, type Workflow, workflow } from 'reeve'
import { internalsOf } from 'reeve/internal'
import { FakeClock, type ScriptedReply, scriptedSolver, silentLog } from 'reeve/testing'
import { z } from 'zod'
import { type BenchOptions, type BenchResult, goalOf, wholeNumber } from './runner/contract.ts'
import { createDataFolder } from './runner/machine.ts'
import { figure, table } from './runner/table.ts'

/**
 * A daemon on a database file under a clock that is moved by hand, through the public `Runtime`.
 *
 * `--wakes 8760`: a year of hourly wakes in which nothing happens. Counted: questions to the route after the first decision to be
 * idle (200 more go before, uncounted), and the size of the database. A thousand wakes a minute apart say what a wake costs: the processor time of all of it, from
 * its timer to the next one being queued, without the hourly upkeep of the house. Beside it stands how long it takes, which is
 * the disk's: a wake is four commits, one after the other.
 * `--faults 20`: each a directive that fails in one of four ways, and a model that insists on it as long as it is let. Counted: how
 * often it is executed, and in which cycle something else succeeded.
 */
export async function run(options: BenchOptions): Promise<BenchResult> {
  const wakes = wholeNumber(options, 'wakes', options.quick ? 500 : 8760)
  const faults = wholeNumber(options, 'faults', options.quick ? 4 : 20)
  const year = await idleWakes(wakes, '1h')
  const close = await idleWakes(options.quick ? 200 : 1000, '1m')
  const repeats: number[] = []
  const corrected: number[] = []
  for (let fault = 0; fault < faults; fault++) {
    const { executions, cycles } = await faulty(fault)
    repeats.push(executions)
    corrected.push(cycles)
  }
  const most = (values: number[]) => Math.max(...values)
  return {
    goals: {
      idleModelCalls: goalOf(year.calls, 0, 'calls', 'lower'),
      faultExecutions: goalOf(most(repeats), 2, 'executions', 'lower'),
      cyclesToCorrect: goalOf(most(corrected), 3, 'cycles', 'lower'),
      wakeCpuMs: goalOf(close.cpuMs, 5, 'ms', 'lower'),
    },
    raw: { wakes, faults, year, close, repeats, corrected },
    summary: table(
      [
        'every',
        'wakes',
        'model calls',
        'CPU ms a wake',
        'ms a wake',
        'p99 ms',
        'events',
        'bytes a wake',
        's',
      ],
      [year, close].map((each) => [
        each.every,
        figure(each.wakes),
        figure(each.calls),
        figure(each.cpuMs),
        figure(each.meanMs),
        figure(each.p99Ms),
        figure(each.events),
        figure(each.bytesPerWake),
        figure(each.seconds),
      ]),
    ),
  }
}

const say = (decision: string) =>
  JSON.stringify({ decision, inputs: {}, reason: 'it matters most', goal: null })

const work = (name: string, body: () => unknown): Workflow =>
  workflow({ name, input: z.object({}), run: (ctx) => ctx.step('work', body, { retry: { attempts: 1 } }) })

async function idleWakes(wakes: number, every: Duration) {
  const house = await open([work('publish', () => ({ status: 'met' }))], [say('idle')], every)
  try {
    for (let warm = 0; warm < 200; warm++) await house.cycle()
    const asked = house.asked()
    const times: number[] = []
    const startedAt = performance.now()
    const cpuBefore = process.cpuUsage()
    for (let wake = 0; wake < wakes; wake++) {
      const before = performance.now()
      await house.cycle()
      times.push(performance.now() - before)
      if (wake % 1000 === 999) process.stderr.write(`${wake + 1} wakes\n`)
    }
    const seconds = (performance.now() - startedAt) / 1000
    const { user, system } = process.cpuUsage(cpuBefore)
    const { count } = (await house.database.get<{ count: number }>('select count(*) as count from events'))!
    const sorted = times.toSorted((left, right) => left - right)
    return {
      every: String(every),
      wakes,
      calls: house.asked() - asked,
      cpuMs: (user + system) / 1000 / wakes,
      meanMs: times.reduce((sum, time) => sum + time, 0) / times.length,
      p50Ms: sorted[Math.floor(sorted.length / 2)]!,
      p99Ms: sorted[Math.floor(sorted.length * 0.99)]!,
      events: count,
      bytesPerWake: Math.round(house.bytes() / wakes),
      seconds,
    }
  } finally {
    await house.close()
  }
}

/** The ways in which it fails: it throws, its criteria are not met, its input is refused, it throws something else each time. */
async function faulty(fault: number): Promise<{ executions: number; cycles: number }> {
  let executions = 0
  const fail = () => {
    executions++
    if (fault % 4 === 0) throw new Error('the site answers 500')
    if (fault % 4 === 1) return { status: 'unmet', criteria: [{ text: 'the page is live', met: false }] }
    if (fault % 4 === 2) throw new TypeError(`Cannot read properties of undefined (reading 'order_${fault}')`)
    throw new Error(`timeout after ${executions * 1000 + fault} ms`)
  }
  // It insists, and takes something else only when it is told that this is closed.
  const insists: ScriptedReply = ({ feedback }) => say(feedback === undefined ? 'publish' : 'check')
  const house = await open(
    [work('publish', fail), work('check', () => ({ status: 'met' }))],
    Array.from({ length: 40 }, () => insists),
  )
  try {
    let cycles = 0
    for (let cycle = 1; cycle <= 10; cycle++) {
      const result = await house.cycle()
      if (cycles === 0 && result === 'success') cycles = cycle
    }
    return { executions, cycles: cycles === 0 ? Number.POSITIVE_INFINITY : cycles }
  } finally {
    await house.close()
  }
}

async function open(workflows: Workflow[], replies: ScriptedReply[], every: Duration = '1h') {
  const folder = createDataFolder()
  const file = join(folder, 'reeve.db')
  const clock = new FakeClock()
  const solver = scriptedSolver(replies, { kind: 'hosted' })
  const steward = daemon({
    name: 'steward',
    directives: workflows.map(({ name }) => name),
    route: 'decide',
    every,
    floor: '1s',
    ceiling: every,
  })
  const config: ProjectConfig = {
    knowledge: [],
    daemons: [steward],
    routes: { decide: { solvers: [solver] } },
  }
  const runtime = await Runtime.open({
    project: projectOf(config, workflows, folder),
    environment: { database: { kind: 'sqlite', file }, keys: {}, user: 'bench', ci: true },
    clock,
    log: silentLog,
  })
  const { database } = internalsOf(runtime)
  let rested = Promise.withResolvers<string>()
  runtime.onRest(({ workflow: name, status, runId }) => {
    if (name === 'daemon:steward' && status !== 'waiting' && status !== 'queued') rested.resolve(runId)
  })
  await runtime.start()
  const current = () =>
    database.get<{ cycle: number; at: number }>(
      'select d.cycle, r.available_at as at from daemons d join runs r on r.id = d.run where d.name = ?',
      ['steward'],
    )
  /** Goes to the next cycle, drives it, and answers its result once the one after it is queued. */
  const cycle = async (): Promise<string> => {
    const before = (await current())!
    if (before.at > clock.now()) clock.jump(before.at)
    await clock.advance(0)
    const run = await until(rested.promise, clock)
    rested = Promise.withResolvers()
    while ((await current())!.cycle === before.cycle) await sleep(1)
    const row = await database.get<{ payload: string }>(
      `select e.payload from runs r join events e on e.run = r.no and e.seq = r.head_seq where r.id = ?`,
      [run],
    )
    return (JSON.parse(row!.payload) as { result: string }).result
  }
  return {
    database,
    cycle,
    asked: () => solver.questions.length,
    bytes: () => statSync(file).size,
    async close() {
      await runtime.stop(0)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** While the disk works the process rests; a timer of the runtime that is due within milliseconds fires when nothing comes. */
async function until<T>(promise: Promise<T>, clock: FakeClock): Promise<T> {
  for (let turn = 0; turn < 400; turn++) {
    const found = await Promise.race([promise.then((value) => ({ value })), sleep(250)])
    if (found) return found.value
    await clock.advance(1)
  }
  throw new Error('the cycle does not end')
}
