import { expect, test } from 'vitest'
import { z } from 'zod'
import { settle } from '../../src/base/fake-clock.ts'
import type { CoreContext } from '../../src/engine/context.ts'
import { defineWorkflow } from '../../src/engine/workflow.ts'
import { reconcileWakes } from '../../src/store/reconcile.ts'
import { rowOf, testEngine } from './harness.ts'

const nap = defineWorkflow({
  name: 'nap',
  input: z.unknown(),
  async run(ctx: CoreContext) {
    await ctx.sleep('1h')
    return 'awake'
  },
})

const listen = defineWorkflow({
  name: 'listen',
  input: z.unknown(),
  run: (ctx: CoreContext) => ctx.waitFor('go'),
})

test('a waiting run whose wake was lost gets it back from its journal', async () => {
  const { engine, database, clock } = await testEngine([nap])
  await engine.start()
  const handle = await engine.startRun(nap, {})
  await settle()
  const parked = await rowOf(database, handle.id)
  await database.run('update runs set wake_at = null where id = ?', [handle.id])
  expect(await reconcileWakes(database, 0)).toEqual({ next: 0, woken: 1 })
  await engine.worker.tick()
  await settle()
  expect(await rowOf(database, handle.id)).toMatchObject({ status: 'waiting', wake_at: parked.wake_at })
  await clock.advance(3_700_000)
  expect(await handle.result()).toEqual({ status: 'succeeded', output: 'awake' })
  await engine.stop()
})

test('a waiting run whose arrival woke nobody is woken by the heartbeat', async () => {
  const { engine, database, clock } = await testEngine([listen])
  await engine.start()
  const handle = await engine.startRun(listen, {})
  await settle()
  const { no } = await rowOf(database, handle.id)
  await database.run(`insert into inbox (run, name, payload, at) values (?, 'signal:go', '"now"', 0)`, [no])
  await clock.advance(10_000)
  expect(await handle.result()).toEqual({ status: 'succeeded', output: 'now' })
  await engine.stop()
})

test('runs that wait as they should are left alone', async () => {
  const { engine, database } = await testEngine([nap, listen])
  await engine.start()
  await engine.startRun(nap, {})
  const listening = await engine.startRun(listen, {})
  await settle()
  await engine.control.signal(listening.id, 'other', 1)
  await settle()
  expect(await reconcileWakes(database, 0)).toEqual({ next: 0, woken: 0 })
  await engine.stop()
})
