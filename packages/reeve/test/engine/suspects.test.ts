import { expect, test } from 'vitest'
import { z } from 'zod'
import type { CoreContext } from '../../src/engine/context.ts'
import { defineWorkflow } from '../../src/engine/workflow.ts'
import { settle } from '../../src/testing/fake-clock.ts'
import { rowOf, testEngine } from './harness.ts'

const long = defineWorkflow({
  name: 'long',
  input: z.unknown(),
  run: (ctx: CoreContext) => ctx.step('long', () => new Promise(() => {})),
})

const short = defineWorkflow({ name: 'short', input: z.unknown(), run: async () => 'done' })

test('a suspect that acts long without ending its process does not keep the other suspects waiting', async () => {
  const { engine, database, clock } = await testEngine([long, short])
  const first = await engine.startRun(long, {})
  const second = await engine.startRun(short, {})
  await database.run('update runs set crashes = 2')
  await engine.start()
  await settle()
  expect(await rowOf(database, first.id)).toMatchObject({ status: 'running' })
  expect(await rowOf(database, second.id)).toMatchObject({ status: 'queued' })
  await clock.advance(600)
  expect(await second.result()).toEqual({ status: 'succeeded', output: 'done' })
  expect(await rowOf(database, first.id)).toMatchObject({ status: 'running' })
  const stopping = engine.stop(10)
  await clock.advance(20)
  await stopping
})
