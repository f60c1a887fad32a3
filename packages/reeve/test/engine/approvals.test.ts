import { expect, test } from 'vitest'
import { z } from 'zod'
import type { Duration } from '../../src/base/time/time.ts'
import type { CoreContext } from '../../src/engine/context.ts'
import { defineWorkflow } from '../../src/engine/workflow.ts'
import { listPending, requireApproval } from '../../src/store/approvals/approvals.ts'
import { settle } from '../../src/testing/fake-clock.ts'
import { rowOf, type TestEngine, testEngine, typesOf } from './harness.ts'

const reply = defineWorkflow({
  name: 'reply',
  input: z.object({ timeout: z.custom<Duration>().optional() }),
  run: (ctx: CoreContext, { timeout }) =>
    ctx.approve('send', { show: { to: 'ada' }, ...(timeout === undefined ? {} : { timeout }) }),
})

async function asked(input: { timeout?: Duration } = {}) {
  const opened = await testEngine([reply])
  await opened.engine.start()
  const handle = await opened.engine.startRun(reply, input)
  await settle()
  const [approval] = await listPending(opened.database)
  return { ...opened, handle, approval: approval! }
}

/** Starts a workflow and answers its run's id and the one approval it waits for. */
async function firstPending({ database }: TestEngine): Promise<string> {
  await settle()
  return (await listPending(database))[0]!.id
}

test('a person sees exactly what is asked, and the run costs nothing meanwhile', async () => {
  const { engine, approval, handle, database } = await asked()
  expect(approval).toMatchObject({
    kind: 'approval',
    subject: 'send',
    shown: '{"to":"ada"}',
    run_id: handle.id,
    workflow: 'reply',
  })
  expect(engine.worker.active).toBe(0)
  expect(await rowOf(database, handle.id)).toMatchObject({ status: 'waiting', wake_at: null })
  await engine.stop()
})

for (const [decision, expected] of [
  [
    { verdict: 'approve', by: 'ada' },
    { status: 'approved', value: { to: 'ada' }, edited: false, by: 'ada', note: null },
  ],
  [
    { verdict: 'approve', by: 'ada', note: 'wrong person', answer: { to: 'eve' } },
    { status: 'approved', value: { to: 'eve' }, edited: true, by: 'ada', note: 'wrong person' },
  ],
  [
    { verdict: 'reject', by: 'eve', note: 'no' },
    { status: 'rejected', value: { to: 'ada' }, edited: false, by: 'eve', note: 'no' },
  ],
] as const) {
  test(`the run gets the decision: ${JSON.stringify(decision)}`, async () => {
    const { engine, approval, handle, database } = await asked()
    await engine.control.decide(approval.id, decision)
    expect(await handle.result()).toEqual({ status: 'succeeded', output: expected })
    expect(await requireApproval(database, approval.id)).toMatchObject({
      status: expected.status,
      decided_by: decision.by,
    })
    await engine.stop()
  })
}

test('the first of two decisions stands, and the run hears one', async () => {
  const { engine, approval, handle, database } = await asked()
  const decisions = await Promise.allSettled([
    engine.control.decide(approval.id, { verdict: 'approve', by: 'ada' }),
    engine.control.decide(approval.id, { verdict: 'reject', by: 'eve' }),
  ])
  expect(decisions.map((one) => one.status)).toEqual(['fulfilled', 'rejected'])
  const late = engine.control.decide(approval.id, { verdict: 'reject', by: 'eve' })
  await expect(late).rejects.toMatchObject({
    code: 'already-decided',
    message: expect.stringContaining('approved by ada'),
  })
  expect(await handle.result()).toMatchObject({ output: { status: 'approved' } })
  expect((await typesOf(database, handle.id)).filter((type) => type === 'approval-decided')).toHaveLength(1)
  await engine.stop()
})

test('without a decision an approval expires at its time, and cannot be decided after', async () => {
  const { engine, approval, handle, clock, database } = await asked({ timeout: '10m' })
  await clock.advance(599_999)
  expect(await rowOf(database, handle.id)).toMatchObject({ status: 'waiting' })
  await clock.advance(2)
  expect(await handle.result()).toMatchObject({ output: { status: 'expired', by: null } })
  expect(await requireApproval(database, approval.id)).toMatchObject({ status: 'expired' })
  const late = engine.control.decide(approval.id, { verdict: 'approve', by: 'ada' })
  await expect(late).rejects.toMatchObject({ code: 'approval-expired' })
  await engine.stop()
})

test('an approval past its time cannot be decided even if its run has not noticed yet', async () => {
  const { engine, approval, clock } = await asked({ timeout: '10m' })
  clock.jump(clock.now() + 86_400_000)
  const late = engine.control.decide(approval.id, { verdict: 'approve', by: 'ada' })
  await expect(late).rejects.toMatchObject({ code: 'approval-expired' })
  await engine.stop()
})

test('a decision in time counts, however late its run is woken', async () => {
  const { engine, approval, handle, clock, database } = await asked({ timeout: '10m' })
  await engine.stop()
  await engine.control.decide(approval.id, { verdict: 'approve', by: 'ada' })
  clock.jump(clock.now() + 2 * 86_400_000)
  const later = await testEngine([reply], { database, clock })
  await later.engine.start()
  expect(await later.engine.resultOf(handle.id)).toMatchObject({ output: { status: 'approved' } })
  expect(await requireApproval(database, approval.id)).toMatchObject({ status: 'approved' })
  await later.engine.stop()
})

test('unknown ids and answers of the wrong kind are refused', async () => {
  const { engine, approval } = await asked()
  const unknown = engine.control.decide('nope', { verdict: 'approve', by: 'ada' })
  await expect(unknown).rejects.toMatchObject({ code: 'unknown-approval' })
  const wrong = engine.control.decide(approval.id, { verdict: 'answer', by: 'ada', answer: 1 })
  await expect(wrong).rejects.toMatchObject({ code: 'wrong-answer' })
  await engine.stop()
})

test('what a run no longer waits for is withdrawn when it ends', async () => {
  const flow = defineWorkflow({
    name: 'race',
    input: z.unknown(),
    run: (ctx: CoreContext) =>
      ctx.race([ctx.approve('send', { show: 1 }), ctx.sleep('1h').then(() => 'late')]),
  })
  const opened = await testEngine([flow])
  const { engine, clock, database } = opened
  await engine.start()
  const handle = await engine.startRun(flow, {})
  const approval = await firstPending(opened)
  await clock.advance(3_600_001)
  expect(await handle.result()).toEqual({ status: 'succeeded', output: 'late' })
  expect(await requireApproval(database, approval)).toMatchObject({ status: 'withdrawn' })
  await engine.stop()
})

test('an approval withdrawn by a failure is asked again when the run is retried', async () => {
  let broken = true
  const flow = defineWorkflow({
    name: 'branches',
    input: z.unknown(),
    run: (ctx: CoreContext) =>
      ctx.all([
        ctx.approve('send', { show: 1 }).then((decision) => decision.status),
        ctx.step(
          'work',
          () => {
            if (broken) throw new TypeError('broken')
            return 'mended'
          },
          { retry: { attempts: 1 } },
        ),
      ]),
  })
  const opened = await testEngine([flow])
  const { engine, database } = opened
  await engine.start()
  const handle = await engine.startRun(flow, {})
  expect(await handle.result()).toMatchObject({ status: 'failed' })
  expect(await listPending(database)).toEqual([])
  broken = false
  await engine.control.retry(handle.id, 'ada')
  await engine.control.decide(await firstPending(opened), { verdict: 'approve', by: 'ada' })
  expect(await engine.resultOf(handle.id)).toEqual({ status: 'succeeded', output: ['approved', 'mended'] })
  await engine.stop()
})

test('a cancel that finds the run in mid-work withdraws what it goes on to ask', async () => {
  let release = () => {}
  const flow = defineWorkflow({
    name: 'busy',
    input: z.unknown(),
    async run(ctx: CoreContext) {
      await ctx.step('gate', () => new Promise<void>((resolve) => (release = resolve)))
      await ctx.approve('send', { show: 1 })
    },
  })
  const { engine, database } = await testEngine([flow])
  await engine.start()
  const handle = await engine.startRun(flow, {})
  await settle()
  release()
  await engine.control.cancel(handle.id, 'ada')
  await settle()
  expect(await handle.result()).toMatchObject({ status: 'cancelled' })
  expect(await listPending(database)).toEqual([])
  await engine.stop()
})

test('a decided approval leaves no expiry behind', async () => {
  const flow = defineWorkflow({
    name: 'decided',
    input: z.unknown(),
    async run(ctx: CoreContext) {
      const { status } = await ctx.approve('send', { show: 1, timeout: '10m' })
      await ctx.sleep('900ms')
      await ctx.sleep('5m')
      return status
    },
  })
  const opened = await testEngine([flow])
  const { engine, clock, database } = opened
  await engine.start()
  const handle = await engine.startRun(flow, {})
  const approval = await firstPending(opened)
  await clock.advance(599_500)
  await engine.control.decide(approval, { verdict: 'approve', by: 'ada' })
  await clock.advance(302_000)
  expect(await handle.result()).toEqual({ status: 'succeeded', output: 'approved' })
  expect((await typesOf(database, handle.id)).filter((type) => type === 'approval-decided')).toHaveLength(1)
  await engine.stop()
})

test('cancelling a run withdraws what it asks', async () => {
  const { engine, approval, handle, database } = await asked()
  await engine.control.cancel(handle.id, 'ada')
  expect(await requireApproval(database, approval.id)).toMatchObject({ status: 'withdrawn' })
  const late = engine.control.decide(approval.id, { verdict: 'approve', by: 'ada' })
  await expect(late).rejects.toMatchObject({ code: 'already-decided' })
  await engine.stop()
})
