import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { silentLog } from '../../src/base/log.ts'
import { type ProjectConfig, projectOf, Runtime, workflow } from '../../src/index.ts'
import { oldMemory } from '../../src/memory/retention.ts'
import { internalsOf } from '../../src/runtime/runtime.ts'
import { verifyAudit } from '../../src/store/audit/audit.ts'
import { readVersions } from '../../src/store/memory/items.ts'

const dayMs = 86_400_000

const learn = workflow({
  name: 'learn',
  input: z.object({ text: z.string(), kind: z.enum(['fact', 'episode']), scope: z.string() }),
  run: async (ctx, { text, kind, scope }) => ctx.remember(text, { kind, scope }),
})
const ask = workflow({
  name: 'ask',
  input: z.string(),
  async run(ctx, text) {
    await ctx.recall('look', { query: text, kinds: ['fact'] })
    await ctx.approve('act on it', { show: 'as remembered' })
  },
})

async function remembering(retention: NonNullable<ProjectConfig['memory']>['retention']) {
  const runtime = await Runtime.open({
    project: projectOf({ knowledge: [], memory: { retention: retention! } }, [learn, ask]),
    environment: { database: { kind: 'sqlite', file: ':memory:' }, keys: {}, user: 'ada', ci: true },
    log: silentLog,
  })
  onTestFinished(() => runtime.stop(1000))
  await runtime.start()
  const { database } = internalsOf(runtime)
  const remember = async (text: string, kind: 'fact' | 'episode', scope: string) => {
    const said = await (await runtime.startRun('learn', { text, kind, scope })).result()
    return (said as { output: string }).output
  }
  /** Days go by for what is remembered. */
  const later = (days: number) => database.run('update items set at = at - ?', [days * dayMs])
  /** How an item stands, and its words. */
  const stands = async (id: string) => {
    const { endedAs, text, run } = (await readVersions(database, id)).at(-1)!
    return { endedAs, text, isFromRun: run !== null }
  }
  return { runtime, database, remember, stands, later }
}

test('what was remembered longer ago than its kind and scope are kept is retracted, by a rule of the configuration', async () => {
  const retention = [{ kinds: ['episode'], scope: 'customers', after: '30d' }] as const
  const { runtime, database, remember, stands, later } = await remembering(retention)
  const old = await remember('Ada rang about the pump', 'episode', 'customers/ada')
  const fact = await remember('Ada has two pumps', 'fact', 'customers/ada')
  const elsewhere = await remember('The pump was late', 'episode', 'customers-of-old')
  await later(20)
  const young = await remember('Ada rang again', 'episode', 'customers/ada')
  await later(15)
  expect(await oldMemory(database, retention, Date.now())).toMatchObject([
    { kinds: ['episode'], scope: 'customers', as: 'retracted', items: 1 },
  ])
  expect(await runtime.prune()).toMatchObject({ memory: 1 })
  expect(await stands(old)).toEqual({
    endedAs: 'retracted',
    text: 'Ada rang about the pump',
    isFromRun: true,
  })
  for (const id of [fact, elsewhere, young]) expect(await stands(id)).toMatchObject({ endedAs: null })
  expect(await runtime.prune()).toMatchObject({ memory: 0 })
  const [act] = await database.all<{ principal: string; subject: string }>(
    `select principal, subject from authority_log where type = 'memory-retracted'`,
  )
  expect(act).toEqual({ principal: 'reeve', subject: old })
  expect(await verifyAudit(database)).toMatchObject({ faults: [] })
})

test('redacted, the words go from all versions, of what had been retracted before, too; where they came from stays', async () => {
  const { runtime, database, remember, stands, later } = await remembering([
    { after: '10d' },
    { after: '90d', as: 'redact' },
  ])
  const id = await remember('Ada has two pumps', 'fact', '')
  await later(11)
  await runtime.prune()
  expect(await stands(id)).toMatchObject({ endedAs: 'retracted', text: 'Ada has two pumps' })
  await later(80)
  expect(await runtime.prune()).toMatchObject({ memory: 1 })
  expect(await stands(id)).toEqual({ endedAs: 'redacted', text: '', isFromRun: true })
  expect(await runtime.prune()).toMatchObject({ memory: 0 })
  expect(await verifyAudit(database)).toMatchObject({ faults: [] })
})

test('what a pending approval rests on stays until that is decided', async () => {
  const { runtime, database, remember, stands, later } = await remembering([{ after: '10d' }])
  const id = await remember('Ada has two pumps', 'fact', '')
  await runtime.startRun('ask', 'two pumps')
  while ((await database.all(`select 1 from approvals`)).length === 0)
    await new Promise((resolve) => setImmediate(resolve))
  await later(11)
  const [asked] = await database.all<{ id: string }>(`select id from approvals where status = 'pending'`)
  expect(await runtime.prune()).toMatchObject({ memory: 0 })
  expect(await stands(id)).toMatchObject({ endedAs: null })
  await runtime.decide(asked!.id, { verdict: 'approve', by: 'ada' })
  expect(await runtime.prune()).toMatchObject({ memory: 1 })
})

test.each([
  [[{ after: '10d', kinds: ['passage'] }], /one or more of fact, preference, episode, lesson/],
  [[{ after: '10d', kinds: [] }], /one or more of/],
  [[{ after: 'soon' }], /after of memory\.retention\[0\]/],
  [[{ after: '10d', as: 'delete' }], /must be retract or redact/],
  [[{ after: '10d', scopes: 'x' }], /scopes/],
  ['10d', /memory\.retention/],
])('a rule that means nothing is refused: %j', async (retention, words) => {
  await expect(remembering(retention as never)).rejects.toThrow(words)
})
