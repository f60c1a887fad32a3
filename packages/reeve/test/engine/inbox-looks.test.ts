import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import type { CoreContext } from '../../src/engine/context.ts'
import { Inbox } from '../../src/engine/waiting/inbox.ts'
import { defineWorkflow } from '../../src/engine/workflow.ts'
import type { Database, Value } from '../../src/store/database.ts'
import { FakeClock, settle } from '../../src/testing/fake-clock.ts'
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

test('a rest looks at what is next under each name, however much lies behind it', () => {
  let looks = 0
  const item = (id: number, name: string) => ({
    get id() {
      looks++
      return id
    },
    run: 1,
    name,
    payload: 'null',
    at: 0,
  })
  const names = ['signal:a', 'signal:b', 'signal:nobody']
  const items = Array.from({ length: 30_000 }, (_, index) => item(index + 1, names[index % 3]!))
  const inbox = new Inbox(items, { isUnrest: () => false, whenAtRest() {} })
  const taken: number[] = []
  looks = 0
  for (let rest = 0; rest < 1000; rest++) {
    for (const name of names.slice(0, 2)) {
      inbox.wait(name, 1, (one) => {
        taken.push(one.id)
        return 'used'
      })
    }
    inbox.offerAll()
  }
  expect(taken.slice(0, 4)).toEqual([1, 2, 4, 5])
  expect(taken).toHaveLength(2000)
  expect(looks).toBeLessThan(20 * taken.length)
})

test('items of several names are offered in the order in which they came, over what is refused', () => {
  const item = (id: number, name: string) => ({ id, run: 1, name, payload: 'null', at: 0 })
  const came = [item(1, 'a'), item(2, 'b'), item(3, 'a'), item(4, 'b'), item(5, 'a')]
  const inbox = new Inbox(came, { isUnrest: () => false, whenAtRest() {} })
  const offered: number[] = []
  const take = (refuses: boolean) => (one: { id: number }) => {
    offered.push(one.id)
    return refuses && one.id < 4 ? ('refused' as const) : ('used' as const)
  }
  inbox.wait('a', 1, take(true))
  inbox.wait('b', 2, take(false))
  inbox.wait('b', 3, take(false))
  inbox.offerAll()
  expect(offered).toEqual([1, 2, 3, 4, 5])
  expect(inbox.waiting).toBe(0)
  // Who waits later is told at once, for nothing lies there any more.
  inbox.wait('a', 4, take(false))
  inbox.add([item(6, 'a')])
  expect(offered.at(-1)).toBe(6)
})
