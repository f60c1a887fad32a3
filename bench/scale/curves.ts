import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { agent, type Solver, tool, workflow } from '../../packages/reeve/src/index.ts'
import type { ScaleReport } from './contract.ts'
import { measured } from './measured.ts'
import { opened, seedRuns } from './opened.ts'

/** Does what a curve is about at one size, in an empty folder. */
export type Curve = (size: number, folder: string) => Promise<ScaleReport>

const quick = workflow({ name: 'quick', input: z.any(), run: (ctx) => ctx.step('work', () => 'done') })

/** Starts so many runs of `quick`, 100 at a time, and waits for their ends. */
async function driveQuick(runtime: Awaited<ReturnType<typeof opened>>, count: number, options = {}) {
  const one = async () => {
    const run = await runtime.engine.startRun(quick, {}, options)
    const { status } = await run.result()
    if (status !== 'succeeded') throw new Error(`run ${run.id} has ${status}`)
  }
  for (let done = 0; done < count; done += 100) await Promise.all(Array.from({ length: 100 }, one))
  return count
}

/** One run that ends with `output`, of whose parts `size` are the units. */
async function oneRun(
  runtime: Awaited<ReturnType<typeof opened>>,
  of: { name: string },
  size: number,
  output: unknown,
): Promise<ScaleReport> {
  await runtime.start()
  const report = await measured(async () => {
    const result = await (await runtime.engine.startRun(of.name, {})).result()
    if (result.status !== 'succeeded' || result.output !== output) throw new Error(JSON.stringify(result))
    return size
  })
  await runtime.stop()
  return report
}

/** Runs beside `size` that wait in the queue and cannot be claimed; where they have a key, another run holds it. */
function besideQueued(row: Parameters<typeof seedRuns>[2], queue: object = {}): Curve {
  return async (size, folder) => {
    const { promise: over, resolve: release } = Promise.withResolvers<null>()
    const holder = workflow({ name: 'holder', input: z.any(), run: (ctx) => ctx.step('hold', () => over) })
    const runtime = await opened(folder, [quick, holder], { queues: { work: { concurrency: 50, ...queue } } })
    if (row.key !== undefined) {
      await runtime.start()
      await runtime.engine.startRun(holder, {}, { queue: 'work', key: row.key, priority: 1 })
      await pause(1000)
    }
    await seedRuns(runtime, size, { queue: 'work', workflow: 'quick', ...row })
    if (row.key === undefined) await runtime.start()
    const report = await measured(() => driveQuick(runtime, 400, { queue: 'work', priority: -1 }))
    release(null)
    await runtime.stop()
    return report
  }
}

export const curves: Record<string, Curve> = {
  /** New runs beside `size` that have ended. */
  async newRuns(size, folder) {
    const runtime = await opened(folder, [quick])
    await seedRuns(runtime, size, { status: 'succeeded' })
    await runtime.start()
    await driveQuick(runtime, 500)
    const report = await measured(() => driveQuick(runtime, 5000))
    await runtime.stop()
    return report
  },

  /** Turns of one agent whose window is full from the 20th on. */
  async agentTurns(size, folder) {
    const page = 'what stands on this page, and more of it; '.repeat(40)
    const model: Solver = {
      name: 'bench/zero-latency',
      kind: 'function',
      async solve() {
        asked++
        const usage = { inputTokens: 100, outputTokens: 20, costUsd: 0 }
        if (asked >= size) return { kind: 'text', text: 'read', usage }
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
    const reading = workflow({
      name: 'reading',
      input: z.any(),
      limits: { steps: 10 * size },
      run: (ctx) => ctx.agent(reader, 'all'),
    })
    const runtime = await opened(folder, [reading], { routes: { reader: { solvers: [model] } } })
    return oneRun(runtime, reading, size, 'read')
  },

  /** `size` children started, then awaited one by one. */
  async children(size, folder) {
    const parent = workflow({
      name: 'parent',
      input: z.any(),
      limits: { steps: 10 * size },
      async run(ctx) {
        const started = []
        for (let index = 0; index < size; index++) started.push(await ctx.start(quick, { index }))
        let ended = 0
        for (const child of started) {
          await child.result()
          ended++
        }
        return ended
      },
    })
    const runtime = await opened(folder, [parent, quick])
    return oneRun(runtime, parent, size, size)
  },

  /** `size` signals to one run that takes them one by one. */
  async signals(size, folder) {
    const listener = workflow({
      name: 'listener',
      input: z.any(),
      limits: { steps: 10 * size },
      async run(ctx) {
        for (let index = 0; index < size; index++) await ctx.waitFor('news', { schema: z.any() })
        return size
      },
    })
    const runtime = await opened(folder, [listener])
    await runtime.start()
    const run = await runtime.engine.startRun(listener, {})
    const report = await measured(async () => {
      for (let index = 0; index < size; index += 50) {
        const some = Array.from({ length: Math.min(50, size - index) }, (_, at) => index + at)
        await Promise.all(some.map((value) => runtime.engine.control.signal(run.id, 'news', value)))
      }
      await run.result()
      return size
    })
    await runtime.stop()
    return report
  },

  /** One `ctx.all` of `size` steps. */
  async all(size, folder) {
    const wide = workflow({
      name: 'wide',
      input: z.any(),
      limits: { steps: 10 * size },
      async run(ctx) {
        const items = Array.from({ length: size }, (_, index) => index)
        const calls = items.map((item) => () => ctx.step(`item ${item}`, () => item))
        const results = await ctx.all(calls, { concurrency: 200 })
        return results.length
      },
    })
    const runtime = await opened(folder, [wide])
    return oneRun(runtime, wide, size, size)
  },

  /** The last 20 of `size` times that a run parks and is woken by a signal. */
  async parkAndResume(size, folder) {
    const patient = workflow({
      name: 'patient',
      input: z.any(),
      limits: { steps: 10 * size },
      async run(ctx) {
        for (let index = 0; index < size; index++) {
          await ctx.waitFor('tick', { schema: z.any() })
          await ctx.step('note', () => index)
        }
      },
    })
    const runtime = await opened(folder, [patient])
    await runtime.start()
    const run = await runtime.engine.startRun(patient, {})
    const tick = async () => {
      while ((await statusOf()) !== 'waiting') await pause(1)
      await runtime.engine.control.signal(run.id, 'tick', null)
    }
    const statusOf = async () =>
      (await runtime.database.get<{ status: string }>('select status from runs where id = ?', [run.id]))!
        .status
    for (let index = 0; index < size - 20; index++) await tick()
    const report = await measured(async () => {
      for (let index = 0; index < 20; index++) await tick()
      await run.result()
      return 20
    })
    await runtime.stop()
    return report
  },

  /** Beside `size` queued runs of one key that is taken. */
  claimsOneHotKey: (size, folder) =>
    besideQueued({ status: 'queued', key: 'hot' }, { perKey: 1 })(size, folder),
  /** Beside `size` runs that are not due for a day. */
  claimsDelayed: (size, folder) =>
    besideQueued({ status: 'queued', availableAt: Date.now() + 86_400_000 })(size, folder),
  /** Beside `size` runs that are paused. */
  claimsPaused: (size, folder) => besideQueued({ status: 'queued', paused: true })(size, folder),

  /** A second of a worker that has nothing to do, beside `size` ended runs. */
  async heartbeat(size, folder) {
    const runtime = await opened(folder, [quick])
    await seedRuns(runtime, size, { status: 'succeeded' })
    await runtime.start()
    await pause(2000)
    const seconds = 10
    const report = await measured(async () => {
      await pause(seconds * 1000)
      return seconds
    })
    await runtime.stop()
    return report
  },
}
