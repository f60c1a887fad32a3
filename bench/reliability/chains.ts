import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { projectOf, Runtime, readEnvironment, type Solver, workflow } from '../../packages/reeve/src/index.ts'
import { flakySolver } from '../../packages/reeve/src/testing/index.ts'

/** Chains of one length on one route. */
export interface Cell {
  chains: number
  /** Came to their end without a person. The others wait for one. */
  succeeded: number
  questions: number
  /** To both solvers together. */
  calls: number
  /** Values that the run was given and that were not the right ones. */
  wrongAccepted: number
}

export interface Chains {
  drive(route: string, steps: number, count: number): Promise<Cell>
  close(): Promise<void>
}

const atOnce = 200

const Facts = z.object({
  category: z.enum(['billing', 'technical', 'sales']),
  urgency: z.number().int().min(1).max(5),
  orderId: z.string().regex(/^HB-\d{5}$/),
})

type Facts = z.infer<typeof Facts>

function truthOf(chain: number, step: number): Facts {
  const number = chain * 31 + step * 7
  return {
    category: (['billing', 'technical', 'sales'] as const)[number % 3]!,
    urgency: (number % 5) + 1,
    orderId: `HB-${String(number % 100_000).padStart(5, '0')}`,
  }
}

/** A project of its own on a database file, with a route for each way to treat the model's mistakes. */
export async function openChains(folder: string): Promise<Chains> {
  let calls = 0
  let questions = 0
  let wrongAccepted = 0
  const model = (name: string, seed: number): Solver => {
    const right: Solver = {
      name,
      kind: 'function',
      solve: ({ input }) => {
        const { chain, step } = input as { chain: number; step: number }
        return { kind: 'text', text: JSON.stringify(truthOf(chain, step)) }
      },
    }
    const flaky = flakySolver(right, { wrongJson: 0.05, wrongValue: 0.05, seed })
    return {
      name,
      kind: 'function',
      solve(question, options) {
        calls++
        return flaky.solve(question, options)
      },
    }
  }
  const chain = workflow({
    name: 'chain',
    input: z.object({ chain: z.int(), steps: z.int(), route: z.string() }),
    async run(ctx, { chain, steps, route }) {
      for (let step = 1; step <= steps; step++) {
        questions++
        const facts = await ctx.extract(`step ${step}`, { schema: Facts, from: { chain, step }, route })
        if (!isDeepStrictEqual(facts, truthOf(chain, step))) wrongAccepted++
      }
      return null
    },
  })
  const runtime = await Runtime.open({
    project: projectOf(
      {
        routes: {
          raw: { solvers: [model('model-a', 11)], maxHeals: 0 },
          healed: { solvers: [model('model-b', 22)] },
          fallback: { solvers: [model('model-c', 33), model('model-d', 44)] },
        },
      },
      [chain],
      folder,
    ),
    environment: readEnvironment(folder, { DATABASE_URL: `file:${join(folder, 'reeve.db')}` }),
  })
  await runtime.start()
  let underWay = 0
  let succeeded = 0
  let waiting = 0
  let changed = () => {}
  runtime.onRest(({ status }) => {
    if (status === 'succeeded') succeeded++
    if (status === 'waiting') waiting++
    underWay--
    changed()
  })
  const room = async (most: number) => {
    while (underWay > most) await new Promise<void>((resolve) => (changed = resolve))
  }
  return {
    async drive(route, steps, count) {
      calls = questions = wrongAccepted = succeeded = waiting = 0
      for (let number = 0; number < count; number++) {
        await room(atOnce - 1)
        underWay++
        await runtime.startRun(chain, { chain: number, steps, route })
      }
      await room(0)
      if (succeeded + waiting !== count)
        throw new Error(`${count - succeeded - waiting} chains neither succeeded nor wait for a person`)
      return { chains: count, succeeded, questions, calls, wrongAccepted }
    },
    close: () => runtime.stop(),
  }
}
