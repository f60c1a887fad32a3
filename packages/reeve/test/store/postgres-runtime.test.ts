import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { readEnvironment } from '../../src/base/config.ts'
import { silentLog } from '../../src/base/log.ts'
import type { CoreContext } from '../../src/engine/context.ts'
import { defineWorkflow } from '../../src/engine/workflow.ts'
import { projectOf, Runtime } from '../../src/runtime.ts'
import { verifyAudit } from '../../src/store/audit.ts'
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
  await first.engine.start()
  const { id } = await first.engine.startRun(ask, { order: 7 }, { idempotencyKey: 'order-7' })
  const again = await first.engine.startRun(ask, { order: 7 }, { idempotencyKey: 'order-7' })
  expect(again).toMatchObject({ id, isNew: false })
  let pending: { id: string } | undefined
  while (!pending) pending = await first.database.get('select id from approvals')
  await first.stop()

  const second = await open()
  await second.engine.start()
  await second.engine.control.decide(pending.id, { verdict: 'approve', by: 'ada' })
  expect(await second.engine.resultOf(id)).toEqual({
    status: 'succeeded',
    output: { draft: 'refund 7', status: 'approved' },
  })
  await expect(
    second.engine.control.decide(pending.id, { verdict: 'reject', by: 'bob' }),
  ).rejects.toMatchObject({ code: 'already-decided' })
  const report = await verifyAudit(second.database)
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
  await runtime.engine.start()
  const { id } = await runtime.engine.startRun(ask, {})
  let pending: { id: string } | undefined
  while (!pending) pending = await runtime.database.get('select id from approvals')
  const asked = pending.id
  const decisions = await Promise.allSettled(
    ['ada', 'bob', 'eve', 'joe'].map((by) =>
      runtime.engine.control.decide(asked, { verdict: by < 'c' ? 'approve' : 'reject', by }),
    ),
  )
  const refused = decisions.filter((decision) => decision.status === 'rejected')
  expect(refused.map(({ reason }) => (reason as { code: string }).code)).toEqual(
    Array(3).fill('already-decided'),
  )
  const stands = await runtime.database.get<{ decided_by: string }>('select decided_by from approvals')
  expect(await runtime.engine.resultOf(id)).toMatchObject({
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
  await runtime.engine.start()
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
  const beside = runtime.engine.startRun(flow, 'beside')
  const starts = await Promise.allSettled(
    refused.map((options) => runtime.engine.startRun(flow, {}, options)),
  )
  expect(starts.map(({ status }) => status)).toEqual(refused.map(() => 'rejected'))
  const whole = { key: '€'.repeat(341), queue: '😀'.repeat(256), idempotencyKey: '€'.repeat(341) }
  const longest = await runtime.engine.startRun(flow, 'longest', whole)
  const thrown = await runtime.engine.startRun(flow, 'throw')
  for (const { id } of [await beside, longest]) {
    expect(await runtime.engine.resultOf(id)).toEqual({
      status: 'succeeded',
      output: [Array(6).fill('bad-text'), 'half \ud83d'],
    })
  }
  expect(await runtime.engine.resultOf(thrown.id)).toMatchObject({ status: 'failed' })
  expect(await runtime.database.all('select id from runs')).toHaveLength(3)
  expect(await verifyAudit(runtime.database)).toMatchObject({ faults: [], integrity: [] })
  await runtime.stop()
})
