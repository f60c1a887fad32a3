import { join } from 'node:path'
import { z } from 'zod'
import type { ColdStartReport, ColdStartSpec } from './contract.ts'

// A small project of one workflow, as a user's own script would embed it, from nothing to its first completed run.

const spec = JSON.parse(process.argv[2] ?? '') as ColdStartSpec
const { projectOf, Runtime, readEnvironment, workflow } = (await import(
  spec.entry
)) as typeof import('../../packages/reeve/src/index.ts')
const sinceStart = () => Date.now() - spec.spawnedAt
const loadedMs = sinceStart()

const greet = workflow({
  name: 'greet',
  input: z.object({ name: z.string() }),
  async run(ctx, { name }) {
    const greeting = await ctx.step('greet', () => `Good morning, ${name}.`)
    return { greeting }
  },
})
const runtime = await Runtime.open({
  project: projectOf({}, [greet], spec.dataFolder),
  environment: readEnvironment(spec.dataFolder, {
    DATABASE_URL: `file:${join(spec.dataFolder, 'reeve.db')}`,
  }),
})
await runtime.start()
const readyMs = sinceStart()
const run = await runtime.startRun(greet, { name: 'Ada' })
const { status } = await run.result()
const completedMs = sinceStart()
if (status !== 'succeeded') throw new Error(`the run has ${status}`)
await runtime.stop()
const report: ColdStartReport = { loadedMs, readyMs, completedMs }
process.stdout.write(`${JSON.stringify(report)}\n`)
