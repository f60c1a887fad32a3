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
