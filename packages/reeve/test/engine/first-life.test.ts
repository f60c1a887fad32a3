import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { ReeveError } from '../../src/base/errors.ts'
import type { CoreContext } from '../../src/engine/context.ts'
import { defineWorkflow, type Workflow } from '../../src/engine/workflow.ts'
import { FakeClock } from '../../src/testing/fake-clock.ts'
import { eventsOf, mortalEngine, openTestDatabase, rowOf, testEngine, typesOf } from './harness.ts'

/** What a workflow was given in each of its lives: in its first, after a park, and after a death. */
async function livesOf(
  declared: Pick<Parameters<typeof defineWorkflow<CoreContext, never, undefined, unknown>>[0], never> & {
    input: z.ZodType
    body?: (ctx: CoreContext, input: unknown) => Promise<unknown>
  },
  given: unknown,
  meddle: () => void = () => {},
): Promise<unknown[]> {
  const seen: unknown[] = []
  const flow = defineWorkflow({
    name: 'flow',
    input: declared.input,
    async run(ctx: CoreContext, input: unknown) {
      const value = declared.body ? await declared.body(ctx, input) : input
      seen.push(structuredClone(value))
      await ctx.sleep('5s')
      await ctx.sleep('5s')
    },
  }) as Workflow
  const clock = new FakeClock(Date.UTC(2026, 0, 1))
  const database = await openTestDatabase(clock)
  const first = await mortalEngine([flow], { clock, database })
  const started = first.engine.startRun(flow, given)
  meddle()
  const { id } = await started
  await clock.advance(5001)
  await first.die()
  const { engine } = await testEngine([flow], { clock, database })
  await engine.start()
  await clock.advance(6000)
  expect(await engine.resultOf(id)).toMatchObject({ status: 'succeeded' })
  await engine.stop()
  expect(seen.length).toBeGreaterThan(2)
  return seen
}

function expectSame(lives: unknown[]): void {
  for (const life of lives) expect(life).toStrictEqual(lives[0])
}

test('a default is made once, and every life of the run sees it', async () => {
  const input = z.object({
    id: z.string().default(() => randomUUID()),
    at: z.number().default(() => performance.now()),
  })
  const lives = await livesOf({ input }, {})
  expectSame(lives)
  expect(lives[0]).toMatchObject({ id: expect.stringMatching(/^[0-9a-f-]{36}$/) })
})

test('a transform is applied once', async () => {
  const input = z.object({ text: z.string().transform((text) => `${text}!`), on: z.stringbool() })
  const lives = await livesOf({ input }, { text: 'a', on: 'yes' })
  expectSame(lives)
  expect(lives[0]).toEqual({ text: 'a!', on: true })
})

test('what the schema makes that is no JSON is made from what was given in each life', async () => {
  const input = z.object({
    day: z.coerce.date(),
    list: z.array(z.string()).transform((list) => new Set(list)),
  })
  const lives = await livesOf({ input }, { day: '2026-01-02', list: ['a'] })
  expectSame(lives)
  expect(lives[0]).toEqual({ day: new Date('2026-01-02'), list: new Set(['a']) })
})

test('a date, a map or a big integer that the schema draws is drawn once', async () => {
  const input = z.object({
    at: z.date().default(() => new Date(Math.floor(Math.random() * 1e12))),
    ids: z.unknown().transform(() => new Map([[randomUUID(), BigInt(Math.floor(Math.random() * 1e15))]])),
  })
  const lives = await livesOf({ input }, { ids: null })
  expect(lives[0]).toMatchObject({ at: expect.any(Date), ids: expect.any(Map) })
  expectSame(lives)
})

test('an error of a call is the same in every life: its record, without what JSON leaves out', async () => {
  const body = (ctx: CoreContext) =>
    ctx
      .step(
        'fails',
        () => {
          const details = { at: new Date(5), left: undefined, low: -0 }
          throw new ReeveError('odd', 'It failed.', { cause: new Error('why'), details })
        },
        { retry: { attempts: 1 } },
      )
      .catch(({ code, message, details, cause }) => ({ code, message, details, cause }))
  const lives = await livesOf({ input: z.null(), body }, null)
  expectSame(lives)
  expect(lives[0]).toMatchObject({ code: 'odd', details: { at: '1970-01-01T00:00:00.005Z' } })
})

test('the caller’s object is not the run’s', async () => {
  const given = { list: [1] }
  const lives = await livesOf({ input: z.any() }, given, () => given.list.push(2))
  expectSame(lives)
  expect(lives[0]).toEqual({ list: [1] })
})

test.each([[-0], [[-0]], [undefined], [{ a: undefined }], [null]])(
  'the first life sees %j as its replays do',
  async (given) => {
    expectSame(await livesOf({ input: z.any() }, given))
    const body = (ctx: CoreContext) => ctx.step('value', () => given as number)
    expectSame(await livesOf({ input: z.any(), body }, null))
  },
)

test('a check that goes by the clock is made at the start alone', async () => {
  const clock = new FakeClock(Date.UTC(2026, 0, 1))
  let now = 0
  const flow = defineWorkflow({
    name: 'flow',
    input: z.number().refine((at) => at > now),
    run: (ctx: CoreContext, at) => ctx.sleep('5s').then(() => at),
  })
  const { engine } = await testEngine([flow], { clock })
  await engine.start()
  const handle = await engine.startRun(flow, 5)
  now = 10
  await clock.advance(5001)
  expect(await handle.result()).toEqual({ status: 'succeeded', output: 5 })
  await expect(engine.startRun(flow, 5)).rejects.toMatchObject({ code: 'invalid-input' })
  await engine.stop()
})

test('the payload of a signal is read by its schema once', async () => {
  const schema = z.object({
    id: z.string().default(() => randomUUID()),
    text: z.string().transform((text) => `${text}!`),
  })
  const got: unknown[] = []
  const flow = defineWorkflow({
    name: 'flow',
    input: z.unknown(),
    async run(ctx: CoreContext) {
      got.push(await ctx.waitFor('go', { schema }))
      await ctx.sleep('5s')
      await ctx.sleep('5s')
    },
  })
  const { engine, clock, database } = await testEngine([flow])
  await engine.start()
  const handle = await engine.startRun(flow, {})
  await engine.control.signal(handle.id, 'go', { text: 'a' })
  await clock.advance(5001)
  await clock.advance(5001)
  expect(await handle.result()).toMatchObject({ status: 'succeeded' })
  expect(got.length).toBeGreaterThan(1)
  expect(got[0]).toMatchObject({ text: 'a!' })
  expectSame(got)
  expect(await typesOf(database, handle.id)).toContain('value-parsed')
  await engine.stop()
})

test('children, debounced starts and forks see what was read at the start', async () => {
  const input = z.object({ id: z.string().default(() => randomUUID()) })
  const seen = new Map<string, Set<string>>()
  const flow = defineWorkflow({
    name: 'flow',
    input,
    async run(ctx: CoreContext, { id }) {
      seen.set(ctx.runId, (seen.get(ctx.runId) ?? new Set()).add(id))
      await ctx.sleep('5s')
      return id
    },
  })
  const parent = defineWorkflow({
    name: 'parent',
    input: z.unknown(),
    run: async (ctx: CoreContext) => (await ctx.start(flow, {} as never)).result(),
  })
  const { engine, clock, database } = await testEngine([flow as unknown as Workflow, parent as Workflow])
  await engine.start()
  const debounced = await engine.startRun('flow', {}, { debounce: { key: 'k', delay: '2s' } })
  const above = await engine.startRun('parent', {})
  await clock.advance(2001)
  const fork = await engine.control.fork(debounced.id, 1, 'ada')
  await clock.advance(5001)
  await clock.advance(5001)
  const output = async (id: string) => ((await engine.resultOf(id)) as { output: string }).output
  expect(await output(fork)).toBe(await output(debounced.id))
  expect(await output(above.id)).toMatch(/^[0-9a-f-]{36}$/)
  for (const ids of seen.values()) expect(ids.size).toBe(1)
  expect((await rowOf(database, fork)).status).toBe('succeeded')
  await engine.stop()
})

test('the output is what its schema makes of the result, for every reader, or the run fails by field', async () => {
  const flow = defineWorkflow({
    name: 'sum',
    input: z.unknown(),
    output: z.object({
      total: z.number().refine((total) => BigInt(total) > 0n),
      currency: z.string().default('EUR'),
    }),
    run: (_ctx: CoreContext, total) => ({ total: total as number }),
  })
  const parent = defineWorkflow({
    name: 'parent',
    input: z.unknown(),
    run: async (ctx: CoreContext, total) => (await ctx.start(flow, total)).result(),
  })
  const { engine, database } = await testEngine([flow as Workflow, parent as Workflow])
  await engine.start()
  const fine = await engine.startRun(flow, 5)
  const output = { total: 5, currency: 'EUR' }
  expect(await fine.result()).toEqual({ status: 'succeeded', output })
  expect(JSON.parse((await eventsOf(database, fine.id)).at(-1)!.payload!)).toEqual(output)
  expect(await (await engine.startRun(parent, 5)).result()).toEqual({ status: 'succeeded', output })
  for (const total of ['much', 0.5]) {
    expect(await (await engine.startRun(flow, total)).result()).toMatchObject({
      status: 'failed',
      error: {
        code: 'invalid-output',
        message: expect.stringContaining('of workflow "sum" does not fit its output schema: '),
      },
    })
  }
  expect(await (await engine.startRun(parent, 'much')).result()).toMatchObject({
    status: 'failed',
    error: { code: 'child-failed', message: expect.stringContaining('total: ') },
  })
  await engine.stop()
})

test('a start takes what the input schema takes, and a result must be what the output schema takes', async () => {
  const flow = defineWorkflow({
    name: 'typed',
    input: z.object({ count: z.stringbool(), id: z.string().default('x') }),
    output: z.object({ at: z.string().default('now') }),
    run: (_ctx: CoreContext, input: { count: boolean; id: string }) => ({ at: `${input.id} ${input.count}` }),
  })
  const wrong = defineWorkflow({
    name: 'wrong',
    input: z.null(),
    output: z.object({ at: z.string() }),
    // @ts-expect-error: a number is no text
    run: (_ctx: CoreContext) => ({ at: 1 }),
  })
  const { engine } = await testEngine([flow as Workflow, wrong as Workflow])
  await engine.start()
  const handle = await engine.startRun(flow, { count: 'yes' })
  expect(await handle.result()).toEqual({ status: 'succeeded', output: { at: 'x true' } })
  expect(await (await engine.startRun(wrong, null)).result()).toMatchObject({
    status: 'failed',
    error: { code: 'invalid-output' },
  })
  await engine.stop()
})
