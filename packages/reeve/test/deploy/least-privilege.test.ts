import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { silentLog } from '../../src/base/log.ts'
import { systemClock } from '../../src/base/time/time.ts'
import type { CoreContext } from '../../src/engine/context.ts'
import { Engine } from '../../src/engine/engine.ts'
import { defineWorkflow } from '../../src/engine/workflow.ts'
import { verifyAudit } from '../../src/store/audit/audit.ts'
import { identityOf, migrate } from '../../src/store/migrations.ts'
import { PostgresDatabase } from '../../src/store/postgres/postgres.ts'
import { startOwnPostgres, type TestServer } from '../store/postgres.ts'

let server: TestServer

beforeAll(async () => {
  server = await startOwnPostgres()
})

afterAll(() => server.stop())

/** The blocks of SQL in docs/postgres.md: what the administrator runs, and what the owner runs. */
function documentedSql(): [administrator: string, owner: string] {
  const text = readFileSync(join(import.meta.dirname, '../../../../docs/postgres.md'), 'utf8')
  const blocks = [...text.matchAll(/```sql\n([^`]*)```/g)].map(([, sql]) => sql!)
  expect(blocks).toHaveLength(2)
  return blocks as [string, string]
}

function urlOf(user: string): string {
  const url = new URL(server.url)
  url.username = user
  url.pathname = '/reeve'
  return url.href
}

test('the documented roles are enough: one migrates, the other drives runs and can change no table', async () => {
  const [administrator, owner] = documentedSql()
  for (const statement of administrator.split(';').filter((part) => part.trim() !== '')) {
    await server.query(statement)
  }
  await server.query(owner, urlOf('reeve_owner'))

  const early = new PostgresDatabase({ url: urlOf('reeve_app'), clock: systemClock })
  await expect(migrate(early, () => 'identity')).rejects.toMatchObject({
    code: 'database-unusable',
    message: expect.stringContaining('reeve migrate'),
  })
  await early.close()
  const owned = new PostgresDatabase({ url: urlOf('reeve_owner'), clock: systemClock })
  await migrate(owned, () => 'identity')
  await owned.close()

  const database = new PostgresDatabase({ url: urlOf('reeve_app'), clock: systemClock })
  await migrate(database, () => 'another')
  const engine = new Engine({
    database,
    clock: database.clock,
    log: silentLog,
    newId: () => crypto.randomUUID(),
    random: Math.random,
    identity: await identityOf(database),
    onFatal: (error) => {
      throw error
    },
  })
  const approving = defineWorkflow({
    name: 'approving',
    input: z.unknown(),
    async run(ctx: CoreContext) {
      const text = await ctx.step('large', () => 'x'.repeat(100_000))
      await ctx.sleep(20)
      return { length: text.length, go: await ctx.waitFor('go') }
    },
  })
  engine.workflows.add(approving)
  try {
    await engine.start()
    const run = await engine.startRun('approving', null)
    await engine.control.signal(run.id, 'go', true)
    expect(await run.result()).toEqual({ status: 'succeeded', output: { length: 100_000, go: true } })
    expect((await verifyAudit(database)).faults).toEqual([])
    for (const forbidden of [
      'create table mine (a int)',
      'drop table events',
      'alter table runs add a int',
    ]) {
      await expect(database.run(forbidden)).rejects.toMatchObject({ code: '42501' })
    }
  } finally {
    await engine.stop()
    await database.close()
  }
})
