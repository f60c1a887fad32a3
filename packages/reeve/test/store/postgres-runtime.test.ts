import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { readEnvironment } from '../../src/base/config.ts'
import type { Json } from '../../src/base/json/json.ts'
import { silentLog } from '../../src/base/log.ts'
import { workflow } from '../../src/context.ts'
import type { CoreContext } from '../../src/engine/context.ts'
import { defineWorkflow } from '../../src/engine/workflow.ts'
import { projectOf } from '../../src/project/load.ts'
import { internalsOf, Runtime } from '../../src/runtime/runtime.ts'
import { verifyAudit } from '../../src/store/audit/audit.ts'
import { tool } from '../../src/tools/tool.ts'
import { startPostgres, type TestServer } from './postgres.ts'

let server: TestServer

beforeAll(async () => {
  server = await startPostgres()
})

afterAll(() => server.stop())

test('DATABASE_URL alone moves a project to Postgres, where a run waits from one process to the next', async () => {
  const ask = defineWorkflow({
    name: 'ask',
    input: z.object({ order: z.number() }),
    async run(ctx: CoreContext, { order }) {
      const draft = await ctx.step('draft', () => `refund ${order}`)
      const decision = await ctx.approve('refund', { show: { draft } })
      await ctx.sleep(20)
      return { draft, status: decision.status }
    },
  })
  const url = await server.createDatabase()
  const open = () =>
    Runtime.open({
      project: projectOf({}, [ask]),
      environment: readEnvironment('/nowhere', { DATABASE_URL: url }),
      log: silentLog,
    })
  const first = await open()
  await internalsOf(first).engine.start()
  const { id } = await first.startRun(ask, { order: 7 }, { idempotencyKey: 'order-7' })
  const again = await first.startRun(ask, { order: 7 }, { idempotencyKey: 'order-7' })
  expect(again).toMatchObject({ id, isNew: false })
  let pending: { id: string } | undefined
  while (!pending) pending = await internalsOf(first).database.get('select id from approvals')
  await first.stop()

  const second = await open()
  await internalsOf(second).engine.start()
  await second.decide(pending.id, { verdict: 'approve', by: 'ada' })
  expect(await second.result(id)).toEqual({
    status: 'succeeded',
    output: { draft: 'refund 7', status: 'approved' },
  })
  await expect(second.decide(pending.id, { verdict: 'reject', by: 'bob' })).rejects.toMatchObject({
    code: 'already-decided',
  })
  const report = await verifyAudit(internalsOf(second).database)
  expect(report).toMatchObject({ runs: 1, faults: [], integrity: [] })
  await second.stop()
})

test('of decisions made at one moment the first stands, and the others are told', async () => {
  const ask = defineWorkflow({
    name: 'ask',
    input: z.unknown(),
    run: (ctx: CoreContext) => ctx.approve('send', { show: {} }),
  })
  const runtime = await Runtime.open({
    project: projectOf({}, [ask]),
    environment: readEnvironment('/nowhere', { DATABASE_URL: await server.createDatabase() }),
    log: silentLog,
  })
  await internalsOf(runtime).engine.start()
  const { id } = await runtime.startRun(ask, {})
  let pending: { id: string } | undefined
  while (!pending) pending = await internalsOf(runtime).database.get('select id from approvals')
  const asked = pending.id
  const decisions = await Promise.allSettled(
    ['ada', 'bob', 'eve', 'joe'].map((by) =>
      runtime.decide(asked, { verdict: by < 'c' ? 'approve' : 'reject', by }),
    ),
  )
  const refused = decisions.filter((decision) => decision.status === 'rejected')
  expect(refused.map(({ reason }) => (reason as { code: string }).code)).toEqual(
    Array(3).fill('already-decided'),
  )
  const stands = await internalsOf(runtime).database.get<{ decided_by: string }>(
    'select decided_by from approvals',
  )
  expect(await runtime.result(id)).toMatchObject({
    status: 'succeeded',
    output: { by: stands!.decided_by },
  })
  await runtime.stop()
})

test('a start that Postgres could not keep is refused, and the runs beside it are not touched', async () => {
  const flow = defineWorkflow({
    name: 'flow',
    input: z.unknown(),
    async run(ctx: CoreContext, input) {
      if (input === 'throw') throw new Error(`a\0b\ud83d ${'😀'.repeat(100_000)}`)
      const codes: string[] = []
      for (const name of [undefined, {}, Symbol('x'), 5, 'a\0b', 'x'.repeat(2_000_000)]) {
        const code = await ctx.step(name as never, () => 1).catch((error) => error.code)
        codes.push(code as string)
      }
      await ctx.sleep(1)
      return [codes, await ctx.step('half \ud83d', () => 'half \ud83d')]
    },
  })
  const runtime = await Runtime.open({
    project: projectOf({}, [flow]),
    environment: readEnvironment('/nowhere', { DATABASE_URL: await server.createDatabase() }),
    log: silentLog,
  })
  await internalsOf(runtime).engine.start()
  const refused = [
    { priority: Number.NaN },
    { priority: 1.5 },
    { priority: 2 ** 53 },
    { key: 'a\0b' },
    { key: 'x'.repeat(2_000_000) },
    { queue: 'a\0b' },
    { principal: 'a\0b' },
    { idempotencyKey: 'a\0b' },
    { delay: 1e18 },
  ]
  const beside = runtime.startRun(flow, 'beside')
  const starts = await Promise.allSettled(refused.map((options) => runtime.startRun(flow, {}, options)))
  expect(starts.map(({ status }) => status)).toEqual(refused.map(() => 'rejected'))
  const whole = { key: '€'.repeat(341), queue: '😀'.repeat(256), idempotencyKey: '€'.repeat(341) }
  const longest = await runtime.startRun(flow, 'longest', whole)
  const thrown = await runtime.startRun(flow, 'throw')
  for (const { id } of [await beside, longest]) {
    expect(await runtime.result(id)).toEqual({
      status: 'succeeded',
      output: [Array(6).fill('bad-text'), 'half \ud83d'],
    })
  }
  expect(await runtime.result(thrown.id)).toMatchObject({ status: 'failed' })
  expect(await internalsOf(runtime).database.all('select id from runs')).toHaveLength(3)
  expect(await verifyAudit(internalsOf(runtime).database)).toMatchObject({ faults: [], integrity: [] })
  await runtime.stop()
})

test('unfit signals, answers and results are refused on Postgres as on SQLite', async () => {
  const pay = tool({
    name: 'bank.pay',
    description: 'Pays.',
    input: z.object({ id: z.string().default(() => randomUUID()) }),
    output: z.object({ receipt: z.string() }),
    effect: 'once',
    approval: 'never',
    run: () => {
      throw new Error('the line went dead')
    },
  })
  const positive = z.object({ amount: z.number().refine((amount) => BigInt(amount) > 0n) })
  const flow = workflow({
    name: 'flow',
    input: z.object({ id: z.string().default(() => randomUUID()) }),
    output: z.object({ amount: z.number() }),
    async run(ctx, { id }) {
      const { amount } = await ctx.waitFor('pay', { schema: positive })
      await ctx.call(pay, {})
      await ctx.sleep(1500)
      return { amount, id }
    },
  })
  const url = await server.createDatabase()
  const open = () =>
    Runtime.open({
      project: projectOf({}, [flow as never]),
      environment: readEnvironment('/nowhere', { DATABASE_URL: url }),
      log: silentLog,
    })
  const first = await open()
  const { engine, database } = internalsOf(first)
  await engine.start()
  const { id } = await engine.startRun(flow, {})
  const until = (sql: string) => vi.waitUntil(() => database.get<{ id: string }>(sql), { timeout: 20_000 })
  const parked = () => until(`select id from runs where status = 'waiting' and reason like 'signal%'`)
  await parked()
  await expect(engine.control.signal(id, 'pay', { amount: 'x' })).rejects.toMatchObject({
    code: 'unfit-signal',
  })
  await engine.control.signal(id, 'pay', { amount: 0.5 })
  await until(`select type as id from events where type = 'signal-refused'`)
  await parked()
  expect(await engine.control.awaitedSignals(id)).toMatchObject([{ name: 'pay' }])
  await engine.control.signal(id, 'pay', { amount: 5 })
  const asked = await until(`select id from approvals where status = 'pending'`)
  const answer = (answer: Json) => engine.control.decide(asked!.id, { verdict: 'answer', by: 'ada', answer })
  await expect(answer({ happened: true })).rejects.toMatchObject({ code: 'wrong-answer' })
  await answer({ happened: true, result: { receipt: 'R1' } })
  await until(`select type as id from events where type = 'effect-completed'`)
  await first.stop()
  const second = await open()
  await internalsOf(second).engine.start()
  expect(await second.result(id)).toEqual({ status: 'succeeded', output: { amount: 5 } })
  await second.stop()
})
