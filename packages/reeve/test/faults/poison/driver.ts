import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { Json } from '../../../src/base/json/json.ts'
import { effect } from '../../../src/engine/calls/effect/effect.ts'
import { CoreContext } from '../../../src/engine/context.ts'
import type { Engine } from '../../../src/engine/engine.ts'
import { defineWorkflow } from '../../../src/engine/workflow.ts'
import type { RunRow } from '../../../src/store/runs/runs.ts'
import { openSqlite } from '../../../src/store/sqlite/sqlite.ts'
import { scaledClock } from '../../crash/clock.ts'
import { openEngine } from '../../crash/engine.ts'
import { crashWorkflow } from '../../crash/shapes/shape.ts'
import { waysToDie } from './deaths.ts'
import type { PoisonLife, PoisonReport } from './life.ts'

/** A process that hangs says nothing any more: whoever watches it kills it. */
const beatMs = 100
const batches = 10
/** Enough is measured when a batch beside the poison is as fast as this part of the fastest without it. */
const enough = 0.95

/** Ends this process when whoever started it is gone: a loop that never ends would not notice. */
const watchdog = `const parent = process.ppid
setInterval(() => process.ppid === parent || process.kill(process.pid, 'SIGKILL'), 500)`
new Worker(watchdog, { eval: true }).unref()

const life = JSON.parse(process.argv[2]!) as PoisonLife
let started = false
const die = waysToDie[life.death]

async function dieSlowly(): Promise<null> {
  die()
  return pause(60_000, null)
}

const good = crashWorkflow('good', async (ctx, input) => {
  let sum = input as number
  for (const name of ['a', 'b', 'c']) {
    const before = sum
    sum = (await ctx.step(name, async () => before + 1)) as number
  }
  return sum
})

const poison = defineWorkflow({
  name: 'poison',
  input: {
    '~standard': {
      version: 1 as const,
      vendor: 'poison',
      validate: (value: unknown) => {
        if (life.place === 'load' && life.life > 1 && started) die()
        return { value: value as Json }
      },
    },
  },
  run: async (ctx: CoreContext) => {
    for (let index = 0; index < life.stepsBefore; index++) await ctx.step(`before ${index}`, () => index)
    if (life.place === 'step') await ctx.step('deadly', dieSlowly)
    if (life.place === 'effect')
      await effect(CoreContext.callSiteOf(ctx), { name: 'deadly', effect: 'idempotent', run: dieSlowly }, {})
    await dieSlowly()
  },
})

function open(name: string): Promise<Engine> {
  const clock = scaledClock(life.originMs)
  const database = openSqlite({ file: join(life.folder, `${name}.db`), clock })
  return openEngine(database, clock, [good, poison])
}

async function live(): Promise<void> {
  setInterval(() => process.stdout.write('.\n'), beatMs)
  const engine = await open('poisoned')
  const known = await engine.database.get(`select no from runs where workflow = 'poison'`)
  await engine.start()
  const starts = Array.from({ length: life.good }, (_, index) => index)
  if (!known) starts.splice(life.position, 0, -1)
  started = true
  await Promise.all(
    starts.map((index) =>
      engine.startRun(index < 0 ? 'poison' : 'good', index, { idempotencyKey: `${index}` }),
    ),
  )
  while (!(await rests(engine))) await pause(5)
  const runs = await engine.database.all<RunRow & { output: string | null }>(
    `select r.*, (select payload from events where run = r.no and type = 'run-succeeded') as output from runs r`,
  )
  const { status, reason } = runs.find((run) => run.workflow === 'poison')!
  const others = runs.filter((run) => run.workflow === 'good')
  const report: PoisonReport = {
    poison: { status, reason },
    good: countByStatus(others),
    wrong: others.filter((run) => run.output !== `${Number(run.idempotency) + 3}`).length,
    ...(life.measures ? await measure(engine) : { besideMs: 0, withoutMs: 0 }),
  }
  process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit(0))
}

function countByStatus(runs: RunRow[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { status } of runs) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

async function rests(engine: Engine): Promise<boolean> {
  const left = await engine.database.get(
    `select no from runs where ended_at is null and status <> 'stuck' limit 1`,
  )
  return left === undefined
}

/** Batches of good runs in turn beside the poison and without it; the fastest of each kind counts. */
async function measure(beside: Engine): Promise<{ besideMs: number; withoutMs: number }> {
  const without = await open('clean')
  await without.start()
  const fastest = { besideMs: Number.POSITIVE_INFINITY, withoutMs: Number.POSITIVE_INFINITY }
  for (let round = 0; round < batches; round++) {
    fastest.withoutMs = Math.min(fastest.withoutMs, await batch(without))
    fastest.besideMs = Math.min(fastest.besideMs, await batch(beside))
    if (round > 2 && fastest.withoutMs >= fastest.besideMs * enough) break
  }
  return fastest
}

async function batch(engine: Engine): Promise<number> {
  const begun = performance.now()
  const handles = await Promise.all(
    Array.from({ length: life.good }, (_, index) => engine.startRun('good', index)),
  )
  await Promise.all(handles.map((handle) => handle.result()))
  return performance.now() - begun
}

await live()
