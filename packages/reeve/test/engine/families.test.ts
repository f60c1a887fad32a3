import { expect, test } from 'vitest'
import { z } from 'zod'
import type { Effect } from '../../src/engine/calls/effect/definition.ts'
import { effect } from '../../src/engine/calls/effect/effect.ts'
import { CoreContext } from '../../src/engine/context.ts'
import { tellToEnd } from '../../src/engine/outside/left-children.ts'
import { defineWorkflow, type Workflow } from '../../src/engine/workflow.ts'
import type { Database } from '../../src/store/database.ts'
import { setQueuePaused } from '../../src/store/dispatch/queues/queues.ts'
import { settle } from '../../src/testing/fake-clock.ts'
import { mortalEngine, rowOf, type TestEngine, testEngine } from './harness.ts'

type Body = (ctx: CoreContext, input: never) => unknown

function flow(name: string, run: Body, more: object = {}): Workflow {
  return defineWorkflow({ name, input: z.unknown(), run, ...more }) as Workflow
}

/** Acts a minute after its start. */
function napper(acted: string[] = []): Workflow {
  return flow('napper', async (ctx) => {
    await ctx.sleep('1m')
    return ctx.step('act', () => acted.push(ctx.runId))
  })
}

async function opened(...workflows: Workflow[]) {
  const test = await testEngine(workflows)
  await test.engine.start()
  return test
}

async function statuses(database: Database, workflow = 'napper'): Promise<string[]> {
  const rows = await database.all<{ status: string }>(
    'select status from runs where workflow = ? order by no',
    [workflow],
  )
  return rows.map(({ status }) => status)
}

for (const [how, end] of [
  ['fails', async () => Promise.reject(new Error('broken'))],
  ['runs out of time', (ctx: CoreContext) => ctx.waitFor('never')],
  ['succeeds without awaiting it', async () => 'done'],
] as const) {
  test(`a parent that ${how} cancels its children, but not those it detached`, async () => {
    const acted: string[] = []
    const parent = flow(
      'parent',
      async (ctx) => {
        await ctx.start('napper', 1)
        await ctx.start('napper', 2, { whenParentEnds: 'detach' })
        return end(ctx)
      },
      { limits: { time: '10s' } },
    )
    const { engine, database, clock } = await opened(parent, napper(acted))
    const handle = await engine.startRun('parent', {})
    await clock.advance(12_000)
    const { status } = await rowOf(database, handle.id)
    expect(await statuses(database)).toEqual(['cancelled', 'waiting'])
    const child = await database.get<{ reason: string }>(`select reason from runs where status = 'cancelled'`)
    expect(child!.reason).toBe(`cancelled by run ${handle.id}, which ${status}`)
    await clock.advance(120_000)
    expect(await statuses(database)).toEqual(['cancelled', 'succeeded'])
    expect(acted).toHaveLength(1)
    await engine.stop()
  })
}

test('a parent that is stuck has not ended: its children go on', async () => {
  const parent = flow('parent', async (ctx) => {
    await ctx.start('napper', 1)
    await ctx.waitFor('never')
  })
  const { engine, database, clock } = await opened(parent, napper())
  const handle = await engine.startRun('parent', {})
  await clock.advance(10)
  await database.run(`update runs set status = 'stuck' where id = ?`, [handle.id])
  await clock.advance(61_000)
  expect(await statuses(database)).toEqual(['succeeded'])
  await engine.stop()
})

test('whenParentEnds takes cancel and detach only', async () => {
  const parent = flow('parent', (ctx) => ctx.start('napper', 1, { whenParentEnds: 'abandon' as never }))
  const { engine } = await opened(parent, napper())
  const result = await (await engine.startRun('parent', {})).result()
  expect(result).toMatchObject({
    error: { code: 'bad-start', message: expect.stringContaining('"abandon"') },
  })
  await engine.stop()
})

/** As another process cancels a run that this one drives: it hears of it later. Answers the runs that were there. */
function cancelElsewhere(database: Database, no: number): Promise<{ id: string }[]> {
  return database.transaction(async (session) => {
    await tellToEnd(session, no, 'ada')
    return session.all<{ id: string }>('select id from runs')
  })
}

test('whenever another process cancels a parent that starts children, no more of them act and all end', async () => {
  for (let turns = 0; turns < 12; turns++) {
    const acted: string[] = []
    const middle = flow('middle', async (ctx) => {
      for (let index = 0; index < 4; index++) await ctx.start('napper', index)
      await ctx.waitFor('never')
    })
    const top = flow('top', async (ctx) => {
      for (let index = 0; index < 4; index++) {
        await ctx.start('middle', index)
        await ctx.start('napper', index)
        await ctx.start('hasty', index)
      }
      await ctx.waitFor('never')
    })
    const hasty = flow('hasty', (ctx) => ctx.step('act', () => acted.push(ctx.runId)))
    const { engine, database, clock } = await opened(top, middle, hasty, napper(acted))
    const handle = await engine.startRun('top', {})
    for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve))
    const born = await cancelElsewhere(database, (await rowOf(database, handle.id)).no)
    await clock.advance(5000)
    await clock.advance(180_000)
    const going = await database.all(`select workflow, status from runs where ended_at is null`)
    const late = acted.filter((id) => !born.some((run) => run.id === id))
    expect({ turns, going, late }).toEqual({ turns, going: [], late: [] })
    await engine.stop()
  }
})

test('a cancelled family of many ends slice by slice, paused and queued members too', async () => {
  const parent = flow('parent', async (ctx) => {
    await ctx.all(Array.from({ length: 350 }, (_, index) => ctx.start('napper', index)))
    await ctx.start('napper', 'queued', { queue: 'closed' })
    await ctx.start('napper', 'later', { delay: '1h' })
    await ctx.waitFor('never')
  })
  const { engine, database, clock } = await opened(parent, napper())
  await database.run(`insert into queues (name) values ('closed')`)
  await setQueuePaused(database, 'closed', true)
  const handle = await engine.startRun('parent', {})
  await clock.advance(100)
  const some = await database.get<{ id: string }>(`select id from runs where workflow = 'napper' limit 1`)
  await engine.control.pause(some!.id)
  await engine.control.cancel(handle.id, 'ada')
  await clock.advance(2000)
  expect(new Set(await statuses(database))).toEqual(new Set(['cancelled']))
  expect(await statuses(database)).toHaveLength(352)
  expect(await database.all('select no from runs where leaves_children = 1')).toEqual([])
  await engine.stop()
})

test('children that a run left are cancelled by whoever is there, when its worker dies right after its end', async () => {
  const parent = flow('parent', async (ctx) => {
    await ctx.start('napper', 1)
    throw new Error('broken')
  })
  const workflows = [parent, napper()]
  const first = await mortalEngine(workflows)
  const { database, clock } = first
  const handle = await first.engine.startRun('parent', {})
  while ((await rowOf(database, handle.id)).status !== 'failed') await settle()
  await first.die()
  const { engine } = await testEngine(workflows, { database, clock })
  await engine.start()
  await clock.advance(3000)
  expect(await statuses(database)).toEqual(['cancelled'])
  await engine.stop()
})

/** Fails until it is mended. */
function mendable(): { workflow: Workflow; mend: () => void } {
  let mended = false
  const workflow = flow('mendable', (ctx) =>
    ctx.step(
      'work',
      () => {
        if (!mended) throw new Error('not yet')
        return 'mended'
      },
      { retry: { attempts: 1 } },
    ),
  )
  return {
    workflow,
    mend: () => {
      mended = true
    },
  }
}

async function childOf(database: Database, workflow = 'mendable'): Promise<string> {
  return (await database.get<{ id: string }>('select id from runs where workflow = ?', [workflow]))!.id
}

for (const [how, look] of [
  ['the child’s own error', async (result: Promise<unknown>) => result],
  [
    'an error that it caused',
    (result: Promise<unknown>) =>
      result.catch((cause) => {
        throw new Error('no luck', { cause })
      }),
  ],
  [
    'an error of its own',
    (result: Promise<unknown>) =>
      result.catch(() => {
        throw new Error('no luck')
      }),
  ],
] as const) {
  test(`a parent that failed by ${how} looks at the child again when it is retried`, async () => {
    const { workflow, mend } = mendable()
    const parent = flow('parent', async (ctx) => {
      const kept = await ctx.step('before', () => 'kept')
      const child = await ctx.start('mendable', {})
      return [kept, await look(child.result())]
    })
    const { engine, database, clock } = await opened(parent, workflow)
    const handle = await engine.startRun('parent', {})
    await clock.advance(100)
    const child = await childOf(database)
    await expect(engine.control.retry(handle.id, 'ada')).rejects.toMatchObject({
      code: 'child-not-mended',
      message: expect.stringContaining(`reeve retry ${child}`),
    })
    mend()
    await engine.control.retry(child, 'ada')
    await clock.advance(100)
    await engine.control.retry(handle.id, 'ada')
    await clock.advance(100)
    expect(await engine.resultOf(handle.id)).toEqual({ status: 'succeeded', output: ['kept', 'mended'] })
    expect(await database.all('select no from runs')).toHaveLength(2)
    await engine.stop()
  })
}

test('retry with children mends a whole line, and what was cancelled with it goes on', async () => {
  const acted: string[] = []
  const { workflow, mend } = mendable()
  const middle = flow('middle', async (ctx) => (await ctx.start('mendable', {})).result())
  const top = flow('top', async (ctx) => {
    const children = [await ctx.start('napper', 1), await ctx.start('middle', {})]
    return ctx.all(children.map((child) => child.result()))
  })
  const { engine, database, clock } = await opened(top, middle, workflow, napper(acted))
  const handle = await engine.startRun('top', {})
  await clock.advance(3000)
  expect(await rowOf(database, handle.id)).toMatchObject({ status: 'failed' })
  expect(await statuses(database)).toEqual(['cancelled'])
  mend()
  await engine.control.retry(handle.id, 'ada', { children: true })
  await clock.advance(100_000)
  expect(await engine.resultOf(handle.id)).toEqual({ status: 'succeeded', output: [1, 'mended'] })
  expect(acted).toHaveLength(1)
  await engine.stop()
})

test('a retried parent waits for a child that is being mended', async () => {
  let broken = true
  const child = flow('child', async (ctx) => {
    if (broken) throw new Error('not yet')
    await ctx.sleep('1m')
    return 'mended'
  })
  const parent = flow('parent', async (ctx) => (await ctx.start('child', {})).result())
  const { engine, database, clock } = await opened(parent, child)
  const handle = await engine.startRun('parent', {})
  await clock.advance(100)
  broken = false
  await engine.control.retry(await childOf(database, 'child'), 'ada')
  await clock.advance(100)
  await engine.control.retry(handle.id, 'ada')
  await clock.advance(100)
  expect(await rowOf(database, handle.id)).toMatchObject({ status: 'waiting' })
  await clock.advance(61_000)
  expect(await engine.resultOf(handle.id)).toEqual({ status: 'succeeded', output: 'mended' })
  await engine.stop()
})

/** Ends badly until it is mended; its parent does something about it before it gives up too. */
function failingFamily(react: (ctx: CoreContext, error: unknown) => Promise<unknown>) {
  const { workflow, mend } = mendable()
  const parent = flow('parent', async (ctx) => {
    const child = await ctx.start('mendable', {})
    let result: unknown
    try {
      result = await child.result()
    } catch (error) {
      await react(ctx, error)
    }
    return [result, await ctx.step('after', () => 'after')]
  })
  const rescue = async ({ engine, database, clock }: TestEngine) => {
    const handle = await engine.startRun('parent', {})
    await clock.advance(120_000)
    expect(await engine.resultOf(handle.id)).toMatchObject({ status: 'failed' })
    mend()
    await engine.control.retry(await childOf(database), 'ada')
    await clock.advance(100)
    return handle.id
  }
  return { workflows: [parent, workflow], rescue }
}

const own = () => {
  throw new Error('no luck')
}
for (const [what, react] of [
  [
    'a step, and threw what it had caught',
    (ctx, error) => ctx.step('note', () => 1).then(() => Promise.reject(error)),
  ],
  ['a step, and threw an error of its own', (ctx) => ctx.step('note', () => 1).then(own)],
  [
    'steps, a nap and a log line, and threw',
    async (ctx) => {
      await ctx.all([1, 2, 3].map((n) => () => ctx.step('note', () => n)))
      await ctx.sleep('1m')
      ctx.log('no luck')
      own()
    },
  ],
] as [string, (ctx: CoreContext, error: unknown) => Promise<unknown>][]) {
  test(`a parent that made ${what} goes the other way once its child is mended and it is retried`, async () => {
    const { workflows, rescue } = failingFamily(react)
    const run = await opened(...workflows)
    const id = await rescue(run)
    await run.engine.control.retry(id, 'ada')
    await run.clock.advance(100)
    expect(await run.engine.resultOf(id)).toEqual({ status: 'succeeded', output: ['mended', 'after'] })
    await run.engine.stop()
  })
}

test('a signal that was taken after a child failed is there again when its parent is retried', async () => {
  const { workflows, rescue } = failingFamily(async (ctx, error) => {
    await ctx.waitFor('go', { timeout: '1m' })
    throw error
  })
  const [parent, child] = workflows as [Workflow, Workflow]
  const waiting = flow('parent', async (ctx, input) => [
    await parent.run(ctx as never, input),
    await ctx.waitFor('go'),
  ])
  const run = await opened(waiting, child)
  const signalled = run.engine.startRun
  run.engine.startRun = (async (...given: Parameters<typeof signalled>) => {
    const handle = await signalled.apply(run.engine, given)
    await run.clock.advance(10)
    await run.engine.control.signal(handle.id, 'go', 'said once')
    return handle
  }) as typeof signalled
  const id = await rescue(run)
  await run.engine.control.retry(id, 'ada')
  await run.clock.advance(100)
  expect(await run.engine.resultOf(id)).toEqual({
    status: 'succeeded',
    output: [['mended', 'after'], 'said once'],
  })
  await run.engine.stop()
})

test('what was sent after a child failed is not sent again by a retry, nor left out in silence', async () => {
  const sent: string[] = []
  const { workflows, rescue } = failingFamily(async (ctx, error) => {
    const mail: Effect = { name: 'mail', effect: 'once', run: (args) => sent.push(String(args)) }
    await effect(CoreContext.callSiteOf(ctx), mail, 'it failed')
    throw error
  })
  const run = await opened(...workflows)
  const id = await rescue(run)
  await expect(run.engine.control.retry(id, 'ada')).rejects.toMatchObject({
    code: 'cannot-retry',
    message: expect.stringMatching(/"mail" \(call 3\).*reeve fork \S+ --from 2/s),
  })
  expect(await rowOf(run.database, id)).toMatchObject({ status: 'failed' })
  const fork = await run.engine.control.fork(id, 2, 'ada', { repeatEffects: true })
  await run.clock.advance(100)
  expect(await run.engine.resultOf(fork)).toEqual({ status: 'succeeded', output: ['mended', 'after'] })
  expect(sent).toEqual(['it failed'])
  await run.engine.stop()
})
