import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import type { CoreContext } from '../../src/engine/context.ts'
import { defineWorkflow, type Workflow } from '../../src/engine/workflow.ts'
import { listPending } from '../../src/store/approvals/approvals.ts'
import { settle } from '../../src/testing/fake-clock.ts'
import { eventsOf, mortalEngine, rowOf, type TestEngine, testEngine, typesOf } from './harness.ts'

const minute = 60_000

function flowOf(run: (ctx: CoreContext, input: unknown) => Promise<unknown>): Workflow {
  return defineWorkflow({ name: 'flow', input: z.unknown(), run }) as Workflow
}

async function started(flow: Workflow, ...others: Workflow[]): Promise<TestEngine & { id: string }> {
  const opened = await testEngine([flow, ...others])
  await opened.engine.start()
  onTestFinished(() => opened.engine.stop())
  const { id } = await opened.engine.startRun(flow, 1)
  await settle()
  return { ...opened, id }
}

async function linesOf({ database, id }: Pick<TestEngine, 'database'> & { id: string }): Promise<string[]> {
  const events = await eventsOf(database, id)
  return events
    .filter(({ type }) => type === 'log-written')
    .map(({ payload }) => (JSON.parse(payload!) as { message: string }).message)
}

/** A body that stops when it is told to, and says whether it was. */
function heeding() {
  let finish = () => {}
  let isDone = false
  let aborted = false
  const body = ({ signal }: { signal: AbortSignal }) =>
    new Promise<string>((resolve, reject) => {
      finish = () => {
        isDone = true
        resolve('charged')
      }
      signal.addEventListener('abort', () => {
        aborted = !isDone
        reject(signal.reason)
      })
    })
  return { body, finish: () => finish(), wasAborted: () => aborted }
}

test('a run waits for a step that its workflow forgot to await, and says so', async () => {
  const charge = heeding()
  const run = await started(
    flowOf(async (ctx) => {
      void ctx.step('charge', charge.body)
      return 'done'
    }),
  )
  expect((await rowOf(run.database, run.id)).status).toBe('running')
  charge.finish()
  expect(await run.engine.resultOf(run.id)).toEqual({ status: 'succeeded', output: 'done' })
  expect(charge.wasAborted()).toBe(false)
  expect(await typesOf(run.database, run.id)).toEqual([
    'run-started',
    'log-written',
    'step-completed',
    'run-succeeded',
  ])
  expect(await linesOf(run)).toEqual([expect.stringMatching(/step "charge" \(call 1\).*Await it/)])
})

test('one that fails at first is tried again, as if it had been awaited', async () => {
  let attempts = 0
  const run = await started(
    flowOf(async (ctx) => {
      void ctx.step('flaky', () => {
        if (++attempts < 3) throw new Error('not yet')
      })
    }),
  )
  await run.clock.advance(10_000)
  expect(await run.engine.resultOf(run.id)).toMatchObject({ status: 'succeeded' })
  expect(attempts).toBe(3)
  expect(await linesOf(run)).toHaveLength(1)
})

test('a failure of what nobody awaited is named; whether the code looks at it cannot be told', async () => {
  const run = await started(
    flowOf(async (ctx) => {
      void ctx.step('send', async () => Promise.reject(new TypeError('no such address')))
      return 'done'
    }),
  )
  expect(await run.engine.resultOf(run.id)).toEqual({ status: 'succeeded', output: 'done' })
  expect((await linesOf(run)).at(-1)).toBe(
    'What the workflow did not await failed. step "send" (call 1): no such address',
  )
})

test('a function of its own that was not awaited goes on to its end, over deaths', async () => {
  const sent: string[] = []
  let life = 1
  const flow = flowOf(async (ctx) => {
    const notify = async () => {
      await ctx.step('first', () => sent.push('first'))
      await ctx.step('second', () => (life === 1 ? new Promise<number>(() => {}) : sent.push('second')))
      await ctx.step('third', () => sent.push('third'))
    }
    void notify()
    return ctx.step('invoice', () => 'sent')
  })
  const first = await mortalEngine([flow])
  const { id } = await first.engine.startRun(flow, 1)
  await settle()
  expect((await rowOf(first.database, id)).status).not.toBe('succeeded')
  await first.die()
  life = 2
  const { engine, database, clock } = await testEngine([flow], {
    database: first.database,
    clock: first.clock,
  })
  await engine.start()
  onTestFinished(() => engine.stop())
  await clock.advance(4 * minute)
  expect(await engine.resultOf(id)).toEqual({ status: 'succeeded', output: 'sent' })
  expect(sent).toEqual(['first', 'second', 'third'])
  expect((await typesOf(database, id)).at(-1)).toBe('run-succeeded')
  expect(await linesOf({ database, id })).toHaveLength(1)
})

test('the limit of a race that is not ours does not hold the run open, and the journal names it', async () => {
  const run = await started(
    flowOf(async (ctx) => {
      return Promise.race([ctx.step('quick', () => 'in time'), ctx.sleep('30d'), ctx.waitFor('never')])
    }),
  )
  expect(await run.engine.resultOf(run.id)).toEqual({ status: 'succeeded', output: 'in time' })
  expect(await linesOf(run)).toEqual([
    expect.stringMatching(/timer .*\(call 2\), signal "never" \(call 3\).*ends without it.*ctx\.race/),
  ])
})

test('what comes after a call that was not awaited is done, however many turns of promises it takes', async () => {
  const done: number[] = []
  const run = await started(
    flowOf(async (ctx) => {
      const chain = async () => {
        for (let no = 0; no < 5; no++) {
          await ctx.step(`part ${no}`, () => done.push(no))
          for (let turn = 0; turn < 20; turn++) await null
        }
      }
      void chain()
    }),
  )
  expect(await run.engine.resultOf(run.id)).toMatchObject({ status: 'succeeded' })
  expect(done).toEqual([0, 1, 2, 3, 4])
})

test('a question to a person that was not awaited is withdrawn, and the journal names it', async () => {
  const run = await started(
    flowOf(async (ctx) => {
      void ctx.approve('pay', { show: { usd: 5 } })
      return 'done'
    }),
  )
  expect(await run.engine.resultOf(run.id)).toEqual({ status: 'succeeded', output: 'done' })
  expect(await listPending(run.database)).toEqual([])
  expect(await linesOf(run)).toEqual([expect.stringMatching(/approval "pay" \(call 1\).*ends without it/)])
})

test('a run does not wait for what lost its race: that is told to stop', async () => {
  const slow = heeding()
  const run = await started(
    flowOf((ctx) => ctx.race([ctx.step('slow', slow.body), ctx.sleep('1m').then(() => 'late')])),
  )
  await run.clock.advance(60_001)
  expect(await run.engine.resultOf(run.id)).toEqual({ status: 'succeeded', output: 'late' })
  expect(slow.wasAborted()).toBe(true)
  expect(await linesOf(run)).toEqual([])
})

test('nor for a function that lost its race, while that goes on', async () => {
  const slow = heeding()
  const after: string[] = []
  const run = await started(
    flowOf((ctx) =>
      ctx.race([
        async () => {
          await ctx.step('slow', slow.body).catch(() => {})
          await ctx.step('after', () => after.push('after'))
        },
        async () => {
          await ctx.sleep('1m')
          return 'late'
        },
      ]),
    ),
  )
  await run.clock.advance(60_001)
  expect(await run.engine.resultOf(run.id)).toEqual({ status: 'succeeded', output: 'late' })
  expect(after).toEqual([])
})

test('a wait that was given up by its signal holds nothing', async () => {
  const run = await started(
    flowOf(async (ctx) => {
      const over = new AbortController()
      void ctx.waitFor('news', { signal: over.signal }).catch(() => {})
      await ctx.step('enough', () => 1)
      over.abort()
      return 'done'
    }),
  )
  expect(await run.engine.resultOf(run.id)).toEqual({ status: 'succeeded', output: 'done' })
})

test('what goes on beside a failure of ctx.all that was caught is not waited for', async () => {
  const slow = heeding()
  const run = await started(
    flowOf(async (ctx) => {
      try {
        await ctx.all([
          () => ctx.step('slow', slow.body),
          () => ctx.step('bad', async () => Promise.reject(new TypeError('bad'))),
        ])
      } catch {
        return 'instead'
      }
    }),
  )
  expect(await run.engine.resultOf(run.id)).toEqual({ status: 'succeeded', output: 'instead' })
  expect(slow.wasAborted()).toBe(true)
})

test('a run that fails does not wait for what it began: it stops it', async () => {
  const slow = heeding()
  const run = await started(
    flowOf(async (ctx) => {
      void ctx.step('slow', slow.body)
      throw new Error('broken')
    }),
  )
  expect(await run.engine.resultOf(run.id)).toMatchObject({
    status: 'failed',
    error: { message: 'broken' },
  })
  expect(slow.wasAborted()).toBe(true)
})

test('a run that is cancelled while it waits for that ends at once', async () => {
  const slow = heeding()
  const run = await started(
    flowOf(async (ctx) => {
      void ctx.step('slow', slow.body).catch(() => {})
      return 'done'
    }),
  )
  await run.engine.control.cancel(run.id, 'ada')
  expect(await run.engine.resultOf(run.id)).toMatchObject({ status: 'cancelled' })
})
