import { expect, test } from 'vitest'
import { z } from 'zod'
import { silentLog } from '../../src/base/log.ts'
import type { Effect } from '../../src/engine/calls/effect/definition.ts'
import { effect } from '../../src/engine/calls/effect/effect.ts'
import { CallRates } from '../../src/engine/calls/effect/rate/call-rates.ts'
import { CoreContext } from '../../src/engine/context.ts'
import { defineWorkflow, type Workflow } from '../../src/engine/workflow.ts'
import { listPending } from '../../src/store/approvals/approvals.ts'
import { settle } from '../../src/testing/fake-clock.ts'
import { mortalEngine, rowOf, testEngine, typesOf } from './harness.ts'

/** A workflow that makes one rated call, and when its calls began. */
function rated(now: () => number, options: { count: number; perMs: number; by?: (input: string) => string }) {
  const calls: { at: number; input: string }[] = []
  const workflow = defineWorkflow({
    name: 'rated',
    input: z.string(),
    async run(ctx: CoreContext, input) {
      const rate = { name: 'tool:mail', key: options.by?.(input) ?? '', ...options }
      const call: Effect = {
        name: 'mail',
        effect: 'idempotent',
        rate,
        run: () => {
          calls.push({ at: now(), input })
          return 'sent'
        },
      }
      return effect(CoreContext.callSiteOf(ctx), call, input)
    },
  }) as Workflow
  return { workflow, calls }
}

/** The most calls in any stretch of `ms`. */
function densest(times: number[], ms: number): number {
  return Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + ms).length))
}

test('a rate holds over workers in every stretch of time; who waits is parked, and all are called', async () => {
  let now = () => 0
  const { workflow, calls } = rated(() => now(), { count: 3, perMs: 60_000 })
  const { engine, database, clock } = await testEngine([workflow])
  now = () => clock.now()
  await engine.start()
  const other = await testEngine([workflow], { database, clock })
  await other.engine.start()
  const handles = []
  for (let index = 0; index < 14; index++) {
    handles.push(await (index % 2 ? engine : other.engine).startRun('rated', `${index}`))
    if (index % 5 === 4) await clock.advance(7000)
  }
  await settle()
  expect(calls).toHaveLength(3)
  expect(engine.worker.active + other.engine.worker.active).toBe(0)
  const waiting = await database.all('select wake_at from runs where wake_at is not null')
  expect(waiting).toHaveLength(11)
  await clock.advance(600_000)
  expect(calls).toHaveLength(14)
  expect(
    densest(
      calls.map(({ at }) => at),
      60_000,
    ),
  ).toBeLessThanOrEqual(3)
  expect(calls.at(-1)!.at - calls[0]!.at).toBeLessThan(5.5 * 60_000)
  for (const handle of handles) expect(await handle.result()).toEqual({ status: 'succeeded', output: 'sent' })
  await engine.stop()
  await other.engine.stop()
})

test('calls are counted apart by what the rate names', async () => {
  const { workflow, calls } = rated(() => 0, { count: 1, perMs: 60_000, by: (input) => input })
  const { engine, clock } = await testEngine([workflow])
  await engine.start()
  for (const input of ['ann', 'ann', 'bob']) await engine.startRun('rated', input)
  await clock.advance(100)
  expect(calls.map(({ input }) => input).sort()).toEqual(['ann', 'bob'])
  await clock.advance(70_000)
  expect(calls).toHaveLength(3)
  await engine.stop()
})

test('a call that waits for its rate goes on after its worker died, and is cancelled like any other', async () => {
  const { workflow, calls } = rated(() => 0, { count: 1, perMs: 60_000 })
  const first = await mortalEngine([workflow])
  const { database, clock } = first
  await first.engine.startRun('rated', 'a')
  const second = await first.engine.startRun('rated', 'b')
  const third = await first.engine.startRun('rated', 'c')
  await settle()
  expect(await typesOf(database, second.id)).toEqual(['run-started', 'effect-paced'])
  await first.die()
  const { engine } = await testEngine([workflow], { database, clock })
  await engine.start()
  await engine.control.cancel(third.id, 'ada')
  await clock.advance(400_000)
  expect(await engine.resultOf(second.id)).toEqual({ status: 'succeeded', output: 'sent' })
  expect(calls.map(({ input }) => input)).toEqual(['a', 'b'])
  expect(await rowOf(database, third.id)).toMatchObject({ status: 'cancelled' })
  await engine.stop()
})

test('a process that is late with a call that its rate allowed asks for it anew', async () => {
  const { workflow, calls } = rated(() => 0, { count: 2, perMs: 10_000 })
  const { engine, database, clock } = await testEngine([workflow])
  await engine.start()
  const { commits } = engine.services
  const submit = commits.submit.bind(commits)
  let slow = 2
  // The commit of an intent takes longer than the token allows the call to begin.
  commits.submit = (source) => {
    if (slow-- > 0) void clock.advance(700).then(() => submit(source))
    else submit(source)
  }
  const handle = await engine.startRun('rated', 'a')
  await clock.advance(60_000)
  expect(await handle.result()).toEqual({ status: 'succeeded', output: 'sent' })
  expect(calls).toHaveLength(1)
  expect(await typesOf(database, handle.id)).toContain('effect-paced')
  await engine.stop()
})

test('an answer that allows another attempt is not lost while the attempt waits for its rate and the process dies', async () => {
  let attempts = 0
  const pay: Effect = {
    name: 'pay',
    effect: 'once',
    rate: { name: 'tool:pay', key: '', count: 10, perMs: 1000 },
    run: () => {
      attempts++
      if (attempts === 1) throw new Error('connection lost')
      return 'paid'
    },
  }
  const flow = defineWorkflow({
    name: 'paying',
    input: z.any(),
    async run(ctx: CoreContext) {
      const noted = async () => {
        await ctx.waitFor('go', { schema: z.any() })
        return ctx.step('note', () => 'noted')
      }
      return Promise.all([effect(CoreContext.callSiteOf(ctx), pay, null), noted()])
    },
  }) as Workflow
  const first = await mortalEngine([flow])
  const { database, clock } = first
  const { id } = await first.engine.startRun('paying', null)
  await settle()
  const question = (await listPending(database))[0]!
  first.engine.services.callRates.take = () => new Promise(() => {})
  await first.engine.control.decide(question.id, {
    verdict: 'answer',
    by: 'ada',
    answer: { happened: false, retry: true },
  })
  await settle()
  await first.engine.control.signal(id, 'go', null)
  await settle()
  expect(await typesOf(database, id)).toContain('step-completed')
  await first.die()
  const { engine } = await testEngine([flow], { database, clock })
  await engine.start()
  await clock.advance(60_000)
  expect(await engine.resultOf(id)).toEqual({ status: 'succeeded', output: ['paid', 'noted'] })
  expect(attempts).toBe(2)
  await engine.stop()
})

test('what arrives later than was thought possible counts from then on', async () => {
  const { database, clock } = await testEngine([])
  const rates = new CallRates(database, clock, silentLog)
  const one = { name: 'service:one', key: '', count: 1, perMs: 1000, onWayMs: 10_000 }
  const ask = () => rates.take({ rate: one, slackMs: 50, waited: false })
  const first = await ask()
  if (!('turns' in first)) throw new Error('there was room')
  // Its worker stood still for longer than a request may be on its way, and its place was forgotten.
  await clock.advance(12_000)
  rates.arrived({ rate: one, token: first.turns[0]!.token, isUsed: true })
  expect(await ask()).toEqual({ retryAt: expect.any(Number) })
  await clock.advance(1_002)
  expect(await ask()).toMatchObject({ turns: [{ isNow: true }] })
})
