import { join } from 'node:path'
import { z } from 'zod'
import {
  agent,
  projectOf,
  Runtime,
  readEnvironment,
  type Solver,
  tool,
  workflow,
} from '../../packages/reeve/src/index.ts'
import { internalsOf } from '../../packages/reeve/src/internal.ts'
import { closedLoop, measure } from '../engine/measure.ts'
import { check, descriptionOf, instructions, lookUp, lookups, nextTurn } from './orders.ts'

// Every turn of the model and every call of a tool is durable before the next one begins.

const model: Solver = {
  name: 'bench/zero-latency',
  kind: 'function',
  async solve({ messages = [] }) {
    const next = nextTurn(messages.filter(({ role }) => role === 'tool').length)
    const usage = { inputTokens: 100, outputTokens: 20, costUsd: 0 }
    if ('answer' in next) return { kind: 'text', text: next.answer, usage }
    const { tool, number } = next
    return { kind: 'calls', calls: [{ id: `call-${number}`, tool, args: { number } }], usage }
  },
}

await measure(async (spec) => {
  const clerk = agent({
    name: 'clerk',
    instructions,
    input: z.string(),
    tools: lookups.map((name) =>
      tool({
        name,
        description: descriptionOf(name),
        input: z.object({ number: z.int() }),
        output: z.object({ number: z.int(), found: z.string() }),
        effect: 'read',
        run: async ({ number }) => lookUp(name, number),
      }),
    ),
    route: 'clerk',
    owner: 'bench',
  })
  const asking = workflow({
    name: 'asking',
    input: z.object({ number: z.int() }),
    run: (ctx, { number }) => ctx.agent(clerk, `When does order ${number} leave?`),
  })
  const { dataFolder } = spec
  const runtime = await Runtime.open({
    project: projectOf({ routes: { clerk: { solvers: [model] } } }, [asking], dataFolder),
    environment: readEnvironment(dataFolder, { DATABASE_URL: `file:${join(dataFolder, 'reeve.db')}` }),
  })
  await runtime.start()
  const { database, engine } = internalsOf(runtime)
  const setting = async (name: string) => {
    const row = await database.transaction((session) => session.get<object>(`pragma ${name}`))
    return String(Object.values(row ?? {})[0])
  }
  return {
    versions: { sqlite: process.versions.sqlite ?? 'unknown' },
    durability: `journal_mode=${await setting('journal_mode')} synchronous=${await setting('synchronous')} (2 is FULL)`,
    drive: closedLoop(async (number) => {
      const run = await engine.startRun(asking, { number })
      const result = await run.result()
      if (result.status !== 'succeeded') throw new Error(`run ${run.id} has ${result.status}`)
      check(result.output, lookups.length)
    }),
    /** Loops whose journal holds all seven durable acts. */
    async count() {
      const row = await database.get<{ found: number }>(
        `select count(*) as found from runs where status = 'succeeded'
           and (select count(*) from events where run = runs.no and type = 'question-completed') = ?
           and (select count(*) from events where run = runs.no and type = 'effect-completed') = ?`,
        [lookups.length + 1, lookups.length],
      )
      return row?.found ?? 0
    },
    close: () => runtime.stop(),
  }
})
