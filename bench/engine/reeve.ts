import { join } from 'node:path'
import { z } from 'zod'
import { readEnvironment } from '../../packages/reeve/src/base/config.ts'
import { projectOf, Runtime, workflow } from '../../packages/reeve/src/index.ts'
import { internalsOf } from '../../packages/reeve/src/internal.ts'
import type { Database } from '../../packages/reeve/src/store/database.ts'
import type { Contestant } from './contract.ts'
import { closedLoop, measure, resultOf } from './measure.ts'

// Reeve as a user embeds it: a workflow of six steps, driven by the public runtime, on a database file or, where the
// bench has started a Postgres, on that.

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
    environment: readEnvironment(dataFolder, {
      DATABASE_URL: spec.server?.url ?? `file:${join(dataFolder, 'reeve.db')}`,
    }),
  })
  await runtime.start()
  const { database, engine } = internalsOf(runtime)
  return {
    ...(await describeStore(database)),
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

async function describeStore(database: Database): Promise<Pick<Contestant, 'versions' | 'durability'>> {
  // Asked in a transaction, for it runs on the connection that writes.
  const ask = async (sql: string) => {
    const row = await database.transaction((session) => session.get<object>(sql))
    return String(Object.values(row ?? {})[0])
  }
  if (database.kind === 'postgres') {
    return {
      versions: { postgres: await ask('show server_version') },
      durability: `synchronous_commit=${await ask('show synchronous_commit')} fsync=${await ask('show fsync')}`,
    }
  }
  return {
    versions: { sqlite: process.versions.sqlite ?? 'unknown' },
    durability: `journal_mode=${await ask('pragma journal_mode')} synchronous=${await ask('pragma synchronous')} (2 is FULL)`,
  }
}
