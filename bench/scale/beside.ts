import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { workflow } from '../../packages/reeve/src/index.ts'
import { internalsOf } from '../../packages/reeve/src/internal.ts'
import type { Place } from './contract.ts'
import { opened } from './opened.ts'
import { driveQuick, old, quick } from './quick-runs.ts'

/** What a process beside the measured one does. */
export type BesideSpec = { place: Place } & (
  | { does: 'prune' }
  | { does: 'drive' }
  | { does: 'write'; runs: number; megabytes: number }
)

/** A run with a journal of so many megabytes, which then waits. */
export const large = workflow({
  name: 'large',
  input: z.object({ megabytes: z.int() }),
  limits: { steps: 100_000 },
  async run(ctx, { megabytes }) {
    const stretch = 'what a tool has answered, and more of it; '.repeat(4970)
    for (let index = 0; index < megabytes * 5; index++)
      await ctx.step(`part ${index}`, () => `${index} ${stretch}`)
    await ctx.waitFor('news')
    return ctx.step('more', () => 'done')
  },
})

async function besideIt(spec: BesideSpec): Promise<void> {
  const retention = { succeeded: '1h' } as const
  const runtime = await opened(spec.place, [quick, old, large], { retention })
  const { engine, database } = internalsOf(runtime)
  // As `reeve prune`: it drives nothing.
  if (spec.does === 'prune') await runtime.prune()
  if (spec.does === 'drive') {
    await engine.start()
    process.send?.({ ready: true })
    for (;;) {
      await driveQuick(runtime, 100)
      await pause(500)
    }
  }
  if (spec.does === 'write') {
    await engine.start()
    for (let index = 0; index < spec.runs; index++)
      await engine.startRun(large, { megabytes: spec.megabytes })
    const sql = `select count(*) as count from runs where status = 'waiting'`
    while (Number((await database.get<{ count: number }>(sql))!.count) < spec.runs) await pause(50)
  }
  await runtime.stop()
  process.send?.({ done: true })
  process.disconnect?.()
}

if (process.argv[1] === import.meta.filename) await besideIt(JSON.parse(process.argv[2] ?? '') as BesideSpec)
