import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { type Runtime, workflow } from '../../packages/reeve/src/index.ts'
import { internalsOf } from '../../packages/reeve/src/internal.ts'
import type { Place, ScaleReport } from './contract.ts'
import { LoopBlocks } from './loop-blocks.ts'
import { opened } from './opened.ts'
import { quick } from './quick-runs.ts'

interface Sample {
  rssMb: number
  heapMb: number
  descriptors: number
  logMb: number
  cpuMsARun: number
}

/** What is reported of each figure: how much the last third is above the first one, in percent (below: negative). */
export const soakFigures = ['rssMb', 'heapMb', 'descriptors', 'logMb', 'cpuMsARun'] as const

const family = workflow({
  name: 'family',
  input: z.any(),
  async run(ctx) {
    const children = await ctx.all([1, 2, 3].map((index) => () => ctx.start(quick, { index })))
    for (const child of children) await child.result()
  },
})

const patient = workflow({
  name: 'patient',
  input: z.any(),
  async run(ctx) {
    for (let index = 0; index < 3; index++) {
      await ctx.waitFor('tick', { schema: z.any() })
      await ctx.step('note', () => 'x'.repeat(2000))
    }
  },
})

const sleeper = workflow({
  name: 'sleeper',
  input: z.any(),
  async run(ctx) {
    await ctx.step('before', () => 'x'.repeat(2000))
    await ctx.sleep('2s')
    await ctx.step('after', () => null)
  },
})

/**
 * A worker under a steady load of short runs, families, signals and sleepers for `seconds`, with a retention that is
 * shorter than the warm-up (the first quarter), so that from then on as much goes as comes. Heap is what a full
 * collection leaves; the log is SQLite's.
 */
export async function soak(seconds: number, place: Place): Promise<ScaleReport> {
  const keptSeconds = Math.max(3, Math.round(seconds / 10))
  const retention = { succeeded: `${keptSeconds}s` } as const
  const runtime = await opened(place, [quick, family, patient, sleeper], { retention })
  await runtime.start()
  let ended = 0
  runtime.onRest(({ status }) => {
    if (status === 'succeeded') ended++
    if (status === 'stuck' || status === 'failed') throw new Error(`a run of the soak has ${status}`)
  })
  const until = performance.now() + seconds * 1000
  const samples: Sample[] = []
  const blocks = new LoopBlocks()
  const loading = load(runtime, until)
  const pruning = prune(runtime, until, (keptSeconds * 1000) / 4)
  const everyMs = (seconds * 1000) / 80
  for (let index = 0; index < 79; index++) {
    const cpu = process.cpuUsage()
    const before = ended
    await pause(everyMs)
    const { user, system } = process.cpuUsage(cpu)
    samples.push({ ...measure(place), cpuMsARun: (user + system) / 1000 / Math.max(1, ended - before) })
  }
  await Promise.all([loading, pruning])
  const block = blocks.end()
  await runtime.stop()
  const steady = samples.slice(20)
  const third = Math.floor(steady.length / 3)
  const [first, last] = [steady.slice(0, third), steady.slice(-third)]
  const figures = Object.fromEntries(
    soakFigures.flatMap((name) => {
      const [from, to] = [first, last].map((some) => medianOf(some.map((sample) => sample[name])))
      return [
        [`${name}DriftPercent`, from === to ? 0 : (to! / from! - 1) * 100],
        [name, to!],
      ]
    }),
  )
  return { perUnitMs: figures.cpuMsARun!, units: ended, block, heapMb: figures.heapMb!, figures }
}

/** Ten times a second the same: 10 short runs, one family, one that is told things, one that sleeps. */
async function load(runtime: Runtime, until: number): Promise<void> {
  const { engine } = internalsOf(runtime)
  const open = new Set<Promise<unknown>>()
  const watched = (work: Promise<unknown>) => {
    open.add(work)
    void work.finally(() => open.delete(work))
  }
  const patience = async () => {
    const run = await engine.startRun(patient, {})
    for (let tick = 0; tick < 3; tick++) {
      await pause(200)
      await engine.control.signal(run.id, 'tick', null)
    }
    await run.result()
  }
  for (let next = performance.now(); next < until; next += 100) {
    for (let index = 0; index < 10; index++) watched(engine.startRun(quick, {}))
    watched(engine.startRun(family, {}))
    watched(engine.startRun(sleeper, {}))
    watched(patience())
    await pause(Math.max(1, next + 100 - performance.now()))
  }
  await Promise.all(open)
}

async function prune(runtime: Runtime, until: number, everyMs: number): Promise<void> {
  while (performance.now() + everyMs < until) {
    await pause(everyMs)
    await runtime.prune()
  }
}

function measure({ folder }: Place): Omit<Sample, 'cpuMsARun'> {
  globalThis.gc?.()
  const { rss, heapUsed } = process.memoryUsage()
  return {
    rssMb: rss / 2 ** 20,
    heapMb: heapUsed / 2 ** 20,
    descriptors: countOf('/proc/self/fd'),
    logMb: (statSync(join(folder, 'reeve.db-wal'), { throwIfNoEntry: false })?.size ?? 0) / 2 ** 20,
  }
}

function countOf(folder: string): number {
  try {
    return readdirSync(folder).length
  } catch {
    return 0
  }
}

function medianOf(values: number[]): number {
  return values.toSorted((left, right) => left - right)[values.length >> 1]!
}
