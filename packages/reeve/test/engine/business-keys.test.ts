import { expect, test } from 'vitest'
import { z } from 'zod'
import type { Json } from '../../src/base/json/json.ts'
import { type Effect, NotApplied } from '../../src/engine/calls/effect/definition.ts'
import { effect } from '../../src/engine/calls/effect/effect.ts'
import { CoreContext } from '../../src/engine/context.ts'
import { defineWorkflow } from '../../src/engine/workflow.ts'
import { listPending } from '../../src/store/approvals/approvals.ts'
import { settle } from '../../src/testing/fake-clock.ts'
import { mortalEngine, testEngine, typesOf } from './harness.ts'

/** A workflow of one effect that is done once for the order that it is given; answers its result, or the code of its error. */
function buying(definition: Pick<Effect, 'run'> & Partial<Effect>, again: 'answer' | 'fail' = 'answer') {
  return defineWorkflow({
    name: 'buying',
    input: z.object({ order: z.string() }),
    run: (ctx: CoreContext, { order }) => {
      const oncePer = { name: 'buy', value: order, again }
      const buy: Effect = { name: 'buy', effect: 'once', ...definition, oncePer }
      return effect(CoreContext.callSiteOf(ctx), buy, { order }).catch((error) => `error ${error.code}`)
    },
  })
}

/** Buys, and remembers for which runs: each attempt ends as `ends` says, at last all as its last one. */
function shop(...ends: (() => unknown)[]) {
  const keys: string[] = []
  const run: Effect['run'] = (_args, { key }) => {
    keys.push(key)
    return (ends.length > 1 ? ends.shift()! : ends[0]!)()
  }
  return { keys, run }
}

const bought = () => ({ receipt: 'R-1' })
const hanging = () => new Promise(() => {})

test('runs that buy for one order at one moment buy once, and all get the receipt', async () => {
  const { keys, run } = shop(bought)
  const flow = buying({ run })
  const { engine, clock } = await testEngine([flow])
  await engine.start()
  const runs = await Promise.all(Array.from({ length: 20 }, () => engine.startRun(flow, { order: 'A' })))
  const other = await engine.startRun(flow, { order: 'B' })
  await clock.advance(2000)
  for (const each of [...runs, other])
    expect(await each.result()).toEqual({ status: 'succeeded', output: { receipt: 'R-1' } })
  expect(keys).toHaveLength(2)
  expect(new Set(keys).size).toBe(2)
})

test('a later run is answered at once, or refused where its tool says so', async () => {
  const { keys, run } = shop(bought)
  const flow = buying({ run })
  const { engine, database, clock } = await testEngine([flow])
  await engine.start()
  const first = await engine.startRun(flow, { order: 'A' })
  await first.result()
  const second = await engine.startRun(flow, { order: 'A' })
  expect(await second.result()).toMatchObject({ output: { receipt: 'R-1' } })
  expect(await typesOf(database, second.id)).toEqual([
    'run-started',
    'effect-shared',
    'effect-completed',
    'run-succeeded',
  ])
  await engine.stop()
  const strict = buying({ run }, 'fail')
  const refusing = await testEngine([strict], { database, clock })
  await refusing.engine.start()
  const third = await refusing.engine.startRun(strict, { order: 'A' })
  expect(await third.result()).toMatchObject({ output: 'error done-before' })
  expect(keys).toHaveLength(1)
})

test('an effect that certainly failed leaves its key to the next one; one that may have happened does not', async () => {
  const certain = shop(() => {
    throw new NotApplied('sold out')
  }, bought)
  const flow = buying({ run: certain.run })
  const { engine, database, clock } = await testEngine([flow])
  await engine.start()
  const failed = await engine.startRun(flow, { order: 'A' })
  expect(await failed.result()).toMatchObject({ output: 'error not-applied' })
  const next = await engine.startRun(flow, { order: 'A' })
  expect(await next.result()).toMatchObject({ output: { receipt: 'R-1' } })
  await engine.stop()

  const broken = shop(() => {
    throw new Error('a gateway said 500')
  }, bought)
  const maybe = buying({ run: broken.run, effect: 'idempotent', retry: { attempts: 1 } })
  const second = await testEngine([maybe], { database, clock })
  await second.engine.start()
  const unclear = await second.engine.startRun(maybe, { order: 'C' })
  expect(await unclear.result()).toMatchObject({ output: 'error Error' })
  const refused = await second.engine.startRun(maybe, { order: 'C' })
  expect(await refused.result()).toMatchObject({ output: 'error done-unclear' })
  expect(broken.keys).toHaveLength(1)
})

test('while the first is under way the second waits, through deaths of the process, and then has its answer', async () => {
  const { keys, run } = shop(hanging)
  const flow = buying({ run })
  const first = await mortalEngine([flow])
  const one = await first.engine.startRun(flow, { order: 'A' })
  await settle()
  const two = await first.engine.startRun(flow, { order: 'A' })
  await settle()
  expect(await typesOf(first.database, two.id)).toEqual(['run-started', 'effect-shared'])
  await first.die()
  const { database, clock } = first
  const second = await testEngine([flow], { database, clock })
  await second.engine.start()
  await clock.advance(60_000)
  expect(keys).toHaveLength(1)
  const [asked] = await listPending(database)
  expect(asked).toMatchObject({ kind: 'outcome', run_id: one.id })
  await second.engine.control.decide(asked!.id, {
    verdict: 'answer',
    by: 'ada',
    answer: { happened: true, result: { receipt: 'R-9' } },
  })
  await clock.advance(600_000)
  for (const each of [one, two])
    expect(await second.engine.resultOf(each.id)).toMatchObject({ output: { receipt: 'R-9' } })
  expect(keys).toHaveLength(1)
})

test('what a person says of a cancelled run frees its key', async () => {
  const { keys, run } = shop(hanging, bought)
  const flow = buying({ run })
  const first = await mortalEngine([flow])
  const one = await first.engine.startRun(flow, { order: 'A' })
  await settle()
  await first.die()
  const { database, clock } = first
  const { engine } = await testEngine([flow], { database, clock })
  await engine.start()
  await settle()
  await engine.control.cancel(one.id, 'ada')
  const refused = await engine.startRun(flow, { order: 'A' })
  expect(await refused.result()).toMatchObject({ output: 'error done-unclear' })
  const [asked] = await listPending(database)
  const answer: Json = { happened: false, retry: false }
  await engine.control.decide(asked!.id, { verdict: 'answer', by: 'ada', answer })
  const next = await engine.startRun(flow, { order: 'A' })
  expect(await next.result()).toMatchObject({ output: { receipt: 'R-1' } })
  expect(keys).toHaveLength(2)
})

test('what a person said of an attempt before says nothing of the one that a cancelled run made since', async () => {
  const { keys, run } = shop(hanging, hanging, bought)
  const flow = buying({ run })
  const first = await mortalEngine([flow])
  const { database, clock } = first
  const one = await first.engine.startRun(flow, { order: 'A' })
  await settle()
  await first.die()
  const second = await mortalEngine([flow], { database, clock })
  await settle()
  const [asked] = await listPending(database)
  const retry: Json = { happened: false, retry: true }
  await second.engine.control.decide(asked!.id, { verdict: 'answer', by: 'ada', answer: retry })
  await settle()
  expect(keys).toHaveLength(2)
  await second.die()
  const { engine } = await testEngine([flow], { database, clock })
  await engine.start()
  await settle()
  await engine.control.cancel(one.id, 'ada')
  const refused = await engine.startRun(flow, { order: 'A' })
  expect(await refused.result()).toMatchObject({ output: 'error done-unclear' })
  expect(keys).toHaveLength(2)
  const [again] = await listPending(database)
  await engine.control.decide(again!.id, {
    verdict: 'answer',
    by: 'ada',
    answer: { happened: false, retry: false },
  })
  const next = await engine.startRun(flow, { order: 'A' })
  expect(await next.result()).toMatchObject({ output: { receipt: 'R-1' } })
  await engine.stop()
})

const failing = () => {
  throw new Error('a gateway said 500')
}

test.each([
  { told: 'failed', answer: { happened: false, retry: false }, keys: 2, output: { receipt: 'R-1' } },
  {
    told: 'happened',
    answer: { happened: true, result: { receipt: 'R-7' } },
    keys: 1,
    output: { receipt: 'R-7' },
  },
])(
  'a person is asked of a call that failed in a run that went on, once somebody wants its key: $told',
  async ({ answer, keys: sent, output }) => {
    const { keys, run } = shop(failing, bought)
    const flow = buying({ run, effect: 'idempotent', retry: { attempts: 1 } })
    const { engine, database } = await testEngine([flow])
    await engine.start()
    const one = await engine.startRun(flow, { order: 'A' })
    expect(await one.result()).toMatchObject({ status: 'succeeded', output: 'error Error' })
    expect(await listPending(database)).toEqual([])
    for (const _ of [1, 2]) {
      const refused = await engine.startRun(flow, { order: 'A' })
      expect(await refused.result()).toMatchObject({ output: 'error done-unclear' })
    }
    const [asked, ...more] = await listPending(database)
    expect(asked).toMatchObject({ kind: 'outcome', run_id: one.id, subject: 'buy' })
    expect(more).toEqual([])
    await engine.control.decide(asked!.id, { verdict: 'answer', by: 'ada', answer: answer as Json })
    const next = await engine.startRun(flow, { order: 'A' })
    expect(await next.result()).toMatchObject({ output })
    expect(keys).toHaveLength(sent)
  },
)

test('a cancelled run that had begun an idempotent effect leaves no dead end', async () => {
  const { keys, run } = shop(hanging, bought)
  const flow = buying({ run, effect: 'idempotent' })
  const first = await mortalEngine([flow])
  const one = await first.engine.startRun(flow, { order: 'A' })
  await settle()
  await first.die()
  const { database, clock } = first
  const { engine } = await testEngine([flow], { database, clock })
  await engine.control.cancel(one.id, 'ada')
  await engine.start()
  await settle()
  const refused = await engine.startRun(flow, { order: 'A' })
  expect(await refused.result()).toMatchObject({ output: 'error done-unclear' })
  const [asked] = await listPending(database)
  expect(asked).toMatchObject({ kind: 'outcome', run_id: one.id })
  const answer: Json = { happened: false, retry: false }
  await engine.control.decide(asked!.id, { verdict: 'answer', by: 'ada', answer })
  const next = await engine.startRun(flow, { order: 'A' })
  expect(await next.result()).toMatchObject({ output: { receipt: 'R-1' } })
  expect(keys).toHaveLength(2)
})

test('an answer of before a retry says nothing of what the retried run does', async () => {
  const { keys, run } = shop(failing, failing, bought)
  const flow = defineWorkflow({
    name: 'strict-buying',
    input: z.object({ order: z.string() }),
    run: (ctx: CoreContext, { order }) => {
      const oncePer = { name: 'buy', value: order, again: 'answer' as const }
      const buy: Effect = { name: 'buy', effect: 'idempotent', retry: { attempts: 1 }, run, oncePer }
      return effect(CoreContext.callSiteOf(ctx), buy, { order })
    },
  })
  const { engine, database } = await testEngine([flow])
  await engine.start()
  const one = await engine.startRun(flow, { order: 'A' })
  await one.result()
  await (await engine.startRun(flow, { order: 'A' })).result()
  const [asked] = await listPending(database)
  const no: Json = { happened: false, retry: false }
  await engine.control.decide(asked!.id, { verdict: 'answer', by: 'ada', answer: no })
  await engine.control.retry(one.id, 'ada')
  await one.result()
  await settle()
  expect(keys).toHaveLength(2)
  const refused = await engine.startRun(flow, { order: 'A' })
  expect(await refused.result()).toMatchObject({ status: 'failed', error: { code: 'done-unclear' } })
  expect(keys).toHaveLength(2)
  const [again] = await listPending(database)
  expect(again!.id).not.toBe(asked!.id)
  // The run goes on by itself: nobody is asked any more, and a late answer counts for nothing.
  await engine.control.retry(one.id, 'ada')
  expect(await one.result()).toMatchObject({ output: { receipt: 'R-1' } })
  expect(await listPending(database)).toEqual([])
  const told = await engine.startRun(flow, { order: 'A' })
  expect(await told.result()).toMatchObject({ output: { receipt: 'R-1' } })
  expect(keys).toHaveLength(3)
})

test('an effect with a key of its own, made again as idempotent, is not as once', async () => {
  const { keys, run } = shop(failing, () => {
    throw new NotApplied('sold out')
  })
  const as = (effectClass: 'idempotent' | 'once') =>
    buying({ run, effect: effectClass, key: 'order-A', retry: { attempts: 2, delay: '1m' } })
  const first = await testEngine([as('idempotent')])
  await first.engine.start()
  const one = await first.engine.startRun(as('idempotent'), { order: 'A' })
  await settle()
  await first.engine.stop()
  const { database, clock } = first
  const { engine } = await testEngine([as('once')], { database, clock })
  await engine.start()
  await clock.advance(120_000)
  expect(await engine.resultOf(one.id)).toMatchObject({ output: 'error not-applied' })
  const next = await engine.startRun(as('once'), { order: 'A' })
  expect(await next.result()).toMatchObject({ output: 'error done-unclear' })
  expect(keys).toEqual(['order-A', 'order-A'])
})
