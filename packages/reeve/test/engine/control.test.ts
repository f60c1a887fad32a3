import { expect, test } from 'vitest'
import { z } from 'zod'
import { effect } from '../../src/engine/calls/effect/effect.ts'
import { CoreContext } from '../../src/engine/context.ts'
import { defineWorkflow, type Workflow } from '../../src/engine/workflow.ts'
import { verifyAudit } from '../../src/store/audit/audit.ts'
import { settle } from '../../src/testing/fake-clock.ts'
import { eventsOf, rowOf, testEngine, typesOf } from './harness.ts'

type Body = (ctx: CoreContext) => unknown

const flow = (run: Body): Workflow => defineWorkflow({ name: 'flow', input: z.unknown(), run }) as Workflow

async function started(run: Body) {
  const opened = await testEngine([flow(run)])
  await opened.engine.start()
  const handle = await opened.engine.startRun('flow', {})
  await settle()
  return { ...opened, handle, id: handle.id }
}

/** A step that is under way until it is let go. */
function gate() {
  let open = () => {}
  let aborted = false
  const step = (ctx: CoreContext, name = 'gate') =>
    ctx.step(name, ({ signal }) => {
      signal.addEventListener('abort', () => {
        aborted = true
      })
      return new Promise<string>((resolve) => {
        open = () => resolve(name)
      })
    })
  return { step, open: () => open(), wasAborted: () => aborted }
}

test('a waiting run is cancelled at once', async () => {
  const { engine, handle, database, id } = await started((ctx) => ctx.sleep('1m'))
  await engine.control.cancel(id, 'ada')
  expect(await handle.result()).toEqual({ status: 'cancelled', reason: 'cancelled by ada' })
  expect((await typesOf(database, id)).at(-1)).toBe('run-cancelled')
  await expect(engine.control.cancel(id, 'ada')).rejects.toMatchObject({ code: 'run-ended' })
  await engine.stop()
})

test('a run in mid-step is told to stop, and is cancelled when the step has settled', async () => {
  const work = gate()
  let after = 0
  const { engine, handle, database, id } = await started(async (ctx) => {
    await work.step(ctx)
    await ctx.step('after', () => ++after)
  })
  await engine.control.cancel(id, 'ada')
  await settle()
  expect(work.wasAborted()).toBe(true)
  expect((await rowOf(database, id)).status).toBe('running')
  work.open()
  expect(await handle.result()).toMatchObject({ status: 'cancelled' })
  expect(await typesOf(database, id)).toEqual(['run-started', 'step-completed', 'run-cancelled'])
  expect(after).toBe(0)
  await engine.stop()
})

test('a paused run finishes what acts, begins nothing, and goes on when it is resumed', async () => {
  const work = gate()
  let after = 0
  const { engine, database, id, clock } = await started(async (ctx) => {
    await work.step(ctx)
    return ctx.step('after', () => ++after)
  })
  await engine.control.pause(id)
  work.open()
  await clock.advance(60_000)
  expect(after).toBe(0)
  expect(engine.worker.active).toBe(0)
  expect(await typesOf(database, id)).toEqual(['run-started', 'step-completed'])
  await engine.control.resume(id)
  await settle()
  expect(await engine.resultOf(id)).toEqual({ status: 'succeeded', output: 1 })
  await engine.stop()
})

test('a paused run sleeps through its timer and its signals until it is resumed', async () => {
  const { engine, database, id, clock } = await started(async (ctx) => {
    await ctx.sleep('1m')
    return ctx.waitFor('go')
  })
  await engine.control.pause(id)
  await engine.control.signal(id, 'go', 'went')
  await clock.advance(120_000)
  expect((await typesOf(database, id)).at(-1)).toBe('timer-set')
  await engine.control.resume(id)
  await clock.advance(1000)
  expect(await engine.resultOf(id)).toEqual({ status: 'succeeded', output: 'went' })
  await engine.stop()
})

test('a retried run keeps its results and makes the failed call again', async () => {
  const made: string[] = []
  let broken = true
  const { engine, handle, database, id } = await started(async (ctx) => {
    const first = await ctx.step('first', () => made.push('first'))
    const second = await ctx.step('second', () => {
      made.push('second')
      if (broken) throw new TypeError('broken')
      return 2
    })
    return [first, second]
  })
  expect(await handle.result()).toMatchObject({ status: 'failed', error: { message: 'broken' } })
  broken = false
  await engine.control.retry(id, 'ada')
  await settle()
  expect(await engine.resultOf(id)).toEqual({ status: 'succeeded', output: [1, 2] })
  expect(made).toEqual(['first', 'second', 'second'])
  expect((await verifyAudit(database)).faults).toEqual([])
  await expect(engine.control.retry(id, 'ada')).rejects.toMatchObject({ code: 'cannot-retry' })
  await engine.stop()
})

test('a retried run makes again what was stopped only because it was ending', async () => {
  const made: string[] = []
  let broken = true
  const { engine, handle, database, id } = await started((ctx) =>
    Promise.all([
      ctx.step('done', () => made.push('done')),
      ctx.step('failing', async () => {
        made.push('failing')
        if (broken) throw new TypeError('broken')
        return 2
      }),
      ctx.step('stopped', ({ signal }) => {
        made.push('stopped')
        if (!broken) return 3
        return new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason))
        })
      }),
    ]),
  )
  expect(await handle.result()).toMatchObject({ status: 'failed', error: { message: 'broken' } })
  broken = false
  await engine.control.retry(id, 'ada')
  await settle()
  expect(await engine.resultOf(id)).toEqual({ status: 'succeeded', output: [1, 2, 3] })
  expect(made).toEqual(['done', 'failing', 'stopped', 'failing', 'stopped'])
  expect((await verifyAudit(database)).faults).toEqual([])
  await engine.stop()
})

test('a fork repeats nothing before its step and goes its own way after', async () => {
  const made: string[] = []
  const { engine, handle, id, database } = await started(async (ctx) => {
    const random = ctx.random()
    const pay = { name: 'pay', effect: 'once', run: () => made.push('pay') } as const
    await effect(CoreContext.callSiteOf(ctx), pay, { random })
    const value = await ctx.step('draft', () => made.push('draft'))
    return [random, value]
  })
  const result = await handle.result()
  const fork = await engine.control.fork(id, 2, 'ada')
  await settle()
  const forked = await engine.resultOf(fork)
  expect(forked).toMatchObject({ status: 'succeeded' })
  expect(made).toEqual(['pay', 'draft', 'draft'])
  const [random] = (result as { output: number[] }).output
  expect((forked as { output: number[] }).output).toEqual([random, 3])
  expect(await rowOf(database, fork)).toMatchObject({ principal: 'ada' })
  expect((await verifyAudit(database)).faults).toEqual([])
  await engine.stop()
})

test('a fork of a fork sees the chance that the first run saw', async () => {
  const { engine, handle, id } = await started(async (ctx) => {
    const random = ctx.random()
    await ctx.step(`a ${random}`, () => 1)
    await ctx.step('b', () => 1)
    return random
  })
  const first = await handle.result()
  const fork = await engine.control.fork(id, 2, 'ada')
  await settle()
  const second = await engine.control.fork(fork, 2, 'ada')
  await settle()
  expect(await engine.resultOf(second)).toEqual(first)
  await engine.stop()
})

test('a run that was retried can be forked after the call that failed', async () => {
  let broken = true
  const { engine, handle, id } = await started(async (ctx) => {
    const value = await ctx.step('a', () => {
      if (broken) throw new TypeError('broken')
      return 'mended'
    })
    await ctx.step('b', () => 1)
    return value
  })
  await handle.result()
  broken = false
  await engine.control.retry(id, 'ada')
  await settle()
  const fork = await engine.control.fork(id, 2, 'ada')
  await settle()
  expect(await engine.resultOf(fork)).toEqual({ status: 'succeeded', output: 'mended' })
  await engine.stop()
})

test('a fork from a call that the run never made is refused', async () => {
  const { engine, id, database } = await started(async (ctx) => {
    await ctx.step('a', () => 1)
    await ctx.step('b', () => 1)
  })
  for (const from of [0, -1, 1.5, 3, 99]) {
    await expect(engine.control.fork(id, from, 'ada')).rejects.toMatchObject({ code: 'bad-fork' })
  }
  await expect(engine.control.fork('nope', 1, 'ada')).rejects.toMatchObject({ code: 'unknown-run' })
  expect(await database.all('select * from runs')).toHaveLength(1)
  await engine.stop()
})

test('a fork asks anew what its origin still waited for', async () => {
  const { engine, id, database, clock } = await started(async (ctx) => {
    const asked = ctx.approve('send', { show: 1 })
    await ctx.step('work', () => 1)
    return (await asked).status
  })
  const fork = await engine.control.fork(id, 2, 'ada')
  await clock.advance(1)
  const approvals = await database.all<{ id: string; run: number }>('select id, run from approvals')
  const own = approvals.find((approval) => approval.run !== approvals[0]!.run)!
  await engine.control.decide(own.id, { verdict: 'approve', by: 'ada' })
  await settle()
  expect(await engine.resultOf(fork)).toEqual({ status: 'succeeded', output: 'approved' })
  expect((await rowOf(database, id)).status).toBe('waiting')
  await engine.stop()
})

test('a fork while an effect before it is under way is refused', async () => {
  const { engine, id } = await started(async (ctx) => {
    const pay = { name: 'pay', effect: 'once', run: () => new Promise(() => {}) } as const
    const paying = effect(CoreContext.callSiteOf(ctx), pay, {})
    await ctx.step('work', () => 1)
    return paying
  })
  const forking = engine.control.fork(id, 2, 'ada')
  await expect(forking).rejects.toMatchObject({ code: 'bad-fork', message: expect.stringContaining('pay') })
})

test('a fork hears how a child of its origin ended, and must wait for one that has not', async () => {
  const child = defineWorkflow({
    name: 'child',
    input: z.unknown(),
    async run(ctx: CoreContext) {
      await ctx.sleep('1m')
      return 'from the child'
    },
  }) as Workflow
  const parent = flow(async (ctx) => (await ctx.start(child, {})).result())
  const { engine, clock } = await testEngine([parent, child])
  await engine.start()
  const handle = await engine.startRun('flow', {})
  await clock.advance(10)
  const early = engine.control.fork(handle.id, 2, 'ada')
  await expect(early).rejects.toMatchObject({ code: 'bad-fork' })
  await clock.advance(60_000)
  expect(await handle.result()).toMatchObject({ output: 'from the child' })
  const fork = await engine.control.fork(handle.id, 2, 'ada')
  await settle()
  expect(await engine.resultOf(fork)).toEqual({ status: 'succeeded', output: 'from the child' })
  await engine.stop()
})

test('unknown runs are named by every command', async () => {
  const { engine } = await testEngine([flow(() => 1)])
  const { control } = engine
  for (const attempt of [
    control.cancel('nope', 'ada'),
    control.pause('nope'),
    control.resume('nope'),
    control.retry('nope', 'ada'),
  ]) {
    await expect(attempt).rejects.toMatchObject({
      code: 'unknown-run',
      message: expect.stringContaining('nope'),
    })
  }
})

test('events that come from outside go on with the chain', async () => {
  const { engine, id, database } = await started((ctx) => ctx.sleep('1m'))
  await engine.control.cancel(id, 'ada')
  const events = await eventsOf(database, id)
  expect(events.map((event) => event.seq)).toEqual([1, 2, 3])
  expect(await verifyAudit(database, id)).toMatchObject({ events: 3, faults: [] })
  await engine.stop()
})

test('a retried run may do without the call that failed', async () => {
  let broken = true
  const { engine, handle, id } = await started(async (ctx) => {
    const value = await ctx.step('a', () => 1)
    if (broken) {
      await ctx.step('b', () => {
        throw new TypeError('broken')
      })
    }
    return value
  })
  expect(await handle.result()).toMatchObject({ status: 'failed' })
  broken = false
  await engine.control.retry(id, 'ada')
  await settle()
  expect(await engine.resultOf(id)).toEqual({ status: 'succeeded', output: 1 })
  await engine.stop()
})
