import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { systemClock } from '../../../packages/reeve/src/base/time/time.ts'
import { type Runtime, workflow } from '../../../packages/reeve/src/index.ts'
import { internalsOf } from '../../../packages/reeve/src/internal.ts'
import type { Curve } from '../contract.ts'
import { measured } from '../measured.ts'
import { onRuntime, opened } from '../opened.ts'
import { endsWith, quick } from '../quick-runs.ts'

const sized = z.object({ size: z.int() })
const limits = { steps: 1_000_000 }

const parent = workflow({
  name: 'parent',
  input: sized,
  limits,
  async run(ctx, { size }) {
    const started = []
    for (let index = 0; index < size; index++) started.push(await ctx.start(quick, { index }))
    for (const child of started) await child.result()
    return started.length
  },
})

const listener = workflow({
  name: 'listener',
  input: sized,
  limits,
  async run(ctx, { size }) {
    for (let index = 0; index < size; index++) await ctx.waitFor('news', { schema: z.any() })
    return size
  },
})

const patient = workflow({
  name: 'patient',
  input: sized,
  limits,
  async run(ctx, { size }) {
    for (let index = 0; index < size; index++) {
      await ctx.waitFor('tick', { schema: z.any() })
      await ctx.step('note', () => index)
    }
    return size
  },
})

/** Goes on in a chapter of its own after each wake. */
const chaptered = workflow({
  name: 'chaptered',
  input: sized,
  async run(ctx, { size }) {
    await ctx.waitFor('tick', { schema: z.any() })
    await ctx.step('note', () => size)
    return size > 1 ? ctx.continueAs({ size: size - 1 }) : size
  },
})

const oneByOne = workflow({
  name: 'oneByOne',
  input: sized,
  limits,
  async run(ctx, { size }) {
    for (let index = 0; index < size; index++) await (await ctx.start(quick, { index })).result()
    return size
  },
})

const sleeper = workflow({ name: 'sleeper', input: z.any(), run: (ctx) => ctx.sleep('1h') })

/** Parks and wakes one run by signals, one after another; each call waits until it has parked again. */
async function ticking(runtime: Runtime, size: number, of: typeof patient | typeof chaptered) {
  let parked = Promise.withResolvers<void>()
  let id = ''
  runtime.onRest(({ runId, status }) => {
    if (runId === id && status === 'waiting') parked.resolve()
  })
  const run = await runtime.startRun(of, { size })
  id = run.id
  const statusOf = `select status from runs where id = ?`
  // It may have parked before its id was known.
  while ((await internalsOf(runtime).database.get<{ status: string }>(statusOf, [id]))!.status !== 'waiting')
    await pause(2)
  return async (times: number) => {
    for (let index = 0; index < times; index++) {
      parked = Promise.withResolvers()
      await runtime.signal(id, 'tick', null)
      await parked.promise
    }
    return times
  }
}

/** The last of `size` signals to one run, each of which finds it parked. */
async function lastTicks(
  size: number,
  place: Parameters<Curve['measure']>[1],
  of: typeof patient | typeof chaptered,
  options: Parameters<typeof opened>[3] = {},
): ReturnType<Curve['measure']> {
  return onRuntime(
    place,
    [of],
    async (runtime) => {
      const rounds = 3
      const last = 30
      const first = await ticking(runtime, 1000, of)
      const tick = await ticking(runtime, size, of)
      await tick(size - 1 - rounds * last)
      return measured(place, () => tick(last), { rounds, warmUp: () => first(100) })
    },
    {},
    options,
  )
}

export const waits: Record<string, Curve> = {
  children: {
    unit: 'a child of one run that starts so many, then awaits them one by one',
    full: { small: 1000, large: 10_000 },
    quick: { small: 300, large: 3000 },
    postgres: true,
    most: { heapMb: { most: 400, unit: 'MB' } },
    async measure(size, place) {
      return onRuntime(place, [parent, quick], async (runtime) => {
        const once = async (count = size) => {
          await endsWith(runtime, parent, { size: count }, count)
          return count
        }
        return measured(place, once, {
          rounds: size < 2000 ? 3 : 1,
          unitsARound: place.quick ? 500 : 2000,
          warmUp: () => once(500),
        })
      })
    },
  },

  signals: {
    unit: 'a signal to one run that takes so many one by one',
    full: { small: 1000, large: 10_000 },
    quick: { small: 300, large: 3000 },
    postgres: true,
    async measure(size, place) {
      return onRuntime(place, [listener], async (runtime) => {
        const once = async (count = size) => {
          const run = await runtime.startRun(listener, { size: count })
          for (let index = 0; index < count; index += 50) {
            const some = Array.from({ length: 50 }, (_, at) => index + at)
            await Promise.all(some.map((value) => runtime.signal(run.id, 'news', value)))
          }
          const { status } = await run.result()
          if (status !== 'succeeded') throw new Error(`run ${run.id} has ${status}`)
          return count
        }
        return measured(place, once, {
          rounds: size < 2000 ? 3 : 1,
          unitsARound: place.quick ? 500 : 2000,
          warmUp: () => once(500),
        })
      })
    },
  },

  parkAndResume: {
    unit: 'a signal that wakes a run which has parked so many times',
    full: { small: 100, large: 3000 },
    quick: { small: 100, large: 500 },
    postgres: true,
    measure: (size, place) => lastTicks(size, place, patient),
  },

  continued: {
    unit: 'a signal that wakes a run in a chapter of that number',
    full: { small: 100, large: 3000 },
    quick: { small: 100, large: 500 },
    postgres: true,
    measure: (size, place) => lastTicks(size, place, chaptered, { keptRuns: 0 }),
  },

  childrenInTurn: {
    unit: 'a child of one run that starts and awaits so many, one after another',
    full: { small: 100, large: 3000 },
    quick: { small: 100, large: 500 },
    postgres: true,
    async measure(size, place) {
      return onRuntime(place, [oneByOne, quick], async (runtime) => {
        const once = async (count = size) => {
          await endsWith(runtime, oneByOne, { size: count }, count)
          return count
        }
        return measured(place, once, {
          rounds: size < 1000 ? 3 : 1,
          unitsARound: size < 1000 ? 300 : 1000,
          warmUp: () => once(200),
        })
      })
    },
  },

  dueTimers: {
    unit: 'a run that wakes when so many are due at once, as after a night',
    full: { small: 10_000, large: 100_000 },
    quick: { small: 2000, large: 20_000 },
    async measure(size, place) {
      const evening = await opened(place, [sleeper])
      await evening.start()
      for (let started = 0; started < size; started += 500) {
        await Promise.all(Array.from({ length: 500 }, () => evening.startRun(sleeper, {})))
      }
      const left = (runtime: Runtime, status: string) =>
        internalsOf(runtime).database.get<{ count: number }>(
          'select count(*) as count from runs where status <> ?',
          [status],
        )
      while ((await left(evening, 'waiting'))!.count > 0) await pause(20)
      await evening.stop()
      const nightMs = 2 * 3_600_000
      const clock = { now: () => Date.now() + nightMs, after: systemClock.after }
      const morning = await opened(place, [sleeper], {}, { clock })
      let ended = 0
      const all = Promise.withResolvers<void>()
      morning.onRest(({ status }) => {
        if (status === 'succeeded' && ++ended === size) all.resolve()
      })
      const report = await measured(
        place,
        async () => {
          await morning.start()
          await all.promise
          return size
        },
        { rounds: 1 },
      )
      await morning.stop()
      return report
    },
  },
}
