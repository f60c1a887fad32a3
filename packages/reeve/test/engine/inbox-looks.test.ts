import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { FakeClock, settle } from '../../src/base/time/fake-clock.ts'
import type { CoreContext } from '../../src/engine/context.ts'
import { Inbox } from '../../src/engine/execution/inbox.ts'
import { defineWorkflow } from '../../src/engine/workflow.ts'
import type { Database, Value } from '../../src/store/database.ts'
import { openTestDatabase, testEngine } from './harness.ts'

/** Holds the answers of what is read of inboxes until it is told to let them go. */
function slowInbox(database: Database): { hold: () => () => void; looks: Value[][] } {
  let held: Promise<void> | undefined
  const looks: Value[][] = []
  const all = database.all.bind(database) as Database['all']
  database.all = async <Row>(sql: string, parameters: Value[] = []) => {
    const rows = await all<Row>(sql, parameters)
    if (!sql.includes('from inbox')) return rows
    looks.push(parameters)
    await held
    return rows
  }
  const hold = () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    held = promise
    return () => {
      held = undefined
      resolve()
    }
  }
  return { hold, looks }
}

const collects = defineWorkflow({
  name: 'collects',
  input: z.number(),
  run: async (ctx: CoreContext, count) => {
    const got: unknown[] = []
    // It acts beside its waits, so that it stays held.
    const beside = ctx.step('beside', () => release.promise)
    while (got.length < count) got.push(await ctx.waitFor('news', { schema: z.number() }))
    release.resolve('over')
    await beside
    return got
  },
})
let release = Promise.withResolvers<string>()

test('what comes while an inbox is looked at is found by the next look, with nobody to ask again', async () => {
  release = Promise.withResolvers()
  const clock = new FakeClock()
  const database = await openTestDatabase(clock)
  const { hold } = slowInbox(database)
  const { engine } = await testEngine([collects], { database, clock })
  onTestFinished(() => engine.stop())
  await engine.start()
  const run = await engine.startRun(collects, 3)
  await settle()
  const letGo = hold()
  await engine.control.signal(run.id, 'news', 1)
  await settle()
  await engine.control.signal(run.id, 'news', 2)
  await engine.control.signal(run.id, 'news', 3)
  await settle()
  letGo()
  await expect(run.result()).resolves.toEqual({ status: 'succeeded', output: [1, 2, 3] })
})

test('many arrivals at one moment are looked at together, each item once', async () => {
  release = Promise.withResolvers()
  const clock = new FakeClock()
  const database = await openTestDatabase(clock)
  const { looks } = slowInbox(database)
  const { engine } = await testEngine([collects], { database, clock })
  onTestFinished(() => engine.stop())
  await engine.start()
  const run = await engine.startRun(collects, 200)
  const values = Array.from({ length: 200 }, (_, index) => index)
  await Promise.all(values.map((value) => engine.control.signal(run.id, 'news', value)))
  await expect(run.result()).resolves.toEqual({ status: 'succeeded', output: values })
  // Each look begins behind the last item that was seen.
  const starts = looks.map((parameters) => parameters[1])
  expect(new Set(starts).size).toBe(starts.length)
})

test('what comes while earlier items wait for the code to come to rest is not taken before them', () => {
  const item = (id: number) => ({ id, run: 1, name: 'signal:tick', payload: String(id), at: id })
  const inbox = new Inbox([item(1)], { isUnrest: () => false, whenAtRest: () => {} })
  const taken: number[] = []
  inbox.wait('signal:tick', 1, ({ id }) => {
    taken.push(id)
    return 'journaled'
  })
  inbox.add([item(2)])
  expect(taken).toEqual([])
  inbox.offerAll()
  expect(taken).toEqual([1])
  inbox.wait('signal:tick', 3, ({ id }) => {
    taken.push(id)
    return 'journaled'
  })
  inbox.offerAll()
  expect(taken).toEqual([1, 2])
})
