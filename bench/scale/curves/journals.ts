import { once } from 'node:events'
import { z } from 'zod'
import { agent, type Solver, tool, workflow } from '../../../packages/reeve/src/index.ts'
import { internalsOf } from '../../../packages/reeve/src/internal.ts'
import type { Curve } from '../contract.ts'
import { measured } from '../measured.ts'
import { onRuntime } from '../opened.ts'
import { endsWith } from '../quick-runs.ts'

const sized = z.object({ size: z.int() })
const parts = (size: number) => Array.from({ length: size }, (_, index) => index)

/** An agent that reads `size` pages, one a turn, with a model that takes no time; its window is full from the 20th on. */
function reading(size: number) {
  const page = 'what stands on this page, and more of it; '.repeat(40)
  const model: Solver = {
    name: 'bench/zero-latency',
    kind: 'function',
    async solve() {
      asked++
      const usage = { inputTokens: 100, outputTokens: 20, costUsd: 0 }
      if (asked % size === 0) return { kind: 'text', text: 'read', usage }
      return { kind: 'calls', calls: [{ id: `call-${asked}`, tool: 'read', args: { page: asked } }], usage }
    },
  }
  let asked = 0
  const reader = agent({
    name: 'reader',
    instructions: 'Read all pages.',
    input: z.string(),
    tools: [
      tool({
        name: 'read',
        description: 'Reads a page',
        input: z.object({ page: z.int() }),
        output: z.object({ text: z.string() }),
        effect: 'read',
        run: async ({ page: number }) => ({ text: `${number}: ${page}` }),
      }),
    ],
    route: 'reader',
    owner: 'bench',
    limits: { iterations: size + 1, context: 12_000 },
  })
  return {
    model,
    run: workflow({
      name: 'reading',
      input: z.any(),
      limits: { steps: 10 * size },
      run: (ctx) => ctx.agent(reader, 'all'),
    }),
  }
}

const wide = workflow({
  name: 'wide',
  input: sized,
  limits: { steps: 1_000_000 },
  async run(ctx, { size }) {
    const calls = parts(size).map((item) => () => ctx.step(`item ${item}`, () => item))
    return (await ctx.all(calls, { concurrency: 200 })).length
  },
})

const sleepy = workflow({
  name: 'sleepy',
  input: sized,
  limits: { steps: 1_000_000 },
  async run(ctx, { size }) {
    return (await ctx.all(parts(size).map((item) => () => ctx.sleep(500 + (item % 500))))).length
  },
})

/** A run whose first step fails once all others are under way, which ends them too; all is well once it is mended. */
function failingOnce() {
  let broken = false
  let tried = 0
  let allTried = Promise.withResolvers<void>()
  const run = workflow({
    name: 'failing',
    input: sized,
    limits: { steps: 1_000_000 },
    async run(ctx, { size }) {
      const first = async () => {
        if (!broken) return 0
        await allTried.promise
        throw new Error('not yet')
      }
      const other = async (item: number, signal: AbortSignal) => {
        if (!broken) return item
        if (++tried === size - 1) allTried.resolve()
        await once(signal, 'abort')
        throw signal.reason
      }
      const calls = parts(size).map((item) => () => {
        if (item === 0) return ctx.step('first', first, { retry: { attempts: 1 } })
        return ctx.step(`item ${item}`, ({ signal }) => other(item, signal))
      })
      return (await ctx.all(calls)).length
    },
  })
  const becomes = (state: boolean) => {
    broken = state
    tried = 0
    allTried = Promise.withResolvers()
  }
  return { run, break: () => becomes(true), mend: () => becomes(false) }
}

export const journals: Record<string, Curve> = {
  agentTurns: {
    unit: 'a turn of an agent with so many',
    full: { small: 50, large: 500 },
    quick: { small: 50, large: 500 },
    async measure(size, place) {
      const { model, run } = reading(size)
      return onRuntime(
        place,
        [run],
        async (runtime) => {
          const again = async () => {
            await endsWith(runtime, run, {}, 'read')
            return size
          }
          return measured(place, again, {
            rounds: place.quick && size >= 500 ? 1 : 3,
            unitsARound: place.quick ? 200 : 1000,
            // As many turns at each size.
            warmUp: async () => {
              for (let turns = 0; turns < 500; turns += size) await again()
            },
          })
        },
        { routes: { reader: { solvers: [model] } } },
      )
    },
  },

  all: {
    unit: 'a step of one ctx.all of so many',
    full: { small: 1000, large: 50_000 },
    quick: { small: 1000, large: 50_000 },
    async measure(size, place) {
      return onRuntime(place, [wide], async (runtime) => {
        const again = async (width = size) => {
          await endsWith(runtime, wide, { size: width }, width)
          return width
        }
        return measured(place, again, {
          unitsARound: 20_000,
          warmUp: async () => {
            for (let round = 0; round < 10; round++) await again(1000)
          },
        })
      })
    },
  },

  retryAfterAll: {
    unit: 'a step of a ctx.all of so many, on a retry: one failed while the others were under way',
    full: { small: 1000, large: 10_000 },
    quick: { small: 1000, large: 10_000 },
    async measure(size, place) {
      const failing = failingOnce()
      return onRuntime(place, [failing.run], async (runtime) => {
        const { engine } = internalsOf(runtime)
        const failed = async (width: number) => {
          failing.break()
          const run = await engine.startRun(failing.run, { size: width })
          const { status } = await run.result()
          if (status !== 'failed') throw new Error(`run ${run.id} has ${status}`)
          return run.id
        }
        const retried = async (id: string) => {
          failing.mend()
          await engine.control.retry(id, 'bench')
          const result = await engine.resultOf(id)
          if (result.status !== 'succeeded') throw new Error(`run ${id}: ${JSON.stringify(result)}`)
        }
        for (let round = 0; round < 3; round++) await retried(await failed(1000))
        const rounds = 3
        const ids: string[] = []
        for (let made = 0; made < rounds * 10_000; made += size) ids.push(await failed(size))
        const again = async () => {
          await retried(ids.pop()!)
          return size
        }
        return measured(place, again, { rounds, unitsARound: 10_000 })
      })
    },
  },

  timersOfOneRun: {
    unit: 'a sleep of one run that sleeps so many times at again',
    full: { small: 3000, large: 30_000 },
    quick: { small: 2000, large: 20_000 },
    async measure(size, place) {
      return onRuntime(place, [sleepy], async (runtime) => {
        const again = async (width = size) => {
          await endsWith(runtime, sleepy, { size: width }, width)
          return width
        }
        return measured(place, again, {
          rounds: place.quick ? 1 : 3,
          unitsARound: place.quick ? 1 : 3000,
          warmUp: () => again(2000),
        })
      })
    },
  },
}
