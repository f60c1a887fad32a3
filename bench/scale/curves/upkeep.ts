import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { type Runtime, workflow } from '../../../packages/reeve/src/index.ts'
import { internalsOf } from '../../../packages/reeve/src/internal.ts'
import type { Curve, Place, ScaleReport } from '../contract.ts'
import { measured } from '../measured.ts'
import { onRuntime, opened } from '../opened.ts'
import { endedOld, old, quick } from '../quick-runs.ts'
import { seedLike } from '../seed.ts'
import { beside } from '../start-beside.ts'

const ended = { full: { small: 10_000, large: 1_000_000 }, quick: { small: 10_000, large: 100_000 } }
const dayMs = 86_400_000
const retention = { succeeded: '1h' } as const

const parked = workflow({
  name: 'parked',
  input: z.object({ steps: z.int() }),
  limits: { steps: 1_000_000 },
  async run(ctx, { steps }) {
    for (let index = 0; index < steps; index++) await ctx.step(`step ${index}`, () => index)
    await ctx.waitFor('news')
  },
})

/** Seconds of a worker that has nothing to do. */
function idle(place: Place): Promise<ScaleReport> {
  const seconds = place.quick ? 1 : 8
  const wait = async () => {
    await pause(seconds * 1000)
    return seconds
  }
  return measured(place, wait, { rounds: 3, warmUp: () => pause(1000) })
}

/** A store with `size` runs that ended yesterday. */
async function seeded(place: Place, size: number): Promise<void> {
  const runtime = await opened(place, [quick, old])
  await runtime.start()
  await seedLike(internalsOf(runtime).database, await endedOld(runtime), size, { backMs: dayMs })
  await runtime.stop()
}

/** Runs of two steps, 20 at a time, until `until` settles; how long each took from its start to its end (ms). */
async function load(runtime: Runtime, until: Promise<unknown>): Promise<number[]> {
  const took: number[] = []
  let over = false
  until.finally(() => {
    over = true
  })
  const lane = async () => {
    while (!over) {
      const before = performance.now()
      await (await runtime.startRun(quick, {})).result()
      took.push(performance.now() - before)
      await pause(5)
    }
  }
  await Promise.all(Array.from({ length: 20 }, lane))
  return took
}

function p99Of(values: number[]): number {
  const sorted = values.toSorted((left, right) => left - right)
  return sorted[Math.floor(sorted.length * 0.99)]!
}

/** Runs beside a pruning of the whole backlog, or of so much as ten seconds allow: their p99 from start to end. */
async function besidePruning(runtime: Runtime, place: Place, prune: () => Promise<unknown>) {
  let took: number[] = []
  const report = await measured(
    place,
    async () => {
      took = await load(runtime, Promise.race([prune(), pause(place.quick ? 4000 : 20_000)]))
      return took.length
    },
    { rounds: 1, warmUp: () => load(runtime, pause(1000)) },
  )
  const left = await internalsOf(runtime).database.get<{ count: number }>(
    `select count(*) as count from runs where workflow = 'old'`,
  )
  return { ...report, figures: { p99Ms: p99Of(took), left: Number(left!.count) } }
}

export const upkeep: Record<string, Curve> = {
  heartbeat: {
    unit: 'a second of an idle worker beside so many ended runs',
    ...ended,
    postgres: true,
    async measure(size, place) {
      await seeded(place, size)
      return onRuntime(place, [quick], async () => {
        return idle(place)
      })
    },
  },

  reconciler: {
    unit: 'a second of an idle worker beside 500 parked runs with so many steps',
    full: { small: 100, large: 1000 },
    quick: { small: 50, large: 500 },
    postgres: true,
    async measure(size, place) {
      return onRuntime(place, [parked], async (runtime) => {
        for (let started = 0; started < 500; started += 100) {
          await Promise.all(Array.from({ length: 100 }, () => runtime.startRun(parked, { steps: size })))
        }
        const sql = `select count(*) as count from runs where status <> 'waiting'`
        while (Number((await internalsOf(runtime).database.get<{ count: number }>(sql))!.count) > 0)
          await pause(50)
        // Each run's journal may be read once.
        await pause(place.quick ? 1500 : 10_000)
        return idle(place)
      })
    },
  },

  pruneBeside: {
    unit: 'a run beside another process that prunes so many',
    full: { large: 1_000_000 },
    quick: { large: 100_000 },
    postgres: true,
    most: { p99Ms: { most: 50 } },
    async measure(size, place) {
      await seeded(place, size)
      const runtime = await opened(place, [quick])
      await runtime.start()
      const pruner = beside({ does: 'prune', place })
      const report = await besidePruning(runtime, place, () =>
        pruner.until((messages) => messages.length > 0),
      )
      await pruner.end('SIGKILL')
      await runtime.stop()
      return report
    },
  },

  pruneInside: {
    unit: 'a run of a worker that prunes so many itself',
    full: { large: 1_000_000 },
    quick: { large: 100_000 },
    postgres: true,
    most: { p99Ms: { most: 50 } },
    async measure(size, place) {
      await seeded(place, size)
      const runtime = await opened(place, [quick], { retention })
      const stop = new AbortController()
      await internalsOf(runtime).engine.start()
      const report = await besidePruning(runtime, place, () => runtime.prune(stop.signal))
      stop.abort()
      await runtime.stop()
      return report
    },
  },

  startUp: {
    unit: 'a start beside so many runs that retention no longer wants',
    full: { small: 10_000, large: 1_000_000 },
    quick: { small: 10_000, large: 100_000 },
    postgres: true,
    most: { readyMs: { most: 1000 } },
    async measure(size, place) {
      await seeded(place, size)
      const ready: number[] = []
      const report = await measured(
        place,
        async () => {
          const before = performance.now()
          const runtime = await opened(place, [quick], { retention })
          await runtime.start()
          await (await runtime.startRun(quick, {})).result()
          ready.push(performance.now() - before)
          await runtime.stop()
          return 1
        },
        { rounds: 5 },
      )
      return { ...report, figures: { readyMs: Math.max(...ready) } }
    },
  },
}
