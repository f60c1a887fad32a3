import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { workflow } from '../../../packages/reeve/src/index.ts'
import { internalsOf } from '../../../packages/reeve/src/internal.ts'
import { large } from '../beside.ts'
import type { Curve } from '../contract.ts'
import { measured } from '../measured.ts'
import { opened } from '../opened.ts'
import { beside } from '../start-beside.ts'

const expectant = workflow({
  name: 'expectant',
  input: z.any(),
  run: async (ctx) => {
    await ctx.waitFor('news')
  },
})

export const loads: Record<string, Curve> = {
  waiters: {
    unit: 'a second of a process that awaits so many results while another writes',
    full: { small: 3000, large: 30_000 },
    quick: { small: 1000, large: 10_000 },
    postgres: true,
    async measure(size, place) {
      const runtime = await opened(place, [expectant])
      await runtime.start()
      for (let started = 0; started < size; started += 500) {
        const some = Array.from({ length: 500 }, async () => {
          const run = await runtime.startRun(expectant, {})
          void run.result()
        })
        await Promise.all(some)
      }
      while (runtime.activeRuns > 0) await pause(20)
      const other = beside({ does: 'drive', place })
      await other.until((messages) => messages.length > 0)
      // The reconciler reads the journal of each once, 2,000 in a second: that is no part of what waiting costs.
      await pause(1000 + size / 2)
      const seconds = place.quick ? 2 : 6
      const watch = async () => {
        await pause(seconds * 1000)
        return seconds
      }
      // The server works for the other process.
      const report = await measured({ ...place, serverPid: undefined }, watch)
      await other.end('SIGKILL')
      await runtime.stop()
      return report
    },
  },

  largeJournals: {
    unit: 'a run of so many that wake together, each with a journal of 8 MB, in a small heap',
    full: { small: 10, large: 100 },
    quick: { small: 5, large: 50 },
    postgres: true,
    heapLimitMb: { full: 512, quick: 256 },
    async measure(size, place) {
      const writer = beside({ does: 'write', place, runs: size, megabytes: 8 })
      await writer.until((messages) => messages.length > 0)
      const runtime = await opened(place, [large])
      const ids = await internalsOf(runtime).database.all<{ id: string }>('select id from runs')
      for (const { id } of ids) await runtime.signal(id, 'news', null)
      let ended = 0
      const all = Promise.withResolvers<void>()
      runtime.onRest(({ runId, status }) => {
        if (status === 'succeeded' && ++ended === size) all.resolve()
        if (status === 'stuck' || status === 'failed') all.reject(new Error(`run ${runId} has ${status}`))
      })
      const wake = async () => {
        await runtime.start()
        await all.promise
        return size
      }
      const report = await measured(place, wake, { rounds: 1 })
      await runtime.stop()
      return report
    },
  },
}
