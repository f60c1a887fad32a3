import { expect, test } from 'vitest'
import { z } from 'zod'
import type { CoreContext } from '../../src/engine/context.ts'
import { defineWorkflow, type Workflow } from '../../src/engine/workflow.ts'
import { settle } from '../../src/testing/fake-clock.ts'
import { rowOf, testEngine } from './harness.ts'

const counted = defineWorkflow({
  name: 'counted',
  input: z.unknown(),
  run: async (ctx: CoreContext) => {
    const count = await ctx.step('count', () => 276)
    await ctx.waitFor('go')
    return count
  },
}) as Workflow

const intact = defineWorkflow({
  name: 'intact',
  input: z.unknown(),
  run: (ctx: CoreContext) => ctx.waitFor('go'),
}) as Workflow

for (const [what, damage, said] of [
  ['a value', `update events set payload = '277' where type = 'step-completed'`, 'was changed'],
  [
    'text that became bytes',
    `update events set payload = x'323736' where type = 'step-completed'`,
    'not text',
  ],
  ['an event that is gone', `delete from events where type = 'step-completed'`, 'is missing'],
  [
    'its last event that is gone',
    `delete from events where type = 'signal-awaited' and run = 1`,
    'are missing',
  ],
] as const) {
  test(`a run whose journal was damaged at rest does not go on, others do: ${what}`, async () => {
    const { engine, database } = await testEngine([counted, intact], { lingerMs: 0 })
    await engine.start()
    const damaged = await engine.startRun('counted', {})
    const other = await engine.startRun('intact', {})
    await settle()
    expect((await rowOf(database, damaged.id)).status).toBe('waiting')
    await database.run(damage)
    await engine.control.signal(damaged.id, 'go', null)
    await engine.control.signal(other.id, 'go', null)
    await settle()
    expect(await damaged.result()).toMatchObject({ status: 'stuck', reason: expect.stringContaining(said) })
    expect(await other.result()).toMatchObject({ status: 'succeeded' })
    await engine.stop()
  })
}
