import { expect, test } from 'vitest'
import { z } from 'zod'
import { type Effect, NotApplied, PutOff } from '../../src/engine/calls/effect/definition.ts'
import { effect } from '../../src/engine/calls/effect/effect.ts'
import { CoreContext } from '../../src/engine/context.ts'
import { defineWorkflow, type Workflow } from '../../src/engine/workflow.ts'
import { testEngine, typesOf } from './harness.ts'

const outage = () => new NotApplied('nobody answers', { retryable: true, details: { outage: true } })

/** A workflow of one call to a service, which throws what `answer` gives; and when it was tried. */
async function calling(answer: (tried: number) => Error | undefined, more: Partial<Effect> = {}) {
  const tried: number[] = []
  let now = () => 0
  const call: Effect = {
    name: 'pay',
    effect: 'idempotent',
    outlastsOutages: true,
    ...more,
    run: () => {
      tried.push(now())
      const error = answer(tried.length)
      if (error) throw error
      return 'paid'
    },
  }
  const flow = defineWorkflow({
    name: 'pay',
    input: z.null(),
    run: async (ctx: CoreContext) => effect(CoreContext.callSiteOf(ctx), call, null),
  }) as Workflow
  const { engine, database, clock } = await testEngine([flow])
  now = () => clock.now()
  await engine.start()
  const { id } = await engine.startRun(flow, null)
  const status = async () => (await database.get<{ status: string }>('select status from runs'))!.status
  return { tried, database, clock, id, status }
}

test('an outage of some minutes is outlasted, ever further apart, and ends as it says', async () => {
  const { tried, clock, status } = await calling((count) => (count < 10 ? outage() : undefined))
  await clock.advance(100_000)
  expect(await status()).toBe('waiting')
  await clock.advance(200_000)
  expect([await status(), tried.length]).toEqual(['succeeded', 10])
  const waits = tried.slice(1).map((at, index) => at - tried[index]!)
  expect(waits.slice(0, 7)).toEqual(waits.slice(0, 7).toSorted((left, right) => left - right))
  expect(Math.max(...waits)).toBeLessThanOrEqual(72_001)
})

test('an outage that lasts fails the call in the end, and any other error after three attempts', async () => {
  const lasting = await calling(outage)
  await lasting.clock.advance(600_000)
  expect([await lasting.status(), lasting.tried.length]).toEqual(['failed', 11])
  const other = await calling(() => new NotApplied('refused for now', { retryable: true }))
  await other.clock.advance(600_000)
  expect([await other.status(), other.tried.length]).toEqual(['failed', 3])
})

test('errors of another kind count by themselves, and who says how often has his way', async () => {
  const mixed = await calling((count) =>
    count % 2 === 0 && count < 6
      ? new NotApplied('busy', { retryable: true })
      : count < 9
        ? outage()
        : undefined,
  )
  await mixed.clock.advance(600_000)
  expect([await mixed.status(), mixed.tried.length]).toEqual(['succeeded', 9])
  const told = await calling(outage, { retry: { attempts: 2, delay: 100 } })
  await told.clock.advance(600_000)
  expect([await told.status(), told.tried.length]).toEqual(['failed', 2])
})

test('who waited until the service was there again has all tries again', async () => {
  let closed = false
  let soon = () => 0
  const gate: Effect['gate'] = {
    ask: async () => (closed ? new PutOff('it is down', { at: soon(), until: 'account:x' }) : undefined),
  }
  const { tried, clock, status, database, id } = await calling(
    (count) => (count < 19 ? outage() : undefined),
    { gate },
  )
  soon = () => clock.now() + 60_000
  await clock.advance(150_000)
  const before = tried.length
  expect(before).toBeGreaterThan(7)
  closed = true
  await clock.advance(120_000)
  expect(await typesOf(database, id)).toContain('effect-paced')
  expect(await status()).toBe('waiting')
  closed = false
  await clock.advance(600_000)
  expect([await status(), tried.length]).toEqual(['succeeded', 19])
})
