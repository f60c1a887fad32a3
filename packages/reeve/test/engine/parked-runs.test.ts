import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import type { Effect } from '../../src/engine/calls/effect/definition.ts'
import { effect } from '../../src/engine/calls/effect/effect.ts'
import { CoreContext } from '../../src/engine/context.ts'
import type { Execution } from '../../src/engine/execution/execution.ts'
import { ParkedRuns } from '../../src/engine/worker/parked-runs.ts'
import { defineWorkflow, type Workflow } from '../../src/engine/workflow.ts'
import { listPending } from '../../src/store/approvals/approvals.ts'
import type { Database, Session, Value } from '../../src/store/database.ts'
import type { RunRow } from '../../src/store/runs/runs.ts'
import { FakeClock } from '../../src/testing/fake-clock.ts'
import { eventsOf, mortalEngine, openTestDatabase, rowOf, severable, testEngine } from './harness.ts'

function workflowOf(name: string, run: (ctx: CoreContext) => Promise<unknown>, more: object = {}): Workflow {
  return defineWorkflow({ name, input: z.any(), run: (ctx: CoreContext) => run(ctx), ...more }) as Workflow
}

async function started(workflows: Workflow[], options: Parameters<typeof testEngine>[1] = {}) {
  const opened = await testEngine(workflows, { keptRuns: 100, ...options })
  await opened.engine.start()
  onTestFinished(() => opened.engine.stop())
  return opened
}

/** What a branch of a workflow does. */
type Part =
  | { kind: 'step' | 'log' | 'random' | 'now' | 'patched' }
  | { kind: 'flaky'; delayMs: number }
  | { kind: 'sleep'; ms: number }
  | { kind: 'signal'; name: string; timeoutMs: number | undefined }
  | { kind: 'approve'; timeoutMs: number }
  | { kind: 'all'; of: Part[] }
  | { kind: 'race'; of: Part[] }
  | { kind: 'sequence'; of: Part[] }

const { part } = fc.letrec<{ part: Part }>((tie) => ({
  part: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.record({
      kind: fc.constantFrom(
        'step' as const,
        'log' as const,
        'random' as const,
        'now' as const,
        'patched' as const,
      ),
    }),
    fc.record({ kind: fc.constant('flaky' as const), delayMs: fc.constantFrom(1500, 4000) }),
    fc.record({ kind: fc.constant('sleep' as const), ms: fc.constantFrom(500, 3000, 7001) }),
    fc.record({
      kind: fc.constant('signal' as const),
      name: fc.constantFrom('a', 'b'),
      timeoutMs: fc.constantFrom(undefined, 5000),
    }),
    fc.record({ kind: fc.constant('approve' as const), timeoutMs: fc.constantFrom(6000) }),
    fc.record({
      kind: fc.constantFrom('all', 'race', 'sequence'),
      of: fc.array(tie('part'), { minLength: 1, maxLength: 4 }),
    }) as fc.Arbitrary<Part>,
  ),
}))

async function go(ctx: CoreContext, given: Part, path: string, trace: string[]): Promise<void> {
  const go1 = (child: Part, index: number) => go(ctx, child, `${path}.${index}`, trace)
  let value: unknown = null
  if (given.kind === 'step') value = await ctx.step(path, () => path)
  else if (given.kind === 'flaky')
    value = await ctx.step(
      path,
      ({ attempt }) => {
        if (attempt < 3) throw Object.assign(new Error(`attempt ${attempt}`), { stack: '' })
        return attempt
      },
      { retry: { attempts: 3, delay: given.delayMs } },
    )
  else if (given.kind === 'sleep') await ctx.sleep(given.ms)
  else if (given.kind === 'signal')
    value = await ctx.waitFor(given.name, given.timeoutMs === undefined ? {} : { timeout: given.timeoutMs })
  else if (given.kind === 'approve') value = await ctx.approve(path, { show: path, timeout: given.timeoutMs })
  else if (given.kind === 'log') ctx.log(path)
  else if (given.kind === 'random') value = ctx.random()
  else if (given.kind === 'now') value = ctx.now().getTime()
  else if (given.kind === 'patched') value = ctx.patched(path)
  else if (given.kind === 'sequence') for (const [index, child] of given.of.entries()) await go1(child, index)
  else if (given.kind === 'all') await ctx.all(given.of.map(go1))
  else if (given.kind === 'race') await ctx.race(given.of.map(go1))
  trace.push(`${path} ${JSON.stringify(value)} at ${ctx.now().getTime()}`)
}

interface Act {
  afterMs: number
  kind: 'signal' | 'pause' | 'jump'
  name: string
}

const acts = fc.array(
  fc.record({
    afterMs: fc.constantFrom(0, 700, 2500, 8000),
    kind: fc.constantFrom('signal' as const, 'signal' as const, 'pause' as const, 'jump' as const),
    name: fc.constantFrom('a', 'b'),
  }),
  { maxLength: 8 },
)

async function journalOf(root: Part, told: Act[], keptRuns: number) {
  const shaped = workflowOf('shaped', async (ctx) => {
    const trace: string[] = []
    await go(ctx, root, '0', trace)
    return trace
  })
  const { engine, database, clock } = await testEngine([shaped], { keptRuns })
  await engine.start()
  const run = await engine.startRun(shaped, {})
  await clock.advance(1)
  for (const [index, { afterMs, kind, name }] of told.entries()) {
    if (['succeeded', 'failed'].includes((await rowOf(database, run.id)).status)) break
    if (kind === 'signal') await engine.control.signal(run.id, name, index)
    else if (kind === 'jump') clock.jump(clock.now() + 2000)
    else {
      await engine.control.pause(run.id)
      await clock.advance(1)
      await engine.control.resume(run.id)
    }
    await clock.advance(afterMs)
  }
  await clock.advance(120_000)
  const events = await eventsOf(database, run.id)
  const { status, reason, wake_at, inbox, chapter } = await rowOf(database, run.id)
  await engine.stop()
  await database.close()
  return { events, row: { status, reason, wake_at, inbox, chapter } }
}

test('a run that goes on from memory writes the journal that a replay would have written', async () => {
  await fc.assert(
    fc.asyncProperty(part, acts, async (root, told) => {
      const replayed = await journalOf(root, told, 0)
      expect(await journalOf(root, told, 100)).toEqual(replayed)
    }),
    { numRuns: 40, seed: 20_260_101 },
  )
})

test('a parked run that this engine claims again goes on without a replay', async () => {
  let lives = 0
  const patient = workflowOf('patient', async (ctx) => {
    lives++
    for (let index = 0; index < 20; index++) {
      await ctx.waitFor('tick')
      await ctx.step('note', () => index)
    }
    return 'done'
  })
  const { engine, database, clock } = await started([patient])
  const run = await engine.startRun(patient, {})
  for (let index = 0; index < 20; index++) {
    await clock.advance(1)
    expect((await rowOf(database, run.id)).status).toBe('waiting')
    await engine.control.signal(run.id, 'tick', null)
  }
  expect(await run.result()).toEqual({ status: 'succeeded', output: 'done' })
  expect(lives).toBe(1)
})

test('no more runs are kept than there is room for, and none longer than ten minutes', async () => {
  const lives = new Map<string, number>()
  const patient = workflowOf('patient', async (ctx) => {
    lives.set(ctx.runId, (lives.get(ctx.runId) ?? 0) + 1)
    await ctx.waitFor('tick')
    await ctx.waitFor('tick')
  })
  const { engine, clock } = await started([patient], { keptRuns: 2 })
  const runs = []
  for (let index = 0; index < 3; index++) {
    runs.push(await engine.startRun(patient, {}))
    await clock.advance(1)
  }
  for (const { id } of runs) await engine.control.signal(id, 'tick', null)
  await clock.advance(1)
  expect(runs.map(({ id }) => lives.get(id))).toEqual([2, 1, 1])
  await clock.advance(700_000)
  for (const { id } of runs) await engine.control.signal(id, 'tick', null)
  await clock.advance(1)
  expect(runs.map(({ id }) => lives.get(id))).toEqual([3, 2, 2])
})

test('a run with a short journal is not kept', async () => {
  let lives = 0
  const patient = workflowOf('patient', async (ctx) => {
    lives++
    for (;;) await ctx.waitFor('tick')
  })
  const { engine, clock } = await started([patient], { keptEvents: 8 })
  const { id } = await engine.startRun(patient, null)
  await clock.advance(1)
  const seen: number[] = []
  for (let tick = 1; tick <= 6; tick++) {
    await engine.control.signal(id, 'tick', null)
    await clock.advance(1)
    seen.push(lives)
  }
  expect(seen.slice(0, 2)).toEqual([2, 3])
  expect(seen.at(-1)).toBe(seen.at(-2))
})

test('a kept run is taken by the very next claim alone, with its journal and its code as they were', () => {
  const code = workflowOf('kept', async () => null)
  const taken = (row: object, workflow = code, isParked = true) => {
    const kept = new ParkedRuns({ clock: new FakeClock() }, { mostRuns: 9, mostBytes: 9000, leastEvents: 7 })
    const head = { seq: 7, hash: 'seventh', bytes: 700 }
    const drop = () => {}
    const execution = { claim: { no: 1, epoch: 4 }, workflow: code, head, isParked, drop }
    kept.keep(execution as unknown as Execution)
    const run = { no: 1, epoch: 5, head_seq: 7, head: 'seventh', ...row }
    const found = kept.take(run as unknown as RunRow, workflow) !== undefined
    expect(kept.size).toBe(0)
    return found
  }
  expect(taken({})).toBe(true)
  expect(taken({ epoch: 6 })).toBe(false)
  expect(taken({ head_seq: 8 })).toBe(false)
  expect(taken({ head: 'another' })).toBe(false)
  expect(
    taken(
      {},
      workflowOf('kept', async () => null),
    ),
  ).toBe(false)
  expect(taken({}, code, false)).toBe(false)
})

test('a kept run that another engine drove meanwhile, or whose code was changed, is replayed', async () => {
  const seen: string[] = []
  const patient = (version: string) =>
    workflowOf('patient', async (ctx) => {
      seen.push(`${version} begins`)
      await ctx.waitFor('tick')
      await ctx.step('note', () => seen.push(version))
      await ctx.waitFor('tick')
      return version
    })
  const first = await mortalEngine([patient('first')], { keptRuns: 100 })
  const run = await first.engine.startRun('patient', {})
  await first.clock.advance(1)
  const second = await started([patient('second')], { database: first.database, clock: first.clock })
  await first.die()
  await second.engine.control.signal(run.id, 'tick', null)
  await second.clock.advance(60_000)
  expect(seen).toEqual(['first begins', 'second begins', 'second'])
  const registry = second.engine.workflows
  Object.defineProperty(registry, 'find', { value: () => changed })
  const changed = patient('third')
  await second.engine.control.signal(run.id, 'tick', null)
  await second.clock.advance(1000)
  expect(await second.engine.resultOf(run.id)).toEqual({ status: 'succeeded', output: 'third' })
})

test('a kept run that another engine drove and gave back meanwhile is replayed', async () => {
  const seen: string[] = []
  const patient = (engine: string) =>
    workflowOf('patient', async (ctx) => {
      seen.push(`${engine} begins`)
      const first = await ctx.waitFor('tick')
      await ctx.step('note', () => seen.push(engine))
      return [first, await ctx.waitFor('tick')]
    })
  const first = await started([patient('first')])
  const run = await first.engine.startRun('patient', {})
  await first.clock.advance(1)
  // It stands by while the other one drives the run.
  const registry = first.engine.workflows
  const { find } = registry
  registry.find = () => undefined
  const second = await started([patient('second')], { database: first.database, clock: first.clock })
  await second.engine.control.signal(run.id, 'tick', 1)
  await second.clock.advance(5000)
  await second.engine.stop()
  registry.find = find
  await first.engine.control.signal(run.id, 'tick', 2)
  await first.clock.advance(5000)
  expect(await first.engine.resultOf(run.id)).toEqual({ status: 'succeeded', output: [1, 2] })
  expect(seen).toEqual(['first begins', 'second begins', 'second', 'first begins'])
})

test('a kept run whose journal does not end as it did is loaded and verified like any other', async () => {
  const patient = workflowOf('patient', (ctx) => ctx.waitFor('tick'))
  const { engine, database, clock } = await started([patient])
  const run = await engine.startRun(patient, {})
  await clock.advance(1)
  await database.run(`update runs set head = 'another' where id = ?`, [run.id])
  await engine.control.signal(run.id, 'tick', null)
  expect(await run.result()).toMatchObject({
    status: 'stuck',
    reason: expect.stringContaining('was replaced'),
  })
})

test('a parked run whose code goes on by a promise of its own is replayed when it wakes', async () => {
  let lives = 0
  const restless = workflowOf('restless', async (ctx) => {
    const life = ++lives
    const own = new Promise<void>((resolve) => clock.after(5000, resolve))
    void own.then(() => ctx.step('own', () => life))
    await ctx.waitFor('tick')
    return ctx.step('after', () => life)
  })
  const { engine, clock } = await started([restless])
  const run = await engine.startRun(restless, {})
  await clock.advance(6000)
  await engine.control.signal(run.id, 'tick', null)
  expect(await run.result()).toEqual({ status: 'succeeded', output: 2 })
})

/** An engine whose database is 5 s late to answer the first commit that parks a run. */
async function startedWithLateCommit(workflow: (clock: FakeClock) => Workflow) {
  const clock = new FakeClock()
  const database = await openTestDatabase(clock)
  let isLate = false
  const link: Database = Object.create(severable(database).database, {
    transaction: {
      value: async (body: (session: Session) => Promise<unknown>) => {
        const answer = await database.transaction(body)
        const parked = await database.get(`select 1 from runs where status = 'waiting'`)
        if (parked && !isLate) {
          isLate = true
          await new Promise<void>((resolve) => clock.after(5000, resolve))
        }
        return answer
      },
    },
  })
  const { engine } = await started([workflow(clock)], { database: link, clock })
  return { engine, database, clock }
}

test('a timer that falls due while the run is being parked wakes it, however late the commit is answered', async () => {
  const { engine, database, clock } = await startedWithLateCommit(() =>
    workflowOf('patient', async (ctx) => {
      const [, told] = await ctx.all([ctx.sleep(2000), ctx.waitFor('tick')])
      return told
    }),
  )
  // It is born and parked in one commit.
  const starting = engine.startRun('patient', {})
  await clock.advance(10_000)
  const run = await starting
  expect((await eventsOf(database, run.id)).at(-1)).toMatchObject({ type: 'timer-fired', step: 1 })
  expect((await rowOf(database, run.id)).status).toBe('waiting')
  await engine.control.signal(run.id, 'tick', 'told')
  await clock.advance(1)
  expect(await engine.resultOf(run.id)).toEqual({ status: 'succeeded', output: 'told' })
})

test('a run whose code goes on by a promise of its own while it is being parked is replayed when it wakes', async () => {
  let lives = 0
  const { engine, clock } = await startedWithLateCommit((clock) =>
    workflowOf('restless', async (ctx) => {
      const life = ++lives
      const own = new Promise<void>((resolve) => clock.after(3000, resolve))
      void own.then(() => ctx.step('own', () => life))
      await ctx.waitFor('tick')
      return ctx.step('after', () => life)
    }),
  )
  const starting = engine.startRun('restless', {})
  await clock.advance(6000)
  const run = await starting
  await engine.control.signal(run.id, 'tick', null)
  expect(await run.result()).toEqual({ status: 'succeeded', output: 2 })
})

test('an answer whose look is under way while the run parks is for the next claim, and is not lost', async () => {
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
  const clock = new FakeClock()
  const database = await openTestDatabase(clock)
  let isLooking = false
  let hasParked = false
  let hasLooked = false
  const link: Database = Object.create(severable(database).database, {
    transaction: {
      value: async (body: (session: Session) => Promise<unknown>) => {
        // The next claim comes only after the look.
        while (hasParked && !hasLooked) await turn()
        const answer = await database.transaction(body)
        if (isLooking) hasParked = !(await database.get(`select 1 from runs where status = 'running'`))
        return answer
      },
    },
    all: {
      value: async (sql: string, given: Value[]) => {
        const rows = await database.all(sql, given)
        if (!/from inbox where/.test(sql) || rows.length === 0 || hasLooked) return rows
        isLooking = true
        while (!hasParked) await turn()
        // The run has been told that it parked.
        for (let turns = 0; turns < 5; turns++) await turn()
        setImmediate(() => setImmediate(() => (hasLooked = true)))
        return rows
      },
    },
  })
  const lossy: Effect = {
    name: 'lossy',
    effect: 'once',
    run: (_args, { attempt }) => {
      if (attempt === 1) throw new Error('the connection broke')
      return attempt
    },
  }
  const asking = workflowOf('asking', async (ctx) => {
    const [, result] = await ctx.all([ctx.sleep(500), effect(CoreContext.callSiteOf(ctx), lossy, {})])
    return result
  })
  const { engine } = await started([asking], { database: link, clock })
  const run = await engine.startRun(asking, {})
  await clock.advance(1)
  const [question] = await listPending(database)
  // Its timer is near: the run is held, and looks at what came.
  const answer = { happened: false, retry: true } as const
  await engine.control.decide(question!.id, { verdict: 'answer', by: 'ada', answer })
  await clock.advance(5000)
  expect(hasLooked).toBe(true)
  expect((await rowOf(database, run.id)).status).toBe('succeeded')
  expect(await engine.resultOf(run.id)).toEqual({ status: 'succeeded', output: 2 })
})

test('a kept run that was cancelled or ran out of time while it was parked ends as one that is replayed', async () => {
  const limited = workflowOf('limited', (ctx) => ctx.waitFor('tick'), { limits: { time: '1h' } })
  const { engine, database, clock } = await started([limited])
  const [cancelled, late] = [await engine.startRun(limited, {}), await engine.startRun(limited, {})]
  await clock.advance(1)
  await engine.control.cancel(cancelled.id, 'somebody')
  await clock.advance(60_000)
  expect((await rowOf(database, cancelled.id)).status).toBe('cancelled')
  clock.jump(clock.now() + 3_600_000)
  await engine.control.signal(late.id, 'tick', null)
  await clock.advance(1000)
  expect(await late.result()).toMatchObject({ status: 'failed', error: { code: 'limit-time' } })
})
