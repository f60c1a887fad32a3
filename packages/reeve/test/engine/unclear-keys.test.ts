import { expect, test } from 'vitest'
import { z } from 'zod'
import type { Json } from '../../src/base/json/json.ts'
import { personal } from '../../src/base/schema/marked.ts'
import { Secrets } from '../../src/base/secrets/secrets.ts'
import type { Effect } from '../../src/engine/calls/effect/definition.ts'
import { effect } from '../../src/engine/calls/effect/effect.ts'
import { CoreContext } from '../../src/engine/context.ts'
import { defineWorkflow } from '../../src/engine/workflow.ts'
import { pruneProject } from '../../src/project/prune.ts'
import { listPending } from '../../src/store/approvals/approvals.ts'
import { dropMarked } from '../../src/store/marks/marked-values.ts'
import { type AuditKeySlot, redacting } from '../../src/store/redacting.ts'
import { SealingKey } from '../../src/store/secrets/key/sealing-key.ts'
import { FakeClock, settle } from '../../src/testing/fake-clock.ts'
import { callTool } from '../../src/tools/call.ts'
import { tool } from '../../src/tools/tool.ts'
import { mortalEngine, openTestDatabase, rowOf, testEngine } from '../engine/harness.ts'

const hanging = () => new Promise(() => {})
const failing = () => {
  throw new Error('a gateway said 500')
}

test('a retry does not send again what a person said happened', async () => {
  let sent = 0
  const run = () => {
    sent++
    if (sent === 1) failing()
    return { receipt: 'R-2' }
  }
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
  expect(await one.result()).toMatchObject({ status: 'failed' })
  await (await engine.startRun(flow, { order: 'A' })).result()
  const [asked] = await listPending(database)
  const answer: Json = { happened: true, result: { receipt: 'R-1' } }
  await engine.control.decide(asked!.id, { verdict: 'answer', by: 'ada', answer })
  await engine.control.retry(one.id, 'ada')
  expect(await one.result()).toMatchObject({ status: 'succeeded', output: { receipt: 'R-1' } })
  expect(sent).toBe(1)
  await engine.stop()
})

test('what a person told of a call without its result does not become the result of a tool that gives one', async () => {
  let sent = 0
  const buy = tool({
    name: 'buy',
    description: 'Buys',
    input: z.object({ order: z.string() }),
    output: z.object({ receipt: z.string() }),
    effect: 'idempotent',
    approval: 'never',
    retry: { attempts: 1 },
    oncePer: ({ order }) => order,
    run: () => {
      sent++
      if (sent === 1) failing()
      return { receipt: 'R-2' }
    },
  })
  const flow = defineWorkflow({
    name: 'buying',
    input: z.object({ order: z.string() }),
    run: (ctx: CoreContext, input) =>
      callTool(CoreContext.callSiteOf(ctx), buy, input).catch((error) => `error ${error.code}`),
  })
  const { engine, database } = await testEngine([flow])
  await engine.start()
  const order = async () => (await engine.startRun(flow, { order: 'A' })).result()
  await order()
  await order()
  const [asked] = await listPending(database)
  // What `reeve answer ID happened` says.
  await engine.control.decide(asked!.id, { verdict: 'answer', by: 'ada', answer: { happened: true } })
  expect(await order()).toMatchObject({ output: expect.not.stringContaining('bad-result') })
  await engine.stop()
})

test('the result that a second run is told has the texts, not the references of the first', async () => {
  const buy = tool({
    name: 'buy',
    description: 'Buys',
    input: z.object({ order: z.string() }),
    output: z.object({ iban: personal(z.string()) }),
    effect: 'once',
    approval: 'never',
    oncePer: ({ order }) => order,
    run: () => ({ iban: 'EH99 1234 5678 secret-bank' }),
  })
  const flow = defineWorkflow({
    name: 'buying',
    input: z.object({ order: z.string() }),
    run: (ctx: CoreContext, input) => callTool(CoreContext.callSiteOf(ctx), buy, input),
  })
  const { engine } = await testEngine([flow])
  await engine.start()
  const order = async () => (await engine.startRun(flow, { order: 'A' })).result()
  expect(await order()).toMatchObject({ output: { iban: 'EH99 1234 5678 secret-bank' } })
  expect(await order()).toMatchObject({ output: { iban: 'EH99 1234 5678 secret-bank' } })
  await engine.stop()
})

const pay = tool({
  name: 'pay',
  description: 'Pays',
  input: z.object({ iban: personal(z.string()) }),
  output: z.any(),
  effect: 'once',
  approval: 'never',
  oncePer: ({ iban }) => iban,
  run: hanging,
})
const paying = defineWorkflow({
  name: 'paying',
  input: z.object({ iban: personal(z.string()) }),
  run: (ctx: CoreContext, input) =>
    callTool(CoreContext.callSiteOf(ctx), pay, input).catch((error) => `error ${error.code}`),
})

test('a question about an outcome can be answered also when the marked texts of its run are gone', async () => {
  const first = await mortalEngine([paying])
  const { database, clock } = first
  const one = await first.engine.startRun(paying, { iban: 'EH99 1234' })
  await settle()
  await first.die()
  const { engine } = await testEngine([paying], { database, clock })
  await engine.control.cancel(one.id, 'ada')
  await engine.start()
  await settle()
  const [asked] = await listPending(database)
  expect(asked).toMatchObject({ kind: 'outcome' })
  await database.transaction((session) => dropMarked(session, 'personal', clock.now() + 1000, 100))
  const answer: Json = { happened: false, retry: false }
  await engine.control.decide(asked!.id, { verdict: 'answer', by: 'ada', answer })
  expect(await database.get('select status from business_keys')).toEqual({ status: 'released' })
})

test('a run that cannot ask about marked texts that are gone says so, and is not set aside or hung', async () => {
  const keep = tool({
    name: 'pay',
    description: 'Pays',
    input: z.object({ iban: personal(z.string()) }),
    output: z.any(),
    effect: 'idempotent',
    approval: 'never',
    oncePer: ({ iban }) => iban,
    run: hanging,
  })
  const flow = defineWorkflow({
    name: 'paying',
    input: z.object({ iban: personal(z.string()) }),
    run: (ctx: CoreContext, input) =>
      callTool(CoreContext.callSiteOf(ctx), keep, input).catch((error) => `error ${error.code}`),
  })
  const first = await mortalEngine([flow])
  const { database, clock } = first
  const one = await first.engine.startRun(flow, { iban: 'EH99 1234' })
  await settle()
  await first.die()
  const { engine } = await testEngine([flow], { database, clock })
  await engine.control.cancel(one.id, 'ada')
  await engine.start()
  await settle()
  expect(await rowOf(database, one.id)).toMatchObject({ status: 'cancelled' })
  expect(await listPending(database)).toEqual([])
  await database.transaction((session) => dropMarked(session, 'personal', clock.now() + 1000, 100))
  const two = await engine.startRun(flow, { iban: 'EH99 1234' })
  await clock.advance(60_000)
  expect(await rowOf(database, two.id)).toMatchObject({ status: 'succeeded' })
  expect(await two.result()).toMatchObject({ output: 'error done-unclear' })
  expect(await listPending(database)).toHaveLength(1)
  await engine.stop()
})

test('an answer about an outcome is an answer, not a rejection', async () => {
  const first = await mortalEngine([paying])
  const { database, clock } = first
  const one = await first.engine.startRun(paying, { iban: 'EH99 1234' })
  await settle()
  await first.die()
  const { engine } = await testEngine([paying], { database, clock })
  await engine.control.cancel(one.id, 'ada')
  await engine.start()
  await settle()
  const [asked] = await listPending(database)
  const answer: Json = { happened: false, retry: false }
  await expect(
    engine.control.decide(asked!.id, { verdict: 'reject', by: 'ada', answer }),
  ).rejects.toMatchObject({ code: 'wrong-answer' })
})

test('a chapter that ends with an unknown outcome leaves its key to what a person says', async () => {
  let sent = 0
  const run = () => {
    sent++
    if (sent === 1) failing()
    return { receipt: 'R-2' }
  }
  const buy: Effect = {
    name: 'buy',
    effect: 'once',
    run,
    oncePer: { name: 'buy', value: 'A', again: 'answer' },
  }
  const chapters = defineWorkflow({
    name: 'chapters',
    input: z.object({ chapter: z.number() }),
    async run(ctx: CoreContext, { chapter }): Promise<unknown> {
      if (chapter === 1) {
        void effect(CoreContext.callSiteOf(ctx), buy, {}).catch(() => undefined)
        await ctx.sleep('1m')
        return ctx.continueAs({ chapter: 2 })
      }
      await ctx.waitFor('end')
      return chapter
    },
  })
  const buying = defineWorkflow({
    name: 'buying',
    input: z.unknown(),
    run: (ctx: CoreContext) =>
      effect(CoreContext.callSiteOf(ctx), buy, {}).catch((error) => `error ${error.code}`),
  })
  const { engine, database, clock } = await testEngine([chapters, buying])
  await engine.start()
  const long = await engine.startRun(chapters, { chapter: 1 })
  await clock.advance(61_000)
  expect(await rowOf(database, long.id)).toMatchObject({ chapter: 2, status: 'waiting' })
  const [asked] = await listPending(database)
  expect(asked).toMatchObject({ kind: 'outcome' })
  const answer: Json = { happened: false, retry: false }
  await engine.control.decide(asked!.id, { verdict: 'answer', by: 'ada', answer })
  const next = await engine.startRun(buying, {})
  await clock.advance(10_000)
  expect(await rowOf(database, next.id)).toMatchObject({ status: 'succeeded' })
  expect(await next.result()).toMatchObject({ output: { receipt: 'R-2' } })
  await engine.stop()
})

test('a run of which a person must still say what became of an effect is not pruned', async () => {
  const once: Effect = { name: 'wire', effect: 'once', run: hanging }
  const flow = defineWorkflow({
    name: 'flow',
    input: z.unknown(),
    run: (ctx: CoreContext) => effect(CoreContext.callSiteOf(ctx), once, {}),
  })
  const first = await mortalEngine([flow])
  const { database, clock } = first
  const one = await first.engine.startRun(flow, {})
  await settle()
  await first.die()
  const { engine } = await testEngine([flow], { database, clock })
  await engine.control.cancel(one.id, 'ada')
  await engine.start()
  await settle()
  expect(await rowOf(database, one.id)).toMatchObject({ status: 'cancelled' })
  expect(await listPending(database)).toHaveLength(1)
  await engine.stop()
  const later = { ...clock, now: () => clock.now() + 31 * 86_400_000 } as never
  await pruneProject({ database, clock: later, retention: { cancelled: '30d' } })
  expect(await listPending(database)).toHaveLength(1)
})

test('a child that goes on after a person said that its effect happened does not send it again', async () => {
  const sent: string[] = []
  const run: Effect['run'] = (_args, { key }) => {
    sent.push(key)
    return sent.length === 1 ? hanging() : { receipt: 'again' }
  }
  const buying = defineWorkflow({
    name: 'buying',
    input: z.object({ order: z.string() }),
    run: (ctx: CoreContext, { order }) => {
      const oncePer = { name: 'buy', value: order, again: 'answer' as const }
      const buy: Effect = { name: 'buy', effect: 'idempotent', run, oncePer }
      return effect(CoreContext.callSiteOf(ctx), buy, { order }).catch((error) => `error ${error.code}`)
    },
  })
  let breaks = true
  const parent = defineWorkflow({
    name: 'parent',
    input: z.unknown(),
    async run(ctx: CoreContext) {
      const child = await ctx.start(buying, { order: 'A' })
      await ctx.sleep('1m')
      await ctx.step('break', () => {
        if (breaks) throw new TypeError('broken')
      })
      return child.result()
    },
  })
  const first = await mortalEngine([parent, buying])
  const { database, clock } = first
  const above = await first.engine.startRun(parent, {})
  await settle()
  expect(sent).toHaveLength(1)
  await first.die()
  await database.run(`update runs set paused = 1 where workflow = 'buying'`)
  const second = await testEngine([parent, buying], { database, clock })
  await second.engine.start()
  await clock.advance(120_000)
  await settle()
  expect(await rowOf(database, above.id)).toMatchObject({ status: 'failed' })
  const child = await database.get<{ status: string }>(`select status from runs where workflow = 'buying'`)
  expect(child).toMatchObject({ status: 'cancelled' })
  await second.engine.stop()
  breaks = false
  await database.run('update runs set paused = 0')
  const third = await testEngine([parent, buying], { database, clock })
  await third.engine.start()
  const refused = await third.engine.startRun(buying, { order: 'A' })
  expect(await refused.result()).toMatchObject({ output: 'error done-unclear' })
  const [asked] = await listPending(database)
  const answer: Json = { happened: true, result: { receipt: 'R-1' } }
  await third.engine.control.decide(asked!.id, { verdict: 'answer', by: 'ada', answer })
  await third.engine.control.retry(above.id, 'ada')
  await clock.advance(1000)
  expect(await third.engine.resultOf(above.id)).toMatchObject({ output: { receipt: 'R-1' } })
  expect(sent).toHaveLength(1)
  await third.engine.stop()
})

test('of a chapter with an unclear key nothing is pruned: a person can still be asked', async () => {
  let sent = 0
  const buy: Effect = {
    name: 'buy',
    effect: 'idempotent',
    retry: { attempts: 1 },
    run: () => {
      sent++
      return failing()
    },
    oncePer: { name: 'buy', value: 'A', again: 'answer' },
  }
  const chapters = defineWorkflow({
    name: 'chapters',
    input: z.object({ chapter: z.number() }),
    async run(ctx: CoreContext, { chapter }): Promise<unknown> {
      if (chapter === 1) {
        await effect(CoreContext.callSiteOf(ctx), buy, {}).catch(() => undefined)
        return ctx.continueAs({ chapter: 2 })
      }
      await ctx.waitFor('end')
      return chapter
    },
  })
  const buying = defineWorkflow({
    name: 'buying',
    input: z.unknown(),
    run: (ctx: CoreContext) =>
      effect(CoreContext.callSiteOf(ctx), buy, {}).catch((error) => `error ${error.code}`),
  })
  const { engine, database, clock } = await testEngine([chapters, buying])
  await engine.start()
  const long = await engine.startRun(chapters, { chapter: 1 })
  await clock.advance(1000)
  expect(await rowOf(database, long.id)).toMatchObject({ chapter: 2, status: 'waiting' })
  const later = { ...clock, now: () => clock.now() + 31 * 86_400_000 } as never
  await pruneProject({ database, clock: later, retention: { chapters: '30d' } })
  const next = await engine.startRun(buying, {})
  expect(await next.result()).toMatchObject({ output: 'error done-unclear' })
  expect(await listPending(database)).toMatchObject([{ kind: 'outcome', run_id: long.id }])
  expect(sent).toBe(1)
  await engine.stop()
})

test('a run can be cancelled, and its outcome settled, where its marked texts cannot be opened', async () => {
  const plain = await openTestDatabase(new FakeClock())
  const slot: AuditKeySlot = { marksKey: SealingKey.make() }
  const first = await mortalEngine([paying], { database: redacting(plain, new Secrets(), slot) })
  const { database, clock } = first
  const one = await first.engine.startRun(paying, { iban: 'EH99 1234' })
  await settle()
  await first.die()
  const kept = slot.marksKey
  slot.marksKey = undefined
  await database.run(`update runs set status = 'queued', worker = null where id = ?`, [one.id])
  const { engine } = await testEngine([paying], { database, clock })
  await engine.control.cancel(one.id, 'ada')
  const [asked] = await listPending(database)
  expect(asked).toMatchObject({ kind: 'outcome' })
  // Whether the key is there again or not.
  slot.marksKey = kept
  const answer: Json = { happened: false, retry: false }
  await engine.control.decide(asked!.id, { verdict: 'answer', by: 'ada', answer })
  expect(await database.get('select status from business_keys')).toEqual({ status: 'released' })
})
