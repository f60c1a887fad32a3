import { expect, test } from 'vitest'
import { z } from 'zod'
import type { CoreContext } from '../../src/engine/context.ts'
import { defineWorkflow, type Workflow, type WorkflowLimits } from '../../src/engine/workflow.ts'
import { settle } from '../../src/testing/fake-clock.ts'
import { testEngine, typesOf } from './harness.ts'

async function limited(limits: WorkflowLimits, run: (ctx: CoreContext) => unknown) {
  const flow = defineWorkflow({ name: 'flow', input: z.unknown(), limits, run }) as Workflow
  const opened = await testEngine([flow])
  await opened.engine.start()
  const handle = await opened.engine.startRun('flow', {})
  await settle()
  return { ...opened, handle }
}

test('a loop that never ends is stopped by the limit on steps', async () => {
  let made = 0
  const { engine, handle } = await limited({ steps: 7 }, async (ctx) => {
    for (;;) await ctx.step('again', () => ++made)
  })
  expect(await handle.result()).toMatchObject({
    status: 'failed',
    error: { code: 'limit-steps', message: expect.stringContaining('allows 7') },
  })
  expect(made).toBe(7)
  await engine.stop()
})

test('without a limit of its own a workflow may make 1,000 calls', async () => {
  let made = 0
  const { engine, handle } = await limited({}, async (ctx) => {
    for (;;) await ctx.step('again', () => ++made)
  })
  await settle()
  expect(await handle.result()).toMatchObject({ status: 'failed', error: { code: 'limit-steps' } })
  expect(made).toBe(1000)
  await engine.stop()
})

test('a call over the limit that nobody looks at harms no other run', async () => {
  const { engine, handle } = await limited({ steps: 1 }, async (ctx) => {
    void ctx.step('a', () => 1)
    void ctx.sleep('1m')
    void ctx.waitFor('go', { schema: z.string() })
    void ctx.start('flow', {})
    return 'done'
  })
  expect(await handle.result()).toEqual({ status: 'succeeded', output: 'done' })
  await engine.stop()
})

test('a run that waits too long fails when its time is up, not before', async () => {
  const { engine, handle, clock, database } = await limited({ time: '10m' }, async (ctx) => {
    await ctx.waitFor('never')
  })
  await clock.advance(599_990)
  expect(await typesOf(database, handle.id)).toEqual(['run-started', 'signal-awaited'])
  await clock.advance(1000)
  expect(await handle.result()).toMatchObject({
    status: 'failed',
    error: { code: 'limit-time', message: expect.stringContaining('10m') },
  })
  await engine.stop()
})

test('a run that loops past its time fails at its next call', async () => {
  let made = 0
  const { engine, handle, clock } = await limited({ time: '1s' }, async (ctx) => {
    for (;;) {
      await ctx.step('again', () => ++made)
      await ctx.sleep('300ms')
    }
  })
  await clock.advance(5000)
  expect(await handle.result()).toMatchObject({ status: 'failed', error: { code: 'limit-time' } })
  expect(made).toBe(4)
  await engine.stop()
})
