import { expect, test } from 'vitest'
import { z } from 'zod'
import { ReeveError } from '../../src/base/errors.ts'
import type { Json } from '../../src/base/json/json.ts'
import { delayAfter, type RetryPolicy, resolveRetry } from '../../src/engine/calls/retry.ts'
import type { StepAttempt, StepOptions } from '../../src/engine/calls/step.ts'
import type { CoreContext } from '../../src/engine/context.ts'
import { defineWorkflow } from '../../src/engine/workflow.ts'
import { verifyAudit } from '../../src/store/audit/audit.ts'
import { settle } from '../../src/testing/fake-clock.ts'
import { eventsOf, mortalEngine, rowOf, testEngine, typesOf } from './harness.ts'

/** A workflow of one step; answers what the step gave. */
function oneStep(body: (attempt: StepAttempt) => unknown, options?: StepOptions) {
  return defineWorkflow({
    name: 'one-step',
    input: z.unknown(),
    run: (ctx: CoreContext) => ctx.step('work', body, options),
  })
}

/** Fails until the given attempt; notes when each was made. */
function failingUntil(
  success: number,
  clock: () => number,
): { body: (a: StepAttempt) => string; at: number[] } {
  const at: number[] = []
  const body = ({ attempt }: StepAttempt) => {
    at.push(clock())
    if (attempt < success) throw new Error(`attempt ${attempt} failed`)
    return `attempt ${attempt}`
  }
  return { body, at }
}

test('a failing step is tried again with growing delays, three times unless said otherwise', async () => {
  let now = () => 0
  const { body, at } = failingUntil(3, () => now())
  const { engine, clock, database } = await testEngine([oneStep(body)])
  now = () => clock.now()
  await engine.start()
  const handle = await engine.startRun('one-step', {})
  const born = clock.now()
  await clock.advance(10_000)
  expect(await handle.result()).toEqual({ status: 'succeeded', output: 'attempt 3' })
  expect(at.map((ms) => ms - born)).toEqual([0, 500, 1500])
  expect(await typesOf(database, handle.id)).toEqual([
    'run-started',
    'step-retrying',
    'step-retrying',
    'step-completed',
    'run-succeeded',
  ])
  await engine.stop()
})

test('the last attempt’s error fails the run, with its code and message', async () => {
  let attempts = 0
  const flow = oneStep(
    () => {
      attempts++
      throw new ReeveError('no-luck', `attempt ${attempts}`, { retryable: true, details: { n: attempts } })
    },
    { retry: { attempts: 2, delay: 10 } },
  )
  const { engine, clock } = await testEngine([flow])
  await engine.start()
  const handle = await engine.startRun(flow, {})
  await clock.advance(1000)
  const result = await handle.result()
  expect(result).toMatchObject({
    status: 'failed',
    error: { code: 'no-luck', message: 'attempt 2', details: { n: 2 } },
  })
  expect(attempts).toBe(2)
  await engine.stop()
})

test('a long delay parks the run; another process makes the next attempt, not before its time', async () => {
  let now = () => 0
  const { body, at } = failingUntil(3, () => now())
  const flow = oneStep(body, { retry: { attempts: 3, delay: '1h', factor: 3, maxDelay: '2h' } })
  const first = await mortalEngine([flow])
  const { clock, database } = first
  now = () => clock.now()
  const handle = await first.engine.startRun(flow, {})
  const born = clock.now()
  await settle()
  expect(await rowOf(database, handle.id)).toMatchObject({ status: 'waiting', wake_at: born + 3_600_000 })
  expect(first.engine.worker.active).toBe(0)
  await first.die()
  const { engine } = await testEngine([flow], { database, clock })
  await engine.start()
  await clock.advance(3_599_999)
  expect(at).toHaveLength(1)
  await clock.advance(3 * 3_600_000)
  expect(await engine.resultOf(handle.id)).toEqual({ status: 'succeeded', output: 'attempt 3' })
  expect(at.map((ms) => ms - born)).toEqual([0, 3_600_000, 3_600_000 + 7_200_000])
  await engine.stop()
})

test('a receiver that names a time is obeyed', async () => {
  const at: number[] = []
  let now = () => 0
  const flow = oneStep(({ attempt }) => {
    at.push(now())
    if (attempt === 1)
      throw new ReeveError('busy', 'later', { retryable: true, details: { retryAfterMs: 30_000 } })
    return 'done'
  })
  const { engine, clock } = await testEngine([flow])
  now = () => clock.now()
  await engine.start()
  const handle = await engine.startRun(flow, {})
  await clock.advance(60_000)
  expect(await handle.result()).toMatchObject({ status: 'succeeded' })
  expect(at[1]! - at[0]!).toBe(30_000)
  await engine.stop()
})

test('a receiver that asks for too long a wait is asked again after the longest allowed', async () => {
  class Busy extends Error {
    readonly retryAfterMs = 86_400_000
  }
  const at: number[] = []
  let now = () => 0
  const busyOnce = ({ attempt }: StepAttempt) => {
    at.push(now())
    if (attempt === 1) throw new Error('refused', { cause: new Busy('tomorrow') })
    return 'done'
  }
  const flow = defineWorkflow({
    name: 'flow',
    input: z.object({}),
    run: async (ctx: CoreContext) => {
      await ctx.step('bounded', busyOnce, { retry: { maxRetryAfter: '10m' } })
      await ctx.step('by default', busyOnce)
    },
  })
  const { engine, clock } = await testEngine([flow])
  now = () => clock.now()
  await engine.start()
  const handle = await engine.startRun(flow, {})
  await clock.advance(2 * 3_600_000)
  expect(await handle.result()).toMatchObject({ status: 'succeeded' })
  expect([at[1]! - at[0]!, at[3]! - at[2]!]).toEqual([600_000, 3_600_000])
  await engine.stop()
})

test('mistakes in code and errors that say so are not tried again', async () => {
  for (const error of [new TypeError('x is not a function'), new ReeveError('refused', 'no')]) {
    let attempts = 0
    const flow = oneStep(() => {
      attempts++
      throw error
    })
    const { engine } = await testEngine([flow])
    await engine.start()
    const result = await (await engine.startRun(flow, {})).result()
    expect(result).toMatchObject({ status: 'failed', error: { message: error.message } })
    expect(attempts).toBe(1)
    await engine.stop()
  }
})

test('an attempt that takes too long is aborted, and tried again', async () => {
  const aborted: number[] = []
  const flow = oneStep(
    ({ attempt, signal }) => {
      if (attempt === 2) return 'in time'
      signal.addEventListener('abort', () => aborted.push(attempt))
      return new Promise(() => {})
    },
    { timeout: '2s', retry: { delay: 100 } },
  )
  const { engine, clock, database } = await testEngine([flow])
  await engine.start()
  const handle = await engine.startRun(flow, {})
  await clock.advance(1999)
  expect(aborted).toEqual([])
  await clock.advance(200)
  expect(aborted).toEqual([1])
  expect(await handle.result()).toEqual({ status: 'succeeded', output: 'in time' })
  const retrying = (await eventsOf(database, handle.id)).find((event) => event.type === 'step-retrying')!
  expect(JSON.parse(retrying.payload!)).toMatchObject({ attempt: 1, error: { code: 'timeout' } })
  await engine.stop()
})

test('every attempt, in whichever process, has the same key; another step has another', async () => {
  const keys: Record<string, string[]> = { a: [], b: [] }
  const flow = defineWorkflow({
    name: 'keys',
    input: z.unknown(),
    async run(ctx: CoreContext) {
      for (const name of ['a', 'b']) {
        await ctx.step(
          name,
          ({ key, attempt }) => {
            keys[name]!.push(key)
            if (attempt < 3) throw new Error('again')
          },
          { retry: { delay: '5s' } },
        )
      }
    },
  })
  const first = await mortalEngine([flow])
  const handle = await first.engine.startRun(flow, {})
  await first.clock.advance(6000)
  await first.die()
  const { engine } = await testEngine([flow], { database: first.database, clock: first.clock })
  await engine.start()
  await first.clock.advance(60_000)
  expect(await engine.resultOf(handle.id)).toMatchObject({ status: 'succeeded' })
  expect(keys.a).toHaveLength(3)
  expect(new Set(keys.a).size).toBe(1)
  expect(new Set(keys.b).size).toBe(1)
  expect(keys.a![0]).not.toBe(keys.b![0])
  await engine.stop()
})

test('a result that JSON would change is refused by its path, once, and the error can be caught', async () => {
  let attempts = 0
  const flow = defineWorkflow({
    name: 'dates',
    input: z.unknown(),
    async run(ctx: CoreContext) {
      const caught = await ctx
        .step('read', () => ({ mails: [{ at: new Date(++attempts) as unknown }] }))
        .catch((error: ReeveError) => ({
          code: error.code,
          message: error.message,
          path: error.details.path,
        }))
      await ctx.sleep('1h')
      return caught
    },
  })
  const { engine, clock } = await testEngine([flow])
  await engine.start()
  const handle = await engine.startRun(flow, {})
  await clock.advance(3_600_001)
  expect(await handle.result()).toEqual({
    status: 'succeeded',
    output: {
      code: 'not-serialisable',
      path: 'mails[0].at',
      message: expect.stringContaining('the result of step "read" cannot be kept: mails[0].at is a Date'),
    },
  })
  expect(attempts).toBe(1)
  await engine.stop()
})

test('a workflow result that JSON would change fails the run by its path', async () => {
  const flow = defineWorkflow({ name: 'map', input: z.unknown(), run: () => ({ all: new Map() }) })
  const { engine } = await testEngine([flow])
  await engine.start()
  const result = await (await engine.startRun(flow, {})).result()
  expect(result).toMatchObject({
    status: 'failed',
    error: { code: 'not-serialisable', details: { path: 'all' } },
  })
  await engine.stop()
})

test('a result over the cap is refused before anything of it is written', async () => {
  const flow = oneStep(() => 'x'.repeat(16 * 1024 * 1024))
  const { engine, database } = await testEngine([flow])
  await engine.start()
  const handle = await engine.startRun(flow, {})
  const result = await handle.result()
  expect(result).toMatchObject({
    status: 'failed',
    error: { code: 'payload-too-large', message: expect.stringContaining('16 MiB') },
  })
  expect(await database.all('select * from blobs')).toEqual([])
  await engine.stop()
})

test('a value without end or bottom is refused before its text is made', async () => {
  let shared: Json = 'x'
  let deep: Json = 'x'
  for (let depth = 0; depth < 60; depth++) shared = [shared, shared]
  for (let depth = 0; depth < 100_000; depth++) deep = [deep]
  const flowOf = (name: string, run: (ctx: CoreContext) => Promise<unknown>) =>
    defineWorkflow({ name, input: z.unknown(), run })
  const { engine } = await testEngine([
    flowOf('shared', (ctx) => ctx.step('one', () => shared)),
    flowOf('deep', (ctx) => ctx.step('one', () => deep)),
    flowOf('child', (ctx) => ctx.start('deep', shared)),
    flowOf('deep-child', (ctx) => ctx.start('deep', deep)),
    flowOf('log', async (ctx) => ctx.log('all', shared)),
  ])
  await engine.start()
  const errorOf = async (name: string) => {
    const result = await (await engine.startRun(name, 1)).result()
    return result.status === 'failed' ? `${result.error.code}: ${result.error.message}` : result.status
  }
  expect(await errorOf('shared')).toMatch(
    /^payload-too-large: the result of step "one" is larger than 16 MiB/,
  )
  expect(await errorOf('deep')).toMatch(/^not-serialisable: .* is more than 500 levels deep. Flatten it/)
  expect(await errorOf('child')).toMatch(/^payload-too-large: What a call was given is larger/)
  expect(await errorOf('deep-child')).toMatch(
    /^not-serialisable: What a call was given is more than 500 levels/,
  )
  expect(await errorOf('log')).toMatch(/^payload-too-large: the log line "all" is larger/)
  await engine.stop()
})

test('of a very long error message the journal keeps the beginning', async () => {
  const flow = oneStep(() => {
    throw new ReeveError('long', `It is ${'x'.repeat(1_000_000)}`)
  })
  const { engine } = await testEngine([flow])
  await engine.start()
  const result = await (await engine.startRun(flow, {})).result()
  const message = result.status === 'failed' ? result.error.message : ''
  expect(message).toMatch(/^It is x+… \(\d+ characters left out\)$/)
  expect(message.length).toBeLessThan(100_000)
  await engine.stop()
})

test('an input over the cap is refused and no run is there', async () => {
  const flow = oneStep(() => 1)
  const { engine, database } = await testEngine([flow])
  await engine.start()
  const start = engine.startRun(flow, 'x'.repeat(16 * 1024 * 1024))
  await expect(start).rejects.toMatchObject({ code: 'payload-too-large' })
  expect(await database.all('select * from runs')).toEqual([])
  await engine.stop()
})

test('a large result becomes a blob and comes back whole on replay', async () => {
  const large = 'ü'.repeat(300_000)
  let reads = 0
  const flow = defineWorkflow({
    name: 'large',
    input: z.unknown(),
    async run(ctx: CoreContext) {
      const text = await ctx.step('read', () => {
        reads++
        return large
      })
      await ctx.sleep('1h')
      return text === large
    },
  })
  const { engine, clock, database } = await testEngine([flow])
  await engine.start()
  const handle = await engine.startRun(flow, {})
  await clock.advance(3_600_001)
  expect(await handle.result()).toEqual({ status: 'succeeded', output: true })
  expect(reads).toBe(1)
  const step = (await eventsOf(database, handle.id)).find((event) => event.type === 'step-completed')!
  expect(step.blob).not.toBeNull()
  expect((await verifyAudit(database)).faults).toEqual([])
  await engine.stop()
})

test('however far the growth of no delay is, each attempt is made at once', async () => {
  let attempts = 0
  const flow = oneStep(
    () => {
      if (++attempts < 6) throw new ReeveError('no-luck', 'not yet', { retryable: true })
      return attempts
    },
    { retry: { attempts: 1200, delay: 0, factor: 1e200 } },
  )
  const { engine, database, clock } = await testEngine([flow])
  await engine.start()
  const handle = await engine.startRun(flow, {})
  for (let turn = 0; turn < 6; turn++) {
    await settle()
    await clock.advance(0)
  }
  expect(await handle.result()).toEqual({ status: 'succeeded', output: 6 })
  const retries = (await eventsOf(database, handle.id)).filter(({ type }) => type === 'step-retrying')
  expect(retries.map(({ payload }) => (JSON.parse(payload!) as { dueAt: number }).dueAt)).toEqual(
    Array(5).fill(clock.now()),
  )
  await engine.stop()
})

test.each<[RetryPolicy, number]>([
  [{ delay: 0 }, 0],
  [{ delay: 0, factor: 1e308, maxDelay: '1h' }, 0],
  [{ delay: 1, factor: 1e308, maxDelay: '1h' }, 3_600_000],
  [{ delay: '1h', factor: 1, maxDelay: '2h' }, 3_600_000],
  [{ delay: '2h', factor: 3, maxDelay: 0 }, 0],
])('the delay after many attempts with %j is bounded', (policy, delayMs) => {
  const resolved = resolveRetry({ ...policy, attempts: 5000 })
  for (const attempt of [2, 1025, 4999])
    expect(delayAfter(resolved, attempt, 0.5, new Error('no'))).toBe(delayMs)
})

test('a bad retry policy or timeout fails the step by name and harms no other run', async () => {
  const flow = defineWorkflow({
    name: 'bad-options',
    input: z.object({ retry: z.unknown().optional(), timeout: z.unknown().optional() }),
    run: (ctx: CoreContext, options) => ctx.step('work', () => 1, options as StepOptions),
  })
  const { engine } = await testEngine([flow])
  await engine.start()
  const resultFor = async (options: unknown) => (await engine.startRun(flow, options as never)).result()
  expect(await resultFor({ retry: { attempts: 0 } })).toMatchObject({ error: { code: 'bad-retry' } })
  for (const attempts of [Number.NaN, Number.POSITIVE_INFINITY, -1, 1.5])
    expect(() => resolveRetry({ attempts })).toThrow(expect.objectContaining({ code: 'bad-retry' }))
  for (const factor of [Number.NaN, Number.POSITIVE_INFINITY, -2, 0, 0.5])
    expect(() => resolveRetry({ factor })).toThrow(expect.objectContaining({ code: 'bad-retry' }))
  for (const delay of [Number.NaN, Number.POSITIVE_INFINITY, -1])
    expect(() => resolveRetry({ delay })).toThrow(expect.objectContaining({ code: 'bad-duration' }))
  expect(await resultFor({ retry: { factor: -1 } })).toMatchObject({ error: { code: 'bad-retry' } })
  expect(await resultFor({ timeout: '5 parsecs' })).toMatchObject({ error: { code: 'bad-duration' } })
  expect(await resultFor({})).toEqual({ status: 'succeeded', output: 1 })
  await engine.stop()
})

test('an error with particulars that are not JSON is journaled without them', async () => {
  const details: Record<string, unknown> = { size: 10n }
  details.self = details
  const flow = oneStep(() => {
    throw new ReeveError('odd', 'an odd error', { details })
  })
  const { engine } = await testEngine([flow])
  await engine.start()
  const result = await (await engine.startRun(flow, {})).result()
  expect(result).toMatchObject({ status: 'failed', error: { code: 'odd', message: 'an odd error' } })
  await engine.stop()
})

test.each<[string, () => unknown]>([
  ['a proxy that refuses', () => new Proxy(new Error('x'), { get: cannotBeRead })],
  [
    'a message that cannot be read',
    () => Object.defineProperty(new Error('x'), 'message', { get: cannotBeRead }),
  ],
  [
    'a cause that cannot be read',
    () => Object.defineProperty(new Error('x'), 'cause', { get: cannotBeRead }),
  ],
  ['an error without its details', () => Object.assign(new ReeveError('x', 'x'), { details: null })],
])(
  'a run ends with an error that cannot be read, thrown by a step or by the workflow: %s',
  async (_, made) => {
    const inStep = oneStep(
      () => {
        throw made()
      },
      { retry: { attempts: 2, delay: 1 } },
    )
    const inFlow = defineWorkflow({
      name: 'throws',
      input: z.unknown(),
      run: () => {
        throw made()
      },
    })
    const { engine, clock } = await testEngine([inStep, inFlow])
    await engine.start()
    const handles = [await engine.startRun(inStep, {}), await engine.startRun(inFlow, {})]
    await clock.advance(1000)
    for (const handle of handles) expect(await handle.result()).toMatchObject({ status: 'failed' })
    await engine.stop()
  },
)

test('an error that is its own cause fails a step as itself', async () => {
  const circle = new Error('went wrong')
  circle.cause = circle
  const flow = oneStep(
    () => {
      throw circle
    },
    { retry: { attempts: 2, delay: 1 } },
  )
  const { engine, clock } = await testEngine([flow])
  await engine.start()
  const handle = await engine.startRun(flow, {})
  await clock.advance(1000)
  expect(await handle.result()).toMatchObject({ error: { message: 'went wrong (went wrong)' } })
  await engine.stop()
})

function cannotBeRead(): never {
  throw new Error('cannot be read')
}
