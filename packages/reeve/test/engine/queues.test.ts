import { expect, test } from 'vitest'
import { z } from 'zod'
import type { CoreContext } from '../../src/engine/context.ts'
import { defineWorkflow, type Workflow } from '../../src/engine/workflow.ts'
import { noLimits, type QueueLimits, saveQueue } from '../../src/store/dispatch/queues/queues.ts'
import { drivenVersions, lackOf } from '../../src/store/dispatch/workers.ts'
import { settle } from '../../src/testing/fake-clock.ts'
import { eventsOf, rowOf, testEngine } from './harness.ts'

/** A workflow whose runs act until they are let go, by their input. */
function gated() {
  const begun: string[] = []
  const gates = new Map<string, () => void>()
  const workflow = defineWorkflow({
    name: 'gated',
    input: z.string(),
    key: (input) => input[0]!,
    run: (ctx: CoreContext, input) =>
      ctx.step('work', () => {
        begun.push(input)
        return new Promise<string>((resolve) => gates.set(input, () => resolve(input)))
      }),
  }) as Workflow
  const open = async (input: string) => {
    gates.get(input)!()
    await settle()
  }
  return { workflow, begun, open }
}

async function queued(limits: Partial<QueueLimits>, inputs: string[]) {
  const gate = gated()
  const opened = await testEngine([gate.workflow])
  await opened.database.transaction((session) => saveQueue(session, 'default', { ...noLimits, ...limits }))
  await opened.engine.start()
  const handles = []
  for (const input of inputs) handles.push(await opened.engine.startRun('gated', input))
  await settle()
  return { ...opened, ...gate, handles }
}

test('a queue drives no more than its concurrency at a time, and all in the end', async () => {
  const { engine, begun, open, handles } = await queued({ concurrency: 2 }, ['a', 'b', 'c', 'd'])
  expect(begun).toEqual(['a', 'b'])
  await open('a')
  expect(begun).toEqual(['a', 'b', 'c'])
  await open('b')
  await open('c')
  await open('d')
  expect(await Promise.all(handles.map((handle) => handle.result()))).toHaveLength(4)
  await engine.stop()
})

test('a queue that is paused begins nothing, not even what is started in the same moment', async () => {
  const { engine, database, begun } = await queued({}, [])
  expect(await engine.setQueuePaused('default', true)).toBe(true)
  const handle = await engine.startRun('gated', 'a')
  await settle()
  expect(begun).toEqual([])
  expect(await rowOf(database, handle.id)).toMatchObject({ status: 'queued' })
  expect(await engine.setQueuePaused('default', false)).toBe(true)
  await settle()
  expect(begun).toEqual(['a'])
  expect(await engine.setQueuePaused('nowhere', true)).toBe(false)
})

test('runs in the line of a key go on when its limit is lifted', async () => {
  const { engine, database, clock, begun, open } = await queued({ key_concurrency: 1 }, [
    'a1',
    'a2',
    'a3',
    'b1',
  ])
  expect(begun).toEqual(['a1', 'b1'])
  await database.transaction((session) => saveQueue(session, 'default', noLimits))
  await clock.advance(2000)
  expect(begun).toEqual(['a1', 'b1', 'a2', 'a3'])
  for (const input of begun) await open(input)
  await engine.stop()
})

test('runs with the same key wait for one another', async () => {
  const { engine, begun, open } = await queued({ key_concurrency: 1 }, ['a1', 'a2', 'b1', 'a3'])
  expect(begun).toEqual(['a1', 'b1'])
  await open('b1')
  expect(begun).toEqual(['a1', 'b1'])
  await open('a1')
  expect(begun).toEqual(['a1', 'b1', 'a2'])
  await open('a2')
  await open('a3')
  await engine.stop()
})

test('a rate admits its number in each window and goes on by itself', async () => {
  const { engine, begun, clock, open } = await queued({ rate_count: 2, rate_ms: 60_000 }, [
    'a',
    'b',
    'c',
    'd',
    'e',
  ])
  expect(begun).toEqual(['a', 'b'])
  for (const input of ['a', 'b']) await open(input)
  await clock.advance(59_000)
  expect(begun).toHaveLength(2)
  await clock.advance(1001)
  expect(begun).toEqual(['a', 'b', 'c', 'd'])
  await clock.advance(60_001)
  expect(begun).toHaveLength(5)
  for (const input of ['c', 'd', 'e']) await open(input)
  await engine.stop()
})

test('the higher priority goes first', async () => {
  const gate = gated()
  const { engine, database } = await testEngine([gate.workflow])
  await database.transaction((session) => saveQueue(session, 'default', { ...noLimits, concurrency: 1 }))
  for (const [input, priority] of [
    ['low', -1],
    ['middle', 0],
    ['high', 5],
  ] as const)
    await engine.startRun('gated', input, { priority })
  await engine.start()
  await settle()
  for (const input of ['high', 'middle', 'low']) await gate.open(input)
  expect(gate.begun).toEqual(['high', 'middle', 'low'])
  await engine.stop()
})

test('a delayed run begins at its time, not before', async () => {
  const { engine, begun, clock, open } = await queued({}, [])
  await engine.startRun('gated', 'later', { delay: '10m' })
  await clock.advance(599_999)
  expect(begun).toEqual([])
  await clock.advance(2)
  expect(begun).toEqual(['later'])
  await open('later')
  await engine.stop()
})

test('starts with one idempotency key make one run, and the others run nothing', async () => {
  const { engine, begun, open, database } = await queued({}, [])
  const key = { idempotencyKey: 'mail-1' }
  const starts = ['a', 'a', 'a'].map((input) => engine.startRun('gated', input, key))
  const handles = await Promise.all(starts)
  await settle()
  expect(handles.map((handle) => handle.isNew)).toEqual([true, false, false])
  expect(new Set(handles.map((handle) => handle.id)).size).toBe(1)
  expect(begun).toEqual(['a'])
  await open('a')
  await expect(engine.startRun('gated', 'd', key)).rejects.toMatchObject({ code: 'idempotency-conflict' })
  const late = await engine.startRun('gated', 'd', { ...key, ifKeyExists: 'return' })
  expect(await late.result()).toEqual({ status: 'succeeded', output: 'a' })
  expect(await database.all('select * from runs')).toHaveLength(1)
  await engine.stop()
})

test('starts that come together make one run with the last input, once they have ceased', async () => {
  const { engine, begun, clock, open, database } = await queued({}, [])
  const debounce = { key: 'ticket-7', delay: '1m' } as const
  const first = await engine.startRun('gated', 'one', { debounce })
  await clock.advance(50_000)
  const second = await engine.startRun('gated', 'two', { debounce })
  expect([first.isNew, second.isNew, second.id]).toEqual([true, false, first.id])
  await clock.advance(59_000)
  expect(begun).toEqual([])
  await clock.advance(1001)
  expect(begun).toEqual(['two'])
  const third = await engine.startRun('gated', 'three', { debounce })
  expect(third.isNew).toBe(true)
  await clock.advance(60_001)
  expect(begun).toEqual(['two', 'three'])
  for (const input of ['two', 'three']) await open(input)
  expect(await first.result()).toEqual({ status: 'succeeded', output: 'two' })
  expect((await eventsOf(database, first.id)).map((event) => event.type)).toContain('input-replaced')
  await engine.stop()
})

test('input that does not fit is refused by field, and no run is there', async () => {
  const { engine, database } = await queued({}, [])
  const start = engine.startRun('gated', { from: 1 } as never)
  await expect(start).rejects.toMatchObject({
    code: 'invalid-input',
    message: expect.stringContaining('gated'),
  })
  await expect(engine.startRun('nope', {})).rejects.toMatchObject({
    code: 'unknown-workflow',
    message: expect.stringContaining('This project has: gated'),
  })
  expect(await database.all('select * from runs')).toEqual([])
  await engine.stop()
})

test('a worker holds no more runs than its capacity, and takes the rest as it goes', async () => {
  const gate = gated()
  const { engine, database } = await testEngine([gate.workflow], { capacity: 2 })
  await engine.start()
  const handles = []
  for (const input of ['a', 'b', 'c']) handles.push(await engine.startRun('gated', input))
  await settle()
  expect(gate.begun).toEqual(['a', 'b'])
  expect((await rowOf(database, handles[2]!.id)).status).toBe('queued')
  for (const input of ['a', 'b', 'c']) await gate.open(input)
  expect(await handles[2]!.result()).toEqual({ status: 'succeeded', output: 'c' })
  await engine.stop()
})

test('two workflows of one name and version are refused', async () => {
  const { workflow } = gated()
  const { engine } = await testEngine([workflow])
  expect(() => engine.workflows.add(workflow)).toThrow(
    expect.objectContaining({ code: 'duplicate-workflow' }),
  )
})

test('a run of high priority goes before a backlog in another queue, on a worker with little room', async () => {
  const gate = gated()
  const { engine } = await testEngine([gate.workflow], { capacity: 1 })
  for (const input of ['a', 'b', 'c']) await engine.startRun('gated', input, { queue: 'bulk' })
  await engine.startRun('gated', 'z', { queue: 'urgent', priority: 100 })
  await engine.start()
  await settle()
  for (const input of ['z', 'a', 'b', 'c']) {
    expect(gate.begun.at(-1)).toBe(input)
    await gate.open(input)
  }
  await engine.stop()
})

test('a worker that lacks a workflow leaves its runs to one that has it, whenever that comes', async () => {
  const gate = gated()
  const added = defineWorkflow({ name: 'added', input: z.unknown(), run: () => 'here' }) as Workflow
  const first = await testEngine([gate.workflow])
  const { database, clock } = first
  await first.engine.start()
  const newer = await testEngine([gate.workflow, added], { database, clock })
  const { id } = await newer.engine.startRun('added', {})
  await first.engine.startRun('gated', 'a')
  await clock.advance(60_000)
  expect(gate.begun).toEqual(['a'])
  expect(await rowOf(database, id)).toMatchObject({ status: 'queued', epoch: 0, crashes: 0 })
  expect(lackOf(await rowOf(database, id), await drivenVersions(database))).toContain('"added" version 1')
  await newer.engine.start()
  expect(await newer.engine.resultOf(id)).toEqual({ status: 'succeeded', output: 'here' })
  await gate.open('a')
  await first.engine.stop()
  await newer.engine.stop()
})
