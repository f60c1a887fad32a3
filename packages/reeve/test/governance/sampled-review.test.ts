import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { silentLog } from '../../src/base/log.ts'
import { workflow } from '../../src/context.ts'
import { isDrawn } from '../../src/engine/calls/requires/review.ts'
import { evidenceOf } from '../../src/governance/readiness/evidence.ts'
import { correctedSince } from '../../src/inspect/failures/corrected.ts'
import { failureClasses } from '../../src/inspect/failures/failure-classes.ts'
import { asideOfWaiting } from '../../src/inspect/lists/people-inbox.ts'
import { projectOf } from '../../src/project/load.ts'
import { replayProject } from '../../src/runtime/evals/replaying.ts'
import { internalsOf, Runtime } from '../../src/runtime/runtime.ts'
import { listPending } from '../../src/store/approvals/approvals.ts'
import { readRules } from '../../src/store/approvals/rules.ts'
import { sampleKeyOf } from '../../src/store/identity/sample-key.ts'
import { pendingAfter } from '../../src/store/runs/waiting.ts'
import { tool } from '../../src/tools/tool.ts'

const find = tool({
  name: 'orders.find',
  description: 'Look an order up',
  input: z.object({ id: z.string() }),
  output: z.object({ note: z.string() }),
  effect: 'read',
  run: async () => ({ note: 'came broken' }),
})
const pay = tool({
  name: 'bank.pay',
  description: 'Pay an order back',
  input: z.object({ id: z.string() }),
  output: z.null(),
  effect: 'idempotent',
  approval: 'never',
  run: () => null,
})

interface Case {
  share?: number
  when?: (input: { act: string }) => boolean
  steps?: number
  within?: '1h'
}

async function desk({ share = 1, when, steps, within }: Case = {}) {
  const close = workflow({
    name: 'close',
    input: z.object({ act: z.string() }),
    review: { share, ...(when && { when }), ...(within && { within }) },
    ...(steps !== undefined && { limits: { steps } }),
    async run(ctx, { act }) {
      if (act === 'nothing') return 'no action needed'
      if (act === 'ask') await ctx.approve('look', { show: 'the case' })
      if (act === 'throw') throw new Error('no')
      await ctx.call(find, { id: 'A-1' })
      await ctx.call(pay, { id: 'A-1' })
      return 'paid back'
    },
  })
  const runtime = await Runtime.open({
    project: projectOf({}, [close]),
    environment: { database: { kind: 'sqlite', file: ':memory:' }, keys: {}, user: 'ada', ci: true },
    log: silentLog,
  })
  onTestFinished(() => runtime.stop(1000))
  await runtime.start()
  const { database } = internalsOf(runtime)
  const reviews = async () =>
    database.all<{ id: string; status: string; parent: number }>(
      `select id, status, parent from runs where workflow = 'reeve.review' order by no`,
    )
  /** All runs have come to rest; of what is reviewed a person is asked. */
  const rest = async () => {
    for (;;) {
      const open = await database.get<{ count: number }>(
        `select count(*) as count from runs r where status in ('queued', 'running') or (workflow = 'reeve.review'
           and status = 'waiting' and not exists (select 1 from approvals a where a.run = r.no))`,
      )
      if (Number(open!.count) === 0) return
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  const run = async (act: string) => {
    const handle = await runtime.startRun('close', { act })
    await rest()
    return handle
  }
  return { runtime, database, reviews, run, rest }
}

const version = { kind: 'workflow', name: 'close', version: '1', since: 0 } as const

test('a run that asked nobody comes before a person, with what it read and did; their word counts', async () => {
  const { runtime, database, run, rest } = await desk()
  const handle = await run('pay')
  expect(await handle.result()).toMatchObject({ status: 'succeeded' })
  const [asked, ...others] = await listPending(database)
  expect(others).toEqual([])
  expect(asked).toMatchObject({ kind: 'approval', subject: 'review close', workflow: 'reeve.review' })
  expect(JSON.parse(asked!.shown)).toMatchObject({
    run: handle.id,
    workflow: 'close',
    input: { act: 'pay' },
    read: [{ tool: 'orders.find', result: { note: 'came broken' } }],
    did: [{ tool: 'bank.pay', args: { id: 'A-1' }, state: 'completed' }],
    output: 'paid back',
  })
  await runtime.decide(asked!.id, { verdict: 'reject', by: 'ada', note: 'it was the wrong order' })
  await rest()
  const [review] = await database.all<{ id: string }>(`select id from runs where workflow = 'reeve.review'`)
  expect(await runtime.getRun(review!.id)).toMatchObject({
    status: 'succeeded',
    output: { verdict: 'wrong', by: 'ada', note: 'it was the wrong order' },
  })
  expect(await evidenceOf(database, version)).toMatchObject({
    decisions: [{ status: 'rejected', isEdited: false }],
  })
  expect((await failureClasses(database, 0)).classes).toMatchObject([
    { place: 'prompt', workflows: ['close'], runs: [handle.id] },
  ])
  expect(await correctedSince(database, { since: 0, workflow: 'close', limit: 9 })).toMatchObject([
    { run: handle.id, workflow: 'close', what: 'rejected', note: 'it was the wrong order' },
  ])
})

test('one that was right is evidence for its workflow, and for no other version of it', async () => {
  const { runtime, database, run, rest } = await desk()
  await run('nothing')
  const [asked] = await listPending(database)
  await runtime.decide(asked!.id, { verdict: 'approve', by: 'ada' })
  await rest()
  const good = [{ status: 'approved', isEdited: false }]
  expect((await evidenceOf(database, version)).decisions).toEqual(good)
  expect((await evidenceOf(database, { ...version, version: '2' })).decisions).toEqual([])
  expect((await evidenceOf(database, { ...version, name: 'reeve.review' })).decisions).toEqual([])
})

test('a run in which a person decided, one that failed, and one that `when` leaves out are not drawn', async () => {
  const { runtime, database, reviews, run, rest } = await desk({ when: ({ act }) => act !== 'nothing' })
  await run('nothing')
  await run('throw')
  await run('ask')
  const [asked] = await listPending(database)
  await runtime.decide(asked!.id, { verdict: 'approve', by: 'ada' })
  await rest()
  expect(await reviews()).toEqual([])
})

test('a run that has made all the calls that it may is drawn like any other', async () => {
  const { reviews, run } = await desk({ steps: 2 })
  expect(await (await run('pay')).result()).toMatchObject({ status: 'succeeded' })
  expect(await reviews()).toHaveLength(1)
})

test('a recorded run is tried with the same code as it was, drawn or not, and asks nobody again', async () => {
  const { runtime, run, reviews } = await desk({ when: ({ act }) => act === 'pay' })
  await run('pay')
  await run('nothing')
  expect(await replayProject(runtime, { workflow: 'close' })).toMatchObject({
    runs: 2,
    counts: { same: 2 },
    changed: [],
  })
  expect(await reviews()).toHaveLength(1)
})

test('which runs are drawn follows from a secret of the database', async () => {
  const { database, run, reviews } = await desk({ share: 0.3 })
  const ids: string[] = []
  for (let each = 0; each < 40; each++) ids.push((await run('nothing')).id)
  const key = await sampleKeyOf(database)
  const drawn = ids.filter((id) => isDrawn(key, `review:${id}`, 0.3))
  const parents = await database.all<{ id: string }>(
    `select p.id from runs r join runs p on p.no = r.parent where r.workflow = 'reeve.review' order by p.no`,
  )
  expect(parents.map(({ id }) => id)).toEqual(drawn)
  expect(await reviews()).toHaveLength(drawn.length)
  const other = ids.filter((id) => isDrawn('another key', `review:${id}`, 0.3))
  expect(other).not.toEqual(drawn)
})

test('of one workflow a few are shown at a time, and the others are kept aside and counted', async () => {
  const { database, run } = await desk()
  for (let each = 0; each < 8; each++) await run('nothing')
  const limits = await readRules(database)
  const shown = await pendingAfter(database, undefined, 100, { limits, aside: false })
  expect(shown).toHaveLength(limits.perSender)
  expect(await asideOfWaiting(database)).toMatchObject([
    { channel: 'review', sender: 'close', count: 8 - limits.perSender },
  ])
})

test.each([[-0.1], [1.5], [Number.NaN]])('a share of %s is refused', (share) => {
  const declare = () => workflow({ name: 'x', input: z.null(), review: { share }, run: () => null })
  expect(declare).toThrow(/must be a share from 0 to 1/)
})
