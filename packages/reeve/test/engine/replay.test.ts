import { expect, test } from 'vitest'
import { z } from 'zod'
import { effect } from '../../src/engine/calls/effect/effect.ts'
import { CoreContext } from '../../src/engine/context.ts'
import { defineWorkflow, type Workflow } from '../../src/engine/workflow.ts'
import { listRunPage } from '../../src/inspect/lists/run-list.ts'
import type { Bulk } from '../../src/store/database.ts'
import { drivenVersions, lackOf } from '../../src/store/dispatch/workers.ts'
import { newEvent } from '../../src/store/journal/events.ts'
import { eventsOf, rowOf, testEngine, typesOf } from './harness.ts'

type Body = (ctx: CoreContext) => unknown

/** A workflow whose code can be changed under its runs. */
function flow(run: Body, version = '1'): Workflow {
  return defineWorkflow({ name: 'flow', version, input: z.unknown(), run }) as Workflow
}

/** Runs `before` until it parks, then lets another process go on with `after`. */
async function changeCode(before: Body, after: Body, versions: [string, string] = ['1', '1']) {
  const first = await testEngine([flow(before, versions[0])])
  const { database, clock } = first
  await first.engine.start()
  const handle = await first.engine.startRun('flow', {})
  await clock.advance(10)
  expect((await rowOf(database, handle.id)).status).toBe('waiting')
  const bystander = await first.engine.startRun('flow', {})
  await first.engine.stop()
  const { engine } = await testEngine([flow(after, versions[1])], { database, clock })
  return { engine, database, clock, id: handle.id, bystander: bystander.id }
}

test('the journal holds results; bodies are not run again', async () => {
  let bodies = 0
  const { engine, clock } = await testEngine([
    flow(async (ctx) => {
      const values: number[] = []
      for (let index = 0; index < 3; index++) {
        values.push(await ctx.step('count', () => ++bodies))
        await ctx.sleep('1m')
      }
      return values
    }),
  ])
  await engine.start()
  const handle = await engine.startRun('flow', {})
  await clock.advance(200_000)
  expect(await handle.result()).toEqual({ status: 'succeeded', output: [1, 2, 3] })
  expect(bodies).toBe(3)
  await engine.stop()
})

test('a line brings rows of a table of its own with it, once, whatever is replayed', async () => {
  const insertSightings: Bulk = {
    columns: { run: 'int', what: 'text' },
    sql: 'insert into sightings (run, what) select :run, :what {from}',
  }
  const { engine, clock, database } = await testEngine([
    flow(async (ctx) => {
      const site = CoreContext.callSiteOf(ctx)
      const row = { statement: insertSightings, values: [site.run.no, 'geese'] }
      site.log(newEvent('log-written', { message: 'saw geese' }), [row])
      await ctx.sleep('1m')
    }),
  ])
  await database.run('create table sightings (run bigint, what text)')
  await engine.start()
  const handle = await engine.startRun('flow', {})
  await clock.advance(60_001)
  expect(await handle.result()).toMatchObject({ status: 'succeeded' })
  expect((await typesOf(database, handle.id)).filter((type) => type === 'log-written')).toHaveLength(1)
  expect(await database.all('select what from sightings')).toEqual([{ what: 'geese' }])
})

test('time, chance and log lines are the same on replay', async () => {
  const seen: unknown[][] = []
  const { engine, clock, database } = await testEngine([
    flow(async (ctx) => {
      const now: unknown[] = [ctx.now().getTime(), ctx.random(), ctx.random()]
      ctx.log('began', { at: 1 })
      await ctx.step('work', () => 1)
      now.push(ctx.now().getTime(), ctx.random())
      ctx.log('worked')
      seen.push(now)
      await ctx.sleep('1m')
      ctx.log('slept')
    }),
  ])
  await engine.start()
  const handle = await engine.startRun('flow', {})
  await clock.advance(60_001)
  expect(await handle.result()).toMatchObject({ status: 'succeeded' })
  expect(seen).toHaveLength(2)
  expect(seen[1]).toEqual(seen[0])
  expect(new Set(seen[0]!.filter((value) => Number(value) < 1)).size).toBe(3)
  const logs = (await eventsOf(database, handle.id)).filter((event) => event.type === 'log-written')
  expect(logs.map((event) => JSON.parse(event.payload!))).toEqual([
    { message: 'began', data: { at: 1 } },
    { message: 'worked' },
    { message: 'slept' },
  ])
  await engine.stop()
})

const parks: Body = async (ctx) => {
  await ctx.step('a', () => 1)
  await ctx.step('b', () => 1)
  await ctx.sleep('1m')
  return 'done'
}

const mismatches: [string, Body, string[]][] = [
  [
    'another name',
    async (ctx) => {
      await ctx.step('a', () => 1)
      await ctx.step('renamed', () => 1)
      await ctx.sleep('1m')
    },
    ['at call 2', '- journal: step "b"', '+ code:    step "renamed"'],
  ],
  [
    'another kind',
    async (ctx) => {
      await ctx.step('a', () => 1)
      await ctx.sleep('1m')
    },
    ['at call 2', '- journal: step "b"', '+ code:    timer "1m"'],
  ],
  [
    'a call fewer at the end',
    async (ctx) => {
      await ctx.step('a', () => 1)
      return 'short'
    },
    ['at call 2', '- journal: step "b"', 'does not make this call'],
  ],
  [
    'an error before its journal ends',
    async (ctx) => {
      await ctx.step('a', () => 1)
      throw new Error('a new mistake')
    },
    ['at call 2', '- journal: step "b"', 'does not make this call', 'a new mistake'],
  ],
  [
    'a call that waits for something else first',
    async (ctx) => {
      await ctx.step('a', () => 1)
      await new Promise((resolve) => setImmediate(resolve))
      await ctx.step('b', () => 1)
    },
    ['at call 2', 'does not make this call at this point'],
  ],
]

for (const [what, after, parts] of mismatches) {
  test(`code with ${what} leaves its run stuck with a diff, and runs nothing`, async () => {
    const { engine, database, clock, id } = await changeCode(parks, after)
    await engine.start()
    await clock.advance(120_000)
    const result = await engine.resultOf(id)
    expect(result.status).toBe('stuck')
    for (const part of parts) expect((result as { reason: string }).reason).toContain(part)
    expect(await typesOf(database, id)).toEqual([
      'run-started',
      'step-completed',
      'step-completed',
      'timer-set',
      'run-stuck',
    ])
    await engine.stop()
  })
}

test('a mismatch executes no effect and touches no other run', async () => {
  let effects = 0
  const pay = { name: 'pay', effect: 'once', run: () => ++effects } as const
  const flip: Body = async (ctx) => {
    const execution = CoreContext.callSiteOf(ctx)
    await effect(execution, pay, { amount: execution.history ? 2 : 1 })
    await ctx.step('b', () => 1)
    await ctx.sleep('1m')
    await effect(execution, pay, { amount: 3 })
  }
  const before: Body = async (ctx) => {
    await effect(CoreContext.callSiteOf(ctx), pay, { amount: 1 })
    await ctx.step('b', () => 1)
    await ctx.sleep('1m')
  }
  const healthy = defineWorkflow({
    name: 'healthy',
    input: z.unknown(),
    async run(ctx: CoreContext) {
      await ctx.sleep('1m')
      return 'fine'
    },
  })
  const first = await testEngine([flow(before), healthy as Workflow])
  const { database, clock } = first
  await first.engine.start()
  const broken = await first.engine.startRun('flow', {})
  const other = await first.engine.startRun('healthy', {})
  await clock.advance(10)
  await first.engine.stop()
  expect(effects).toBe(1)
  const { engine } = await testEngine([flow(flip), healthy as Workflow], { database, clock })
  await engine.start()
  await clock.advance(120_000)
  const result = await engine.resultOf(broken.id)
  expect(result).toMatchObject({ status: 'stuck' })
  expect((result as { reason: string }).reason).toContain('arguments differ')
  expect(effects).toBe(1)
  expect(await engine.resultOf(other.id)).toEqual({ status: 'succeeded', output: 'fine' })
  await engine.stop()
})

test('a stuck run goes on from where it was when its code is back', async () => {
  const { engine, clock, database, id } = await changeCode(parks, mismatches[0]![1])
  await engine.start()
  await clock.advance(120_000)
  expect(await engine.resultOf(id)).toMatchObject({ status: 'stuck' })
  await engine.stop()
  const mended = await testEngine([flow(parks)], { database, clock })
  await mended.engine.start()
  await mended.engine.control.retry(id, 'ada')
  await clock.advance(1000)
  expect(await mended.engine.resultOf(id)).toEqual({ status: 'succeeded', output: 'done' })
  await mended.engine.stop()
})

test('a marked change takes the old path in runs that were past it, the new one in others', async () => {
  const made: string[] = []
  const before: Body = async (ctx) => {
    await ctx.step('old', () => made.push('old'))
    await ctx.sleep('1m')
  }
  const after: Body = async (ctx) => {
    const patched = ctx.patched('better')
    await (patched ? ctx.step('new', () => made.push('new')) : ctx.step('old', () => made.push('old')))
    await ctx.sleep('1m')
    return [patched, ctx.patched('better')]
  }
  const { engine, database, clock, id } = await changeCode(before, after)
  await engine.start()
  const late = await engine.startRun('flow', {})
  await clock.advance(120_000)
  expect(await engine.resultOf(id)).toEqual({ status: 'succeeded', output: [false, false] })
  expect(await late.result()).toEqual({ status: 'succeeded', output: [true, true] })
  expect((await typesOf(database, late.id)).filter((type) => type === 'patch-marked')).toHaveLength(1)
  expect(made).toEqual(['old', 'old', 'new'])
  await engine.stop()
})

test('a version that none of several workers has is claimed by none, and counts no death', async () => {
  const { engine, clock, database, id } = await changeCode(parks, () => 'of version 2', ['1', '2'])
  const other = await testEngine([flow(() => 'of version 2', '2')], { database, clock })
  await engine.start()
  await other.engine.start()
  await clock.advance(120_000)
  const { epoch } = await rowOf(database, id)
  await clock.advance(120_000)
  expect(await rowOf(database, id)).toMatchObject({ status: 'queued', epoch, crashes: 0 })
  await engine.stop()
  await other.engine.stop()
})

test('a run stays with its version; without it the run waits for a worker that has it', async () => {
  const { engine, clock, database, id, bystander } = await changeCode(parks, () => 'of version 2', ['1', '2'])
  await engine.start()
  const fresh = await engine.startRun('flow', {})
  await clock.advance(120_000)
  expect(await fresh.result()).toEqual({ status: 'succeeded', output: 'of version 2' })
  const waiting = await rowOf(database, id)
  expect(waiting.status).toBe('queued')
  expect(lackOf(waiting, await drivenVersions(database))).toBe('no worker has workflow "flow" version 1')
  // What it waited for before it was woken is not what it waits for now.
  const [listed] = (await listRunPage(database, { status: 'queued' })).runs.filter((run) => run.id === id)
  expect(listed?.reason).toBe('no worker has workflow "flow" version 1')
  expect(await engine.isQuiet()).toBe(true)
  await engine.stop()
  const both = await testEngine([flow(parks), flow(() => 'of version 2', '2')], { database, clock })
  await both.engine.start()
  await clock.advance(120_000)
  for (const run of [id, bystander]) {
    expect(await both.engine.resultOf(run)).toEqual({ status: 'succeeded', output: 'done' })
  }
  await both.engine.stop()
})

test('input that no longer fits its schema sets the run aside, by field', async () => {
  const { engine, clock, database, id } = await changeCode(parks, parks)
  const stricter = defineWorkflow({ name: 'flow', input: z.object({ amount: z.number() }), run: () => 1 })
  const later = await testEngine([stricter as unknown as Workflow], { database, clock })
  await later.engine.start()
  await clock.advance(120_000)
  const result = await later.engine.resultOf(id)
  expect(result.status).toBe('stuck')
  expect((result as { reason: string }).reason).toContain('amount')
  expect(engine.worker.active).toBe(0)
  await later.engine.stop()
})
