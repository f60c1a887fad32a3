import { expect, test } from 'vitest'
import { z } from 'zod'
import type { Json } from '../../src/base/json/json.ts'
import {
  type Effect,
  type EffectAttempt,
  type EffectVerdict,
  NotApplied,
} from '../../src/engine/calls/effect/definition.ts'
import { effect } from '../../src/engine/calls/effect/effect.ts'
import { CoreContext } from '../../src/engine/context.ts'
import { defineWorkflow } from '../../src/engine/workflow.ts'
import { listPending } from '../../src/store/approvals/approvals.ts'
import { settle } from '../../src/testing/fake-clock.ts'
import { eventsOf, mortalEngine, rowOf, testEngine, typesOf } from './harness.ts'

type Outside = Partial<Effect> & Pick<Effect, 'effect' | 'run'>

/** A workflow of one effect; answers its result, or the code of its error. */
function oneEffect(definition: Outside) {
  const pay: Effect = { name: 'pay', ...definition }
  return defineWorkflow({
    name: 'one-effect',
    input: z.unknown(),
    run: (ctx: CoreContext) =>
      effect(CoreContext.callSiteOf(ctx), pay, { amount: 5 }).catch((error) => `error ${error.code}`),
  })
}

/** Starts the workflow, lets the process die while the effect acts, and starts another. */
async function dieInMidEffect(flow: ReturnType<typeof oneEffect>) {
  const first = await mortalEngine([flow])
  const handle = await first.engine.startRun(flow, {})
  await settle()
  await first.die()
  const { engine } = await testEngine([flow], { database: first.database, clock: first.clock })
  await engine.start()
  await settle()
  return { engine, database: first.database, clock: first.clock, id: handle.id }
}

/** Acts outside: the first attempt never answers, the others do. */
function hangingOnce(): { run: (args: Json, attempt: EffectAttempt) => unknown; attempts: EffectAttempt[] } {
  const attempts: EffectAttempt[] = []
  return {
    attempts,
    run: (_args, attempt) => {
      attempts.push(attempt)
      return attempts.length === 1 ? new Promise(() => {}) : `paid at attempt ${attempt.attempt}`
    },
  }
}

test('the intent is durable before the effect, with key, class, attempt, epoch and arguments', async () => {
  const seen: unknown[] = []
  let look = async () => {}
  const flow = oneEffect({
    effect: 'once',
    async run(args, { key, attempt }) {
      await look()
      return { args, key, attempt }
    },
  })
  const { engine, database } = await testEngine([flow])
  look = async () => {
    const rows = await database.all<{ type: string; payload: string }>('select type, payload from events')
    seen.push(...rows.map((row) => [row.type, JSON.parse(row.payload)]))
  }
  await engine.start()
  const handle = await engine.startRun(flow, {})
  const key = `identity0:${handle.id}:1`
  expect(await handle.result()).toEqual({
    status: 'succeeded',
    output: { args: { amount: 5 }, key, attempt: 1 },
  })
  expect(seen[1]).toEqual([
    'effect-intended',
    { key, class: 'once', attempt: 1, epoch: 1, args: { amount: 5 } },
  ])
  expect(await typesOf(database, handle.id)).toEqual([
    'run-started',
    'effect-intended',
    'effect-completed',
    'run-succeeded',
  ])
  await engine.stop()
})

test('a read is repeated after a death, without an intent', async () => {
  const { run, attempts } = hangingOnce()
  const { engine, database, id } = await dieInMidEffect(oneEffect({ effect: 'read', run }))
  expect(await engine.resultOf(id)).toMatchObject({ status: 'succeeded' })
  expect(attempts).toHaveLength(2)
  expect(await typesOf(database, id)).toEqual(['run-started', 'effect-completed', 'run-succeeded'])
  await engine.stop()
})

test('an idempotent effect is repeated after a death with the same key', async () => {
  const { run, attempts } = hangingOnce()
  const { engine, id } = await dieInMidEffect(oneEffect({ effect: 'idempotent', run }))
  expect(await engine.resultOf(id)).toEqual({ status: 'succeeded', output: 'paid at attempt 2' })
  expect(attempts.map((attempt) => attempt.attempt)).toEqual([1, 2])
  expect(new Set(attempts.map((attempt) => attempt.key)).size).toBe(1)
  await engine.stop()
})

for (const [verdict, expected, made] of [
  [{ outcome: 'applied', result: 'it was paid' }, 'it was paid', 1],
  [{ outcome: 'not-applied' }, 'paid at attempt 2', 2],
] as [EffectVerdict, string, number][]) {
  test(`a verifiable effect asks outside after a death: ${verdict.outcome}`, async () => {
    const { run, attempts } = hangingOnce()
    const asked: string[] = []
    const verify: Effect['verify'] = (_args, { key }) => {
      asked.push(key)
      return verdict
    }
    const { engine, clock, id } = await dieInMidEffect(oneEffect({ effect: 'verifiable', run, verify }))
    await clock.advance(1000)
    expect(await engine.resultOf(id)).toEqual({ status: 'succeeded', output: expected })
    expect(attempts).toHaveLength(made)
    expect(asked).toEqual([attempts[0]!.key])
    await engine.stop()
  })
}

/** An effect that hangs, and a service that cannot be asked about it before so many times. */
function unaskable(times: number) {
  const { run, attempts } = hangingOnce()
  let asked = 0
  const verify: Effect['verify'] = () => {
    if (asked++ < times) throw new Error('the bank is closed')
    return { outcome: 'applied', result: 'it was paid' }
  }
  return { flow: oneEffect({ effect: 'verifiable', run, verify }), attempts, asked: () => asked }
}

test('a service that cannot be asked is asked again, in later lives too, and nobody is bothered', async () => {
  const { flow, attempts, asked } = unaskable(5)
  const first = await dieInMidEffect(flow)
  expect(asked()).toBe(1)
  await first.clock.advance(2000)
  const before = asked()
  expect(before).toBeGreaterThan(1)
  await first.engine.stop()
  const { database, clock, id } = first
  const { engine } = await testEngine([flow], { database, clock })
  await engine.start()
  await settle()
  expect(asked()).toBe(before)
  await clock.advance(60_000)
  expect(await engine.resultOf(id)).toEqual({ status: 'succeeded', output: 'it was paid' })
  expect(asked()).toBe(6)
  expect(attempts).toHaveLength(1)
  expect(await listPending(database)).toEqual([])
  await engine.stop()
})

test('a service that cannot be asked for minutes is not asked for ever: a person is', async () => {
  const { flow, attempts, asked } = unaskable(100)
  const { engine, clock, database, id } = await dieInMidEffect(flow)
  await clock.advance(600_000)
  expect(asked()).toBe(11)
  const [question] = await listPending(database)
  expect(question).toMatchObject({ kind: 'outcome', subject: 'pay', run_id: id })
  expect(question!.shown).toContain('the bank is closed')
  expect(attempts).toHaveLength(1)
  await engine.control.decide(question!.id, {
    verdict: 'answer',
    by: 'ada',
    answer: { happened: true, result: 'seen' },
  })
  expect(await engine.resultOf(id)).toEqual({ status: 'succeeded', output: 'seen' })
  await engine.stop()
})

for (const [answer, expected, made] of [
  [{ happened: true, result: { receipt: 7 } }, { receipt: 7 }, 1],
  [{ happened: false, retry: true }, 'paid at attempt 2', 2],
  [{ happened: false, retry: false }, 'error not-applied', 1],
] as [Json, Json, number][]) {
  test(`a once effect is never repeated by itself; a person says ${JSON.stringify(answer)}`, async () => {
    const { run, attempts } = hangingOnce()
    const { engine, database, clock, id } = await dieInMidEffect(oneEffect({ effect: 'once', run }))
    await clock.advance(60_000)
    expect(attempts).toHaveLength(1)
    expect(await rowOf(database, id)).toMatchObject({ status: 'waiting' })
    const [question] = await listPending(database)
    expect(JSON.parse(question!.shown)).toMatchObject({
      tool: 'pay',
      args: { amount: 5 },
      key: attempts[0]!.key,
      attempt: 1,
    })
    await engine.control.decide(question!.id, { verdict: 'answer', by: 'ada', answer })
    expect(await engine.resultOf(id)).toEqual({ status: 'succeeded', output: expected })
    expect(attempts).toHaveLength(made)
    await engine.stop()
  })
}

test('the question about an outcome outlives another death', async () => {
  const { run } = hangingOnce()
  const flow = oneEffect({ effect: 'once', run })
  const second = await dieInMidEffect(flow)
  await second.database.run('delete from workers')
  const { engine } = await testEngine([flow], { database: second.database, clock: second.clock })
  await engine.start()
  const pending = await listPending(second.database)
  expect(pending).toHaveLength(1)
  await engine.control.decide(pending[0]!.id, {
    verdict: 'answer',
    by: 'ada',
    answer: { happened: true, result: 1 },
  })
  expect(await engine.resultOf(second.id)).toEqual({ status: 'succeeded', output: 1 })
  await engine.stop()
})

test('an answer that does not say what happened is refused', async () => {
  const { run } = hangingOnce()
  const { engine, database } = await dieInMidEffect(oneEffect({ effect: 'once', run }))
  const [question] = await listPending(database)
  const { decide } = engine.control
  for (const decision of [
    { verdict: 'approve', by: 'ada' },
    { verdict: 'reject', by: 'ada' },
    { verdict: 'answer', by: 'ada', answer: 'yes' },
  ] as const) {
    const deciding = decide.call(engine.control, question!.id, decision)
    await expect(deciding).rejects.toMatchObject({ code: 'wrong-answer' })
  }
  expect(await listPending(database)).toHaveLength(1)
  await engine.stop()
})

test('an error of a once effect leaves its outcome unknown, unless it certainly did nothing', async () => {
  const errors = [
    new NotApplied('refused before it was sent', { retryable: true }),
    new Error('connection lost'),
  ]
  let attempts = 0
  const flow = oneEffect({
    effect: 'once',
    retry: { attempts: 5, delay: 100 },
    run: () => {
      throw errors[attempts++]
    },
  })
  const { engine, clock, database } = await testEngine([flow])
  await engine.start()
  const handle = await engine.startRun(flow, {})
  await clock.advance(60_000)
  expect(attempts).toBe(2)
  expect((await listPending(database))[0]!.shown).toContain('connection lost')
  expect(await typesOf(database, handle.id)).toEqual([
    'run-started',
    'effect-intended',
    'effect-retrying',
    'effect-intended',
    'effect-unknown',
  ])
  await engine.stop()
})

test('a once effect that takes too long has an unknown outcome; an idempotent one is repeated', async () => {
  for (const [kind, attempts] of [
    ['once', 1],
    ['idempotent', 3],
  ] as const) {
    let made = 0
    const flow = oneEffect({
      effect: kind,
      timeoutMs: 1000,
      retry: { delay: 100 },
      run: () => {
        made++
        return new Promise(() => {})
      },
    })
    const { engine, clock, database } = await testEngine([flow])
    await engine.start()
    await engine.startRun(flow, {})
    await clock.advance(60_000)
    expect(made).toBe(attempts)
    expect(await listPending(database)).toHaveLength(kind === 'once' ? 1 : 0)
    await engine.stop()
  }
})

test('an effect that certainly failed for good is not tried again', async () => {
  let attempts = 0
  const flow = oneEffect({
    effect: 'once',
    run: () => {
      attempts++
      throw new NotApplied('the card was refused')
    },
  })
  const { engine } = await testEngine([flow])
  await engine.start()
  expect(await (await engine.startRun(flow, {})).result()).toEqual({
    status: 'succeeded',
    output: 'error not-applied',
  })
  expect(attempts).toBe(1)
  await engine.stop()
})

test('a worker that lost its claim neither acts on nor records an effect', async () => {
  let release = () => {}
  let effects = 0
  const flow = defineWorkflow({
    name: 'gated',
    input: z.unknown(),
    async run(ctx: CoreContext) {
      await ctx.step('gate', () => new Promise<void>((resolve) => (release = resolve)))
      const pay: Effect = { name: 'pay', effect: 'once', run: () => ++effects }
      return effect(CoreContext.callSiteOf(ctx), pay, {})
    },
  })
  const { engine, database } = await testEngine([flow])
  await engine.start()
  const handle = await engine.startRun(flow, {})
  await settle()
  await database.run(`update runs set epoch = epoch + 1, worker = 'another' where id = ?`, [handle.id])
  release()
  await settle()
  expect(effects).toBe(0)
  expect(await typesOf(database, handle.id)).toEqual(['run-started'])
  expect(engine.worker.active).toBe(0)
  await engine.stop()
})

test('an answer that comes while the process winds up is kept for the next one', async () => {
  let release = () => {}
  const { run } = hangingOnce()
  const pay: Effect = { name: 'pay', effect: 'once', run }
  const flow = defineWorkflow({
    name: 'two-branches',
    input: z.unknown(),
    run: (ctx: CoreContext) =>
      ctx.all([
        effect(CoreContext.callSiteOf(ctx), pay, {}),
        ctx.step('slow', () => new Promise((resolve) => (release = () => resolve('slow')))),
      ]),
  })
  const first = await mortalEngine([flow])
  const handle = await first.engine.startRun(flow, {})
  await settle()
  await first.die()
  const second = await testEngine([flow], { database: first.database, clock: first.clock })
  await second.engine.start()
  await settle()
  const [question] = await listPending(first.database)
  const stopped = second.engine.stop()
  await settle()
  await second.engine.control.decide(question!.id, {
    verdict: 'answer',
    by: 'ada',
    answer: { happened: true, result: 'yes' },
  })
  await settle()
  release()
  await stopped
  const third = await testEngine([flow], { database: first.database, clock: first.clock })
  await third.engine.start()
  await settle()
  release()
  expect(await third.engine.resultOf(handle.id)).toMatchObject({
    status: 'succeeded',
    output: ['yes', 'slow'],
  })
  expect((await eventsOf(first.database, handle.id)).at(-1)!.type).toBe('run-succeeded')
  await third.engine.stop()
})

test('attempts that their process did not survive do not use up the attempts of an effect', async () => {
  const made: number[] = []
  const flow = oneEffect({
    effect: 'idempotent',
    retry: { attempts: 2, delay: '1s' },
    run: (_args, { attempt }) => {
      made.push(attempt)
      if (attempt <= 2) return new Promise(() => {})
      if (attempt === 3) throw new Error('busy')
      return 'paid'
    },
  })
  const first = await mortalEngine([flow])
  const { database, clock } = first
  const { id } = await first.engine.startRun(flow, {})
  await settle()
  await first.die()
  const second = await mortalEngine([flow], { database, clock })
  await settle()
  await second.die()
  const { engine } = await testEngine([flow], { database, clock })
  await engine.start()
  await clock.advance(5000)
  expect(made).toEqual([1, 2, 3, 4])
  expect(await engine.resultOf(id)).toEqual({ status: 'succeeded', output: 'paid' })
  await engine.stop()
})
