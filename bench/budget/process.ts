import { join } from 'node:path'
import { z } from 'zod'
import {
  projectOf,
  ReeveError,
  Runtime,
  readEnvironment,
  type Solver,
  workflow,
} from '../../packages/reeve/src/index.ts'
import { type Bill, type WorkerSpec, worstCaseUsd } from './contract.ts'

// One worker: drives runs until it is killed, or told to stop by the end of its channel.

const spec = JSON.parse(process.argv[2] ?? '') as WorkerSpec
/** A call in the way of the ceiling is asked again: those under way may turn out cheaper than was reserved for them. */
const tries = 8
const calls = 3

const model: Solver = {
  name: 'bench/paid',
  kind: 'hosted',
  worstCaseUsd: () => worstCaseUsd,
  async solve(_question, { signal }) {
    const response = await fetch(spec.providerUrl, { headers: { 'x-worker': String(process.pid) }, signal })
    const { nanousd } = (await response.json()) as Bill
    return {
      kind: 'value',
      value: 'done',
      usage: { inputTokens: 1, outputTokens: 1, costUsd: nanousd / 1e9 },
    }
  },
}

const asking = workflow({
  name: 'asking',
  input: z.object({ number: z.int() }),
  async run(ctx, { number }) {
    let answered = 0
    for (let attempt = 1; attempt <= tries && answered < calls; attempt++) {
      try {
        await ctx.extract(`call ${answered + 1}`, { schema: z.string(), from: { number }, route: 'paid' })
        answered++
      } catch (error) {
        if (!(error instanceof ReeveError && error.code === 'over-budget')) throw error
        await ctx.sleep('250ms')
      }
    }
    return answered === calls ? 'answered' : 'refused'
  },
})

const runtime = await Runtime.open({
  project: projectOf(
    {
      routes: { paid: { solvers: [model], maxRetries: 0 } },
      budgets: { project: spec.ceilingUsd, whenExhausted: 'fail' },
    },
    [asking],
    spec.dataFolder,
  ),
  environment: readEnvironment(spec.dataFolder, {
    DATABASE_URL: `file:${join(spec.dataFolder, 'reeve.db')}`,
  }),
})
await runtime.start()
process.once('disconnect', () => void runtime.stop().then(() => process.exit(0)))
await Promise.all(Array.from({ length: spec.runs }, (_, number) => runtime.startRun(asking, { number })))
process.send?.('started')
