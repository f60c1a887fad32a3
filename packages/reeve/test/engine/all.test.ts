import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import type { CoreContext } from '../../src/engine/context.ts'
import { defineWorkflow, type Workflow } from '../../src/engine/workflow.ts'
import { settle } from '../../src/testing/fake-clock.ts'
import { mortalEngine, testEngine } from './harness.ts'

async function outcomeOf(run: (ctx: CoreContext) => Promise<unknown>) {
  const flow = defineWorkflow({ name: 'flow', input: z.unknown(), run }) as Workflow
  const { engine } = await testEngine([flow])
  await engine.start()
  onTestFinished(() => engine.stop())
  return (await engine.startRun(flow, {})).result()
}

test.each([null, 'ab', {}])('neither ctx.all nor ctx.allSettled takes %j', async (items) => {
  const given = items as unknown as []
  expect(await outcomeOf((ctx) => ctx.all(given))).toMatchObject({ error: { code: 'bad-option' } })
  const settled = await outcomeOf((ctx) => ctx.allSettled(given))
  expect(settled).toMatchObject({
    error: { code: 'bad-option', message: expect.stringMatching(/allSettled/) },
  })
})

test.each([0, -1, Number.NaN, 0.5, 1.5, -0, Number.NEGATIVE_INFINITY, '2', null, {}])(
  'ctx.all with a concurrency of %s starts nothing and fails',
  async (concurrency) => {
    let begun = 0
    const result = await outcomeOf((ctx) =>
      ctx.all([() => ctx.step('a', () => ++begun)], { concurrency: concurrency as number }),
    )
    expect(result).toMatchObject({ status: 'failed', error: { code: 'bad-number' } })
    expect(begun).toBe(0)
  },
)

test.each([undefined, Number.POSITIVE_INFINITY, 1, 2, 1e9])(
  'ctx.all with a concurrency of %s does all',
  async (concurrency) => {
    const result = await outcomeOf((ctx) =>
      ctx.all(
        [1, 2, 3].map((each) => () => ctx.step(`${each}`, () => each)),
        concurrency === undefined ? {} : { concurrency },
      ),
    )
    expect(result).toEqual({ status: 'succeeded', output: [1, 2, 3] })
  },
)

test('ctx.allSettled does all however each ends, and takes what needs no waiting', async () => {
  const result = await outcomeOf(async (ctx) => {
    const ended = await ctx.allSettled(
      [
        () => ctx.step('first', () => 1),
        () => ctx.step('broken', () => Promise.reject(new TypeError('it broke')), { retry: { attempts: 1 } }),
        ctx.step('third', () => 3),
        () => {
          throw new RangeError('its own code')
        },
        'as it is',
      ],
      { concurrency: 1 },
    )
    return ended.map((each) => (each.status === 'fulfilled' ? each.value : each.reason.message))
  })
  expect(result).toEqual({ status: 'succeeded', output: [1, 'it broke', 3, 'its own code', 'as it is'] })
})

test('after one failure ctx.all begins no more, live as on replay', async () => {
  const begun: string[] = []
  const flow = defineWorkflow({
    name: 'flow',
    input: z.unknown(),
    async run(ctx: CoreContext) {
      const names = ['a', 'b', 'c', 'd', 'e', 'f']
      const failed = await ctx
        .all(
          names.map((name) => async () => {
            await ctx.step(name, () => {
              begun.push(name)
              if (name === 'b') throw new TypeError('b broke')
            })
            await ctx.step(`${name} again`, () => {})
          }),
          { concurrency: 2 },
        )
        .catch((error) => error.message)
      await ctx.sleep('1m')
      return [failed, await ctx.step('after', () => 1)]
    },
  }) as Workflow
  const first = await mortalEngine([flow])
  const handle = await first.engine.startRun(flow, {})
  await settle()
  await first.die()
  const { engine } = await testEngine([flow], { database: first.database, clock: first.clock })
  await engine.start()
  onTestFinished(() => engine.stop())
  await first.clock.advance(60_001)
  expect(await engine.resultOf(handle.id)).toEqual({ status: 'succeeded', output: ['b broke', 1] })
  expect(begun).toEqual(['a', 'b'])
})

test('a promise that fails before its turn has come does not end the process', async () => {
  const result = await outcomeOf((ctx) =>
    ctx.all(
      [
        () => ctx.step('slow', () => new Promise((resolve) => setImmediate(resolve))),
        (async () => {
          throw new Error('early')
        })(),
      ],
      { concurrency: 1 },
    ),
  )
  expect(result).toMatchObject({ status: 'failed', error: { message: 'early' } })
})

test('ctx.all of no array is refused', async () => {
  expect(await outcomeOf((ctx) => ctx.all({ a: 1 } as never))).toMatchObject({
    status: 'failed',
    error: { code: 'bad-option' },
  })
})
