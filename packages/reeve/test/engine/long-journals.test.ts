import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import type { CoreContext } from '../../src/engine/context.ts'
import { defineWorkflow, type Workflow } from '../../src/engine/workflow.ts'
import { eventsOf, testEngine } from './harness.ts'

test('a journal of several pages is replayed whole, each call with its own result', async () => {
  const long = defineWorkflow({
    name: 'long',
    input: z.unknown(),
    limits: { steps: 5000 },
    run: async (ctx: CoreContext) => {
      const steps = Array.from({ length: 2500 }, (_, index) => () => ctx.step(`step ${index}`, () => index))
      const found = await ctx.all(steps)
      await ctx.waitFor('go')
      return found.every((value, index) => value === index)
    },
  }) as Workflow
  const { engine, database, clock } = await testEngine([long], { lingerMs: 0 })
  onTestFinished(() => engine.stop())
  await engine.start()
  const run = await engine.startRun('long', {})
  await clock.advance(1000)
  expect((await eventsOf(database, run.id)).length).toBeGreaterThan(2500)
  await engine.control.signal(run.id, 'go', null)
  expect(await run.result()).toEqual({ status: 'succeeded', output: true })
})
