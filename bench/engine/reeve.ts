import { join } from 'node:path'
import { z } from 'zod'
import { readEnvironment } from '../../packages/reeve/src/base/config.ts'
import { projectOf, Runtime, workflow } from '../../packages/reeve/src/index.ts'
import { closedLoop, measure, resultOf } from './measure.ts'

// Reeve as a user embeds it: a workflow of six steps, driven by the public runtime on a database file.

await measure(async (spec) => {
  const { dataFolder, steps, resultBytes } = spec
  const sixSteps = workflow({
    name: 'six-steps',
    input: z.object({ number: z.int() }),
    async run(ctx, { number }) {
      for (let step = 1; step <= steps; step++) {
        await ctx.step(`step-${step}`, () => resultOf(number, step, resultBytes))
      }
      return { steps }
    },
  })
  const runtime = await Runtime.open({
    project: projectOf({}, [sixSteps], dataFolder),
    environment: readEnvironment(dataFolder, { DATABASE_URL: `file:${join(dataFolder, 'reeve.db')}` }),
  })
  await runtime.start()
  const { database, engine } = runtime
  // Asked in a transaction, for it runs on the connection that writes.
  const setting = async (name: string) => {
    const row = await database.transaction((session) => session.get<object>(`pragma ${name}`))
    return String(Object.values(row ?? {})[0])
  }
  return {
    versions: { sqlite: process.versions.sqlite ?? 'unknown' },
    durability: `journal_mode=${await setting('journal_mode')} synchronous=${await setting('synchronous')} (2 is FULL)`,
    drive: closedLoop(async (number) => {
      const run = await engine.startRun(sixSteps, { number })
      const { status } = await run.result()
      if (status !== 'succeeded') throw new Error(`run ${run.id} has ${status}`)
    }),
    async count() {
      const row = await database.get<{ found: number }>(
        `select count(*) as found from runs
         where status = 'succeeded' and (select count(*) from events where run = runs.no) = ?`,
        [steps + 2],
      )
      return row?.found ?? 0
    },
    close: () => runtime.stop(),
  }
})
