import { expect, test } from 'vitest'
import { z } from 'zod'
import type { CoreContext } from '../../src/engine/context.ts'
import { defineWorkflow, type Workflow } from '../../src/engine/workflow.ts'
import { pageOfEvents } from '../../src/inspect/events/event-view.ts'
import { listRunPage } from '../../src/inspect/lists/run-list.ts'
import { viewRun } from '../../src/inspect/run/run-view.ts'
import { settle } from '../../src/testing/fake-clock.ts'
import { type TestEngine, testEngine } from '../engine/harness.ts'

const flow = (name: string, run: (ctx: CoreContext, input: unknown) => unknown): Workflow =>
  defineWorkflow({ name, input: z.unknown(), run }) as Workflow

async function started(
  ...workflows: Workflow[]
): Promise<TestEngine & { begin: (name: string) => Promise<string> }> {
  const bench = await testEngine(workflows)
  await bench.engine.start()
  const begin = async (name: string) => {
    const { id } = await bench.engine.startRun(name, { of: name })
    await settle()
    return id
  }
  return { ...bench, begin }
}

test('a run that succeeded is shown with its output, read from its last event', async () => {
  const { engine, database, begin } = await started(
    flow('greet', (ctx) => ctx.step('say', () => ({ said: 'hi' }))),
  )
  const view = await viewRun(database, await begin('greet'))
  expect(view).toMatchObject({
    workflow: 'greet',
    status: 'succeeded',
    output: { said: 'hi' },
    parentId: null,
    events: 3,
    chapter: 1,
    standing: { state: 'ended', waitsFor: null },
    asks: [],
  })
  expect(view).not.toHaveProperty('error')
  await engine.stop()
})

test('a run that failed is shown with code, message and the place in its code, and never with a stack', async () => {
  const { engine, database, begin } = await started(
    flow('fail', () => {
      throw new Error('it broke')
    }),
  )
  const view = await viewRun(database, await begin('fail'))
  const thrownIn = expect.stringMatching(/^packages\/reeve\/test\/inspect\/run-view\.test\.ts:\d+:\d+$/)
  expect(view.error).toEqual({ code: 'Error', message: 'it broke', thrownIn })
  expect(JSON.stringify(view)).not.toContain(import.meta.dirname)
  await engine.stop()
})

test('a run whose child asks a person waits for one, and shows what is asked', async () => {
  const asking = flow('asking', (ctx) => ctx.approve('send it', { show: { to: 'ada' } }))
  const { engine, database, begin } = await started(
    asking,
    flow('above', async (ctx) => (await ctx.start(asking, {})).result()),
  )
  const id = await begin('above')
  for (let turn = 0; turn < 5; turn++) {
    await engine.worker.tick()
    await settle()
  }
  const view = await viewRun(database, id)
  expect(view.standing).toEqual({
    state: 'waiting',
    runId: id,
    waitsFor: { for: 'person', words: 'a person must decide', approvals: 1 },
  })
  expect(view.asks).toMatchObject([
    { kind: 'approval', subject: 'send it', shown: { to: 'ada' }, allowed: ['approve', 'edit', 'reject'] },
  ])
  const { runs } = await listRunPage(database, { workflow: 'asking' })
  expect((await viewRun(database, runs[0]!.id)).parentId).toBe(id)
  await engine.stop()
})

test('a signal, a pause and a paused queue are told by what a person can do', async () => {
  const { engine, database, begin } = await started(flow('hear', (ctx) => ctx.waitFor('paid')))
  const id = await begin('hear')
  expect((await viewRun(database, id)).standing.waitsFor).toMatchObject({ for: 'signal', signal: 'paid' })
  await engine.control.pause(id)
  expect((await viewRun(database, id)).standing.waitsFor).toEqual({ for: 'resume', words: 'paused' })
  await engine.stop()
})

test('a journal is read by pages from both ends, and its words and payloads stay small', async () => {
  const { engine, database, begin } = await started(
    flow('long', async (ctx) => {
      for (let step = 0; step < 30; step++)
        await ctx.step(`s${step}`, () => 'x'.repeat(step === 7 ? 90_000 : 5000))
    }),
  )
  const id = await begin('long')
  await engine.resultOf(id)
  const first = await pageOfEvents(database, id, { limit: 10 })
  expect(first.events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  expect(first.more).toBe(true)
  expect(first.events[0]).toMatchObject({
    type: 'run-started',
    isCut: false,
    payload: { input: { of: 'long' } },
  })
  expect(first.events[2]).toMatchObject({ call: 2, name: 's1', isCut: true, size: 5002 })
  expect(first.events[8]).toMatchObject({ name: 's7', isCut: true, size: 90_002, words: '90002 characters' })
  for (const { payload, words } of first.events)
    expect(JSON.stringify(payload).length + words.length).toBeLessThan(4300)
  const last = await pageOfEvents(database, id, { before: 32, limit: 3 })
  expect(last).toMatchObject({ more: true, events: [{ seq: 29 }, { seq: 30 }, { seq: 31 }] })
  const end = await pageOfEvents(database, id, { after: 30 })
  expect(end).toMatchObject({ more: false, events: [{ seq: 31 }, { seq: 32, type: 'run-succeeded' }] })
  await engine.stop()
})

test('a page of runs says where the next one begins, and a cursor that is none is refused', async () => {
  const { engine, database, begin } = await started(flow('one', () => 1))
  const ids = [await begin('one'), await begin('one'), await begin('one')].reverse()
  const first = await listRunPage(database, { limit: 2 })
  expect(first.runs.map(({ id }) => id)).toEqual(ids.slice(0, 2))
  expect(first.searchedTo).toBe(first.runs[1]!.createdAt)
  const second = await listRunPage(database, { limit: 2, cursor: first.next! })
  expect(second.runs.map(({ id }) => id)).toEqual(ids.slice(2))
  expect([second.next, second.searchedTo]).toEqual([null, null])
  const exact = await listRunPage(database, { limit: 3 })
  expect(exact.next).toBeNull()
  for (const cursor of ['', 'no-1x', `id-'; drop table runs`, 'id-'])
    await expect(listRunPage(database, { cursor })).rejects.toMatchObject({ code: 'bad-cursor' })
  // The place of another list is none in this one.
  for (const cursor of ['no-1', 'at-1-1'])
    await expect(listRunPage(database, { cursor })).rejects.toMatchObject({ code: 'bad-cursor' })
  await expect(listRunPage(database, { status: 'waiting', cursor: first.next! })).rejects.toMatchObject({
    code: 'bad-cursor',
  })
  await engine.stop()
})

test('a run waits for the signal that its journal names, whatever stands in the name', async () => {
  const name = 'paid "in full" and 2 more'
  const { engine, database, begin } = await started(
    flow('paid', (ctx) => ctx.waitFor(name, { schema: z.unknown() })),
  )
  const { standing } = await viewRun(database, await begin('paid'))
  expect(standing.waitsFor).toMatchObject({ for: 'signal', signal: name })
  await engine.stop()
})
