import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { silentLog } from '../../src/base/log.ts'
import type { CoreContext } from '../../src/engine/context.ts'
import { installSchedules } from '../../src/engine/starting/schedule.ts'
import { defineWorkflow, type Workflow } from '../../src/engine/workflow.ts'
import type { Channel } from '../../src/store/journal/events.ts'
import { eventsOf, rowOf, testEngine } from './harness.ts'

const pay = defineWorkflow({
  name: 'pay',
  input: z.object({
    to: z.string(),
    amount: z.number().optional(),
    nonce: z.string().default(() => randomUUID()),
  }),
  run: (ctx: CoreContext, { amount }) => ctx.step('pay', () => amount ?? 0),
}) as Workflow

async function opened(workflows: Workflow[] = [pay]) {
  const test = await testEngine(workflows)
  await test.engine.start()
  return test
}

test('a key with the same input answers with the run that is there, however its input is written', async () => {
  const { engine, database } = await opened()
  const options = { idempotencyKey: 'order-1' }
  const first = await engine.startRun('pay', { to: 'ann', amount: 1 }, options)
  const second = await engine.startRun('pay', { amount: 1, to: 'ann' }, options)
  expect([first.isNew, second.isNew]).toEqual([true, false])
  expect(second.id).toBe(first.id)
  expect(await database.all('select no from runs')).toHaveLength(1)
  await engine.stop()
})

test('a key with another input is a conflict that names the run and what differs, not what stood there', async () => {
  const { engine, database } = await opened()
  const options = { idempotencyKey: 'order-1' }
  const first = await engine.startRun('pay', { to: 'ann', amount: 1 }, options)
  const again = engine.startRun('pay', { to: 'mallory', amount: 1 }, options)
  await expect(again).rejects.toMatchObject({
    code: 'idempotency-conflict',
    message: expect.stringMatching(
      new RegExp(`${first.id}.*order-1.*differ at: to\\..*ifKeyExists: 'return'`),
    ),
    details: { run: first.id, differs: ['to'] },
  })
  await expect(again).rejects.not.toMatchObject({ message: expect.stringContaining('ann') })
  expect(await database.all('select no from runs')).toHaveLength(1)
  await engine.stop()
})

test('a key with another input gives the run that is there to who wants it all the same', async () => {
  const { engine } = await opened()
  const first = await engine.startRun('pay', { to: 'ann' }, { idempotencyKey: 'k' })
  const second = await engine.startRun('pay', { to: 'bob' }, { idempotencyKey: 'k', ifKeyExists: 'return' })
  expect(second).toMatchObject({ id: first.id, isNew: false })
  await engine.stop()
})

test('two starts with one key and two inputs in one commit make one run, and the other is told', async () => {
  const { engine, database } = await opened()
  const starts = ['ann', 'bob'].map((to) => engine.startRun('pay', { to }, { idempotencyKey: 'k' }))
  const [first, second] = await Promise.allSettled(starts)
  expect(first).toMatchObject({ status: 'fulfilled', value: { isNew: true } })
  expect(second).toMatchObject({ status: 'rejected', reason: { code: 'idempotency-conflict' } })
  expect(await database.all('select no from runs')).toHaveLength(1)
  await engine.stop()
})

test('a conflict is found too where starts are queued, and with a run of before inputs were hashed', async () => {
  const { engine, database } = await testEngine([pay])
  const first = await engine.startRun('pay', { to: 'ann' }, { idempotencyKey: 'k' })
  await database.run('update runs set given = null where id = ?', [first.id])
  const conflict = engine.startRun('pay', { to: 'bob' }, { idempotencyKey: 'k' })
  await expect(conflict).rejects.toMatchObject({ code: 'idempotency-conflict' })
  await engine.stop()
})

test('no caller can take a key of a schedule or of a debounced start', async () => {
  const { engine, database, clock } = await opened()
  const edges = { clock, log: silentLog }
  await installSchedules(database, edges, { job: { workflow: 'pay', cron: '* * * * *', input: { to: 'x' } } })
  const { next_at } = (await database.get<{ next_at: number }>('select next_at from schedules'))!
  for (const key of [`schedule:job:${next_at}`, 'debounce:burst']) {
    await engine.startRun('pay', { to: 'taker' }, { idempotencyKey: key })
  }
  const reserved = engine.startRun('pay', { to: 'x' }, { idempotencyKey: `reeve:schedule:job:${next_at}` })
  await expect(reserved).rejects.toMatchObject({ code: 'reserved-key' })
  const burst = await engine.startRun('pay', { to: 'x' }, { debounce: { key: 'burst', delay: '1s' } })
  expect(burst.isNew).toBe(true)
  await clock.advance(61_000)
  const started = await database.all<{ id: string }>(`select id from runs where principal = 'schedule:job'`)
  expect(started).toHaveLength(1)
  await engine.stop()
})

test('an idempotency key beside debounce is refused', async () => {
  const { engine } = await opened()
  const start = engine.startRun(
    'pay',
    { to: 'x' },
    { idempotencyKey: 'k', debounce: { key: 'k', delay: '1s' } },
  )
  await expect(start).rejects.toMatchObject({ code: 'bad-start' })
  await engine.stop()
})

test('children, and theirs, act for whom the first run acts, and tell which run started them', async () => {
  const leaf = defineWorkflow({ name: 'leaf', input: z.unknown(), run: () => 1 })
  const middle = defineWorkflow({
    name: 'middle',
    input: z.unknown(),
    run: async (ctx: CoreContext) => (await ctx.start('leaf', {})).result(),
  })
  const top = defineWorkflow({
    name: 'top',
    input: z.unknown(),
    run: async (ctx: CoreContext) => (await ctx.start('middle', {})).result(),
  })
  const { engine, database, clock } = await opened([leaf, middle, top] as Workflow[])
  const handle = await engine.startRun('top', {}, { principal: 'ada' })
  await clock.advance(1000)
  expect(await handle.result()).toEqual({ status: 'succeeded', output: 1 })
  const rows = await database.all<{ id: string; workflow: string; principal: string }>(
    'select id, workflow, principal from runs order by no',
  )
  expect(rows.map(({ workflow, principal }) => [workflow, principal])).toEqual([
    ['top', 'ada'],
    ['middle', 'ada'],
    ['leaf', 'ada'],
  ])
  const [born] = await eventsOf(database, rows[2]!.id)
  expect(JSON.parse(born!.payload!)).toMatchObject({
    principal: 'ada',
    startedBy: `run ${rows[1]!.id}, call 1`,
  })
  await engine.stop()
})

test('a fork, and its children, act for whoever forked', async () => {
  const leaf = defineWorkflow({ name: 'leaf', input: z.unknown(), run: () => 1 })
  const top = defineWorkflow({
    name: 'top',
    input: z.unknown(),
    run: async (ctx: CoreContext) => (await ctx.start('leaf', {})).result(),
  })
  const { engine, database, clock } = await opened([leaf, top] as Workflow[])
  const handle = await engine.startRun('top', {}, { principal: 'ada' })
  await clock.advance(1000)
  const fork = await engine.control.fork(handle.id, 1, 'grace')
  await clock.advance(1000)
  expect(await rowOf(database, fork)).toMatchObject({ status: 'succeeded', principal: 'grace' })
  const child = await database.get(
    'select principal from runs where parent = (select no from runs where id = ?)',
    [fork],
  )
  expect(child).toEqual({ principal: 'grace' })
  await engine.stop()
})

describe('the channel of a run', () => {
  const leaf = defineWorkflow({ name: 'leaf', input: z.unknown(), run: () => 1 })
  const chapters = defineWorkflow({
    name: 'chapters',
    input: z.object({ chapter: z.number() }),
    async run(ctx: CoreContext, { chapter }) {
      await ctx.sleep('1s')
      if (chapter < 2) return ctx.continueAs({ chapter: chapter + 1 })
      return (await ctx.start('leaf', {})).result()
    },
  })

  test('stands in its first event, in that of each chapter, and in those of what it starts', async () => {
    const { engine, database, clock } = await opened([leaf, chapters] as Workflow[])
    const { id } = await engine.startRun('chapters', { chapter: 1 }, { channel: 'webhook:shop' })
    await clock.advance(5000)
    expect(await rowOf(database, id)).toMatchObject({ status: 'succeeded' })
    const inputs = await database.all<{ type: string; payload: string }>(
      "select type, payload from events where type in ('run-started', 'run-continued') order by run, seq",
    )
    expect(inputs.map(({ type, payload }) => [type, JSON.parse(payload).channel])).toEqual([
      ['run-started', 'webhook:shop'],
      ['run-continued', 'webhook:shop'],
      ['run-started', 'webhook:shop'],
    ])
    await engine.stop()
  })

  test('is inherited by a child that is started before anything was replayed', async () => {
    const parent = defineWorkflow({
      name: 'parent',
      input: z.unknown(),
      run: async (ctx: CoreContext) => (await ctx.start('leaf', {})).result(),
    })
    const { engine, database, clock } = await opened([leaf, parent] as Workflow[])
    await engine.startRun('parent', {}, { channel: 'mail' })
    await clock.advance(1000)
    const child = await database.get<{ id: string }>("select id from runs where workflow = 'leaf'")
    const [born] = await eventsOf(database, child!.id)
    expect(JSON.parse(born!.payload!)).toMatchObject({ channel: 'mail' })
    await engine.stop()
  })

  test('is absent where nobody said it', async () => {
    const { engine, database } = await opened([leaf] as Workflow[])
    const { id } = await engine.startRun('leaf', {})
    const [born] = await eventsOf(database, id)
    expect(JSON.parse(born!.payload!)).not.toHaveProperty('channel')
    await engine.stop()
  })

  test.each(['Mail', 'webhook:', '', 'web', 'webhook:a\nb', 7])('cannot be %j', async (channel) => {
    const { engine } = await opened([leaf] as Workflow[])
    const start = engine.startRun('leaf', {}, { channel: channel as Channel })
    await expect(start).rejects.toMatchObject({ code: expect.stringMatching(/^bad-(start|text)$/) })
    await engine.stop()
  })
})
