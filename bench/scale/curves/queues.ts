import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import type { StartOptions } from '../../../packages/reeve/src/engine/starting/prepared-start.ts'
import { workflow } from '../../../packages/reeve/src/index.ts'
import { internalsOf } from '../../../packages/reeve/src/internal.ts'
import type { Curve, Place, ScaleReport } from '../contract.ts'
import { measured } from '../measured.ts'
import { onRuntime, opened } from '../opened.ts'
import { driveQuick, endedOld, old, quick } from '../quick-runs.ts'
import { seedLike } from '../seed.ts'

const million = { full: { small: 10_000, large: 1_000_000 }, quick: { small: 10_000, large: 100_000 } }

/**
 * Runs of one queue beside `size` that wait in it and cannot be claimed. What is copied is the third that was started so,
 * for the first under a key may be kept apart from those behind it.
 */
async function besideQueued(
  size: number,
  place: Place,
  how: { start: StartOptions; perKey?: number; paused?: boolean },
): Promise<ScaleReport> {
  const { promise: over, resolve: release } = Promise.withResolvers<null>()
  const holder = workflow({ name: 'holder', input: z.any(), run: (ctx) => ctx.step('hold', () => over) })
  const { perKey, start, paused } = how
  const queues = { work: { concurrency: 50, ...(perKey === undefined ? {} : { perKey }) } }
  const runtime = await opened(place, [quick, old, holder], { queues })
  const queued = { queue: 'work', ...start }
  const { engine, database } = internalsOf(runtime)
  if (perKey !== undefined) {
    await runtime.start()
    await engine.startRun(holder, {}, { ...queued, priority: 1 })
    while (engine.worker.active === 0) await pause(5)
  }
  let last = ''
  for (let index = 0; index < 3; index++) last = (await engine.startRun(old, {}, queued)).id
  if (perKey !== undefined) {
    // The next claim puts it in the line of its key.
    const line = () => database.get<{ key_line: number }>('select key_line from runs where id = ?', [last])
    while ((await line())!.key_line === 0) await pause(5)
  }
  if (paused) {
    for (const { id } of await database.all<{ id: string }>(`select id from runs where workflow = 'old'`)) {
      await engine.control.pause(id)
    }
  }
  await seedLike(database, last, size)
  if (perKey === undefined) await runtime.start()
  const others = { queue: 'work', priority: -1 }
  const report = await measured(place, () => driveQuick(runtime, place.quick ? 400 : 1000, others), {
    warmUp: () => driveQuick(runtime, 300, others),
  })
  release(null)
  await runtime.stop()
  return report
}

export const queues: Record<string, Curve> = {
  newRuns: {
    unit: 'a run beside so many that have ended',
    full: { small: 100_000, large: 1_000_000 },
    quick: { small: 10_000, large: 100_000 },
    postgres: true,
    async measure(size, place) {
      return onRuntime(place, [quick, old], async (runtime) => {
        await seedLike(internalsOf(runtime).database, await endedOld(runtime), size)
        return measured(place, () => driveQuick(runtime, place.quick ? 1000 : 4000), {
          warmUp: () => driveQuick(runtime, 1000),
        })
      })
    },
  },

  claimsOneHotKey: {
    unit: 'a run beside so many of one key that is taken',
    ...million,
    postgres: true,
    measure: (size, place) => besideQueued(size, place, { start: { key: 'hot' }, perKey: 1 }),
  },

  claimsDelayed: {
    unit: 'a run beside so many that are not due for a day',
    ...million,
    postgres: true,
    measure: (size, place) => besideQueued(size, place, { start: { delay: '1d' } }),
  },

  claimsPaused: {
    unit: 'a run beside so many that are paused',
    ...million,
    postgres: true,
    measure: (size, place) => besideQueued(size, place, { start: {}, paused: true }),
  },

  manyQueues: {
    unit: 'a run when each of so many queues holds one, from the start of a worker on',
    full: { small: 1000, large: 10_000 },
    quick: { small: 500, large: 5000 },
    postgres: true,
    async measure(size, place) {
      const runtime = await opened(place, [quick])
      const { engine } = internalsOf(runtime)
      for (let from = 0; from < size; from += 100) {
        const some = Array.from({ length: 100 }, (_, at) =>
          engine.startRun(quick, {}, { queue: `of ${from + at}` }),
        )
        await Promise.all(some)
      }
      let ended = 0
      const all = Promise.withResolvers<void>()
      engine.onEnded((_, { status }) => {
        if (status === 'succeeded' && ++ended === size) all.resolve()
      })
      const drive = async () => {
        await runtime.start()
        await all.promise
        return size
      }
      const report = await measured(place, drive, { rounds: 1 })
      await runtime.stop()
      return report
    },
  },

  startsInALoop: {
    unit: 'a start, awaited one after another, in a queue with limits',
    full: { small: 1000, large: 20_000 },
    quick: { small: 500, large: 5000 },
    postgres: true,
    async measure(size, place) {
      return onRuntime(
        place,
        [quick],
        async (runtime) => {
          const start = async (count: number) => {
            for (let index = 0; index < count; index++) {
              await runtime.startRun(quick, {}, { queue: 'work', key: `key ${index % 100}` })
            }
            return count
          }
          return measured(place, () => start(size), {
            rounds: 1,
            warmUp: () => start(200),
          })
        },
        { queues: { work: { concurrency: 1, perKey: 1 } } },
      )
    },
  },
}
