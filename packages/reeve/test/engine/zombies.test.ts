import { expect, test } from 'vitest'
import { z } from 'zod'
import type { Effect } from '../../src/engine/calls/effect/definition.ts'
import { effect } from '../../src/engine/calls/effect/effect.ts'
import { CoreContext } from '../../src/engine/context.ts'
import { defineWorkflow, type Workflow } from '../../src/engine/workflow.ts'
import type { Database } from '../../src/store/database.ts'
import { leaseMs } from '../../src/store/dispatch/workers.ts'
import { FakeClock, settle } from '../../src/testing/fake-clock.ts'
import { openTestDatabase, rowOf, testEngine, typesOf } from './harness.ts'

/** A connection of a process that is stopped when its first intent is durable, and hears of that when it goes on. */
function stoppedAtIntent(database: Database) {
  const { promise: gate, resolve: goOn } = Promise.withResolvers<void>()
  let stopped = false
  const over =
    <Arguments extends unknown[], Result>(ask: (...given: Arguments) => Promise<Result>) =>
    async (...given: Arguments): Promise<Result> => {
      if (stopped) await gate
      const answer = await ask.apply(database, given)
      stopped ||= (await database.get(`select 1 from events where type = 'effect-intended'`)) !== undefined
      if (stopped) await gate
      return answer
    }
  const link: Database = Object.create(database, {
    transaction: { value: over(database.transaction) },
    writeElsewhere: { value: undefined },
    all: { value: over(database.all) },
    get: { value: over(database.get) },
    run: { value: over(database.run) },
  })
  return { database: link, goOn }
}

/** A worker that sleeps over the answer to a durable intent for longer than its lease. */
async function stoppedWorker() {
  const clock = new FakeClock()
  const database = await openTestDatabase(clock)
  const sent: string[] = []
  const link = stoppedAtIntent(database)
  const pay = (by: string): Workflow => {
    const charge: Effect = { name: 'charge', effect: 'once', run: () => sent.push(by) }
    return defineWorkflow({
      name: 'pay',
      input: z.unknown(),
      run: async (ctx: CoreContext) => {
        await ctx.step('before', () => null)
        await effect(CoreContext.callSiteOf(ctx), charge, { amount: 5 })
      },
    }) as Workflow
  }
  let ids = 0
  const newId = () => `id${++ids}`
  const first = await testEngine([pay('first')], { database: link.database, clock, newId })
  await first.engine.start()
  const { id } = await first.engine.startRun('pay', {})
  await settle()
  await clock.advance(leaseMs + 1000)
  expect(await typesOf(database, id)).toContain('effect-intended')
  expect(sent).toEqual([])
  return { clock, database, sent, goOn: link.goOn, first, id, pay, newId }
}

test('a process that was stopped before it sent a `once` effect does not send it once another took over', async () => {
  const { clock, database, sent, goOn, first, id, pay, newId } = await stoppedWorker()
  await database.run('delete from workers where id = ?', [first.engine.worker.id])
  const second = await testEngine([pay('second')], { database, clock, newId })
  await second.engine.start()
  await settle()
  expect(await typesOf(database, id)).toContain('effect-unknown')
  goOn()
  await clock.advance(1000)
  expect(sent).toEqual([])
  expect(first.engine.worker.active).toBe(0)
  const [approval] = await database.all<{ id: string }>('select id from approvals')
  await second.engine.control.decide(approval!.id, {
    verdict: 'answer',
    answer: { happened: false, retry: true },
    by: 'ada',
  })
  await settle()
  expect(sent).toEqual(['second'])
  expect((await rowOf(database, id)).status).toBe('succeeded')
  await first.engine.stop()
  await second.engine.stop()
})

test('a process that was silent for long, and whose runs nobody took, goes on', async () => {
  const { clock, database, sent, goOn, first, id } = await stoppedWorker()
  goOn()
  await clock.advance(1000)
  expect(sent).toEqual(['first'])
  expect((await rowOf(database, id)).status).toBe('succeeded')
  await first.engine.stop()
})
