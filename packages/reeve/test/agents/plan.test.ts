import { expect, test } from 'vitest'
import { z } from 'zod'
import { type PlanOptions, plan, planAction } from '../../src/agents/patterns/plan/plan.ts'
import { findPlanFault } from '../../src/agents/patterns/plan/plan-graph.ts'
import { type Context, workflow } from '../../src/context.ts'
import { FakeClock, settle } from '../../src/testing/fake-clock.ts'
import { scriptedSolver } from '../../src/testing/scripted.ts'
import { openTestDatabase } from '../engine/harness.ts'
import { agentBench } from './agent-harness.ts'

const step = (id: string, needs: string[] = [], args: unknown = { what: id }, action = 'make') => ({
  id,
  action,
  args,
  needs,
})

/** A workshop that notes what it does, in order. */
function workshop(failing: string[] = []) {
  const done: string[] = []
  const args = z.object({ what: z.string() })
  const actions = (ctx: Context) => ({
    make: planAction({
      does: 'makes a thing',
      args,
      run: ({ what }, results) =>
        ctx.step(`make ${what}`, () => {
          if (failing.includes(what)) throw Object.assign(new Error(`${what} broke`), { retryable: false })
          done.push(`make ${what}`)
          return [what, ...Object.keys(results)].join('+')
        }),
      undo: ({ what }, result) =>
        ctx.step(`unmake ${what}`, () => {
          if (failing.includes(`unmake ${what}`))
            throw Object.assign(new Error('stuck'), { retryable: false })
          done.push(`unmake ${what} (${result})`)
        }),
    }),
    tell: planAction({
      does: 'tells someone',
      args,
      run: ({ what }) =>
        ctx.step(`tell ${what}`, () => {
          done.push(`tell ${what}`)
          return 'told'
        }),
    }),
  })
  return { done, actions }
}

function flowOf(shop: ReturnType<typeof workshop>, options: Omit<PlanOptions, 'actions' | 'goal'>) {
  return workflow({
    name: 'flow',
    input: z.null(),
    run: (ctx) => plan(ctx, 'build', { goal: 'a house', actions: shop.actions(ctx), ...options }),
  })
}

async function build(shop: ReturnType<typeof workshop>, options: Omit<PlanOptions, 'actions' | 'goal'>) {
  const flow = flowOf(shop, options)
  const bench = await agentBench([flow], {})
  const handle = await bench.engine.startRun(flow, null)
  return { result: await handle.result(), logs: await bench.logs(handle.id) }
}

test('steps run when what they need is done, with its results, and leave checkpoints', async () => {
  const shop = workshop()
  const steps = [step('roof', ['walls', 'beams']), step('walls', ['floor']), step('beams'), step('floor')]
  const { result, logs } = await build(shop, { plan: steps })
  expect(result).toMatchObject({ output: { results: { roof: 'roof+walls+beams', walls: 'walls+floor' } } })
  expect(shop.done).toEqual(['make beams', 'make floor', 'make walls', 'make roof'])
  expect(logs.flatMap(({ event, step }) => (event === 'plan-advanced' ? [step] : []))).toEqual([
    'beams',
    'floor',
    'walls',
    'roof',
  ])
})

test('when a step fails, what was done is undone, the latest first', async () => {
  const shop = workshop(['roof'])
  const steps = [
    step('floor'),
    step('walls', ['floor']),
    step('note', ['walls'], { what: 'note' }, 'tell'),
    step('roof', ['note']),
    step('paint', ['roof']),
  ]
  const { result } = await build(shop, { plan: steps })
  expect(result).toMatchObject({
    error: {
      code: 'plan-failed',
      details: { step: 'roof', reason: 'roof broke', undone: ['walls', 'floor'], notUndone: ['note'] },
    },
  })
  expect(shop.done).toEqual([
    'make floor',
    'make walls',
    'tell note',
    'unmake walls (walls+floor)',
    'unmake floor (floor)',
  ])
})

test('an undo that fails is told and the others are undone nevertheless', async () => {
  const shop = workshop(['roof', 'unmake walls'])
  const { result } = await build(shop, {
    plan: [step('floor'), step('walls', ['floor']), step('roof', ['walls'])],
  })
  expect(result).toMatchObject({ error: { details: { undone: ['floor'], notUndone: ['walls'] } } })
})

test('steps under way when one fails are awaited and undone too', async () => {
  const shop = workshop(['bad'])
  const { result } = await build(shop, { plan: [step('bad'), step('good'), step('late', ['good'])] })
  expect(result).toMatchObject({ error: { details: { step: 'bad', undone: ['good'] } } })
  expect(shop.done).toEqual(['make good', 'unmake good (good)'])
})

test('a plan that cannot be carried out is refused before its first step, with what is wrong', async () => {
  const cases: [steps: ReturnType<typeof step>[], message: string][] = [
    [[step('a', ['b']), step('b', ['c']), step('c', ['a'])], 'a → b → c → a'],
    [[step('a', ['a'])], 'a → a'],
    [[step('a', ['z'])], 'needs "z"'],
    [[step('a'), step('a')], 'two steps have the id "a"'],
    [[step('a', [], { what: 7 })], 'steps[0].args: do not fit action "make": what:'],
    [[step('a', [], {}, 'destroy')], 'steps[0].action'],
    [Array.from({ length: 13 }, (_each, index) => step(`s${index}`)), 'steps'],
    [[], 'steps'],
  ]
  for (const [steps, message] of cases) {
    const shop = workshop()
    const { result } = await build(shop, { plan: steps })
    expect(result).toMatchObject({ error: { code: 'bad-plan', message: expect.stringContaining(message) } })
    expect(shop.done).toEqual([])
  }
})

test('a long chain and a cycle at its end are told apart without running out of stack', () => {
  const chain = Array.from({ length: 50_000 }, (_each, index) =>
    step(`s${index}`, index ? [`s${index - 1}`] : []),
  )
  expect(findPlanFault(chain.toReversed())).toBeUndefined()
  chain[0]!.needs = ['s2']
  expect(findPlanFault(chain)).toBe('its steps wait for each other in a circle: s0 → s2 → s1 → s0')
})

test('a diamond is no cycle', () => {
  expect(
    findPlanFault([step('a', ['b', 'c']), step('b', ['d']), step('c', ['d']), step('d')]),
  ).toBeUndefined()
})

test('a model that plans a cycle is told its path and mends it', async () => {
  const planner = scriptedSolver([
    JSON.stringify({ steps: [step('a', ['b']), step('b', ['a'])] }),
    JSON.stringify({ steps: [step('a', ['b']), step('b')] }),
  ])
  const shop = workshop()
  const flow = flowOf(shop, { plan: { route: 'planner' } })
  const bench = await agentBench([flow], { planner })
  const handle = await bench.engine.startRun(flow, null)
  expect(await handle.result()).toMatchObject({ status: 'succeeded' })
  expect(planner.questions[1]!.feedback?.problem).toContain('a → b → a')
  expect(shop.done).toEqual(['make b', 'make a'])
})

test('after a crash the plan goes on from its checkpoints', async () => {
  const shop = workshop()
  const hang = Promise.withResolvers<string>()
  let attempts = 0
  const flow = workflow({
    name: 'flow',
    input: z.null(),
    run: (ctx) =>
      plan(ctx, 'build', {
        goal: 'a house',
        plan: [step('floor'), step('walls', ['floor'], { what: 'walls' }, 'wait'), step('roof', ['walls'])],
        actions: {
          ...shop.actions(ctx),
          wait: planAction({
            does: 'waits',
            args: z.object({ what: z.string() }),
            run: () => ctx.step('wait', () => (++attempts === 1 ? hang.promise : 'waited')),
          }),
        },
      }),
  })
  const clock = new FakeClock()
  const database = await openTestDatabase(clock)
  const crashed = await agentBench([flow], {}, { database, clock: new FakeClock() })
  const handle = await crashed.engine.startRun(flow, null)
  await settle()
  expect(shop.done).toEqual(['make floor'])
  const bench = await agentBench([flow], {}, { database, clock })
  await clock.advance(120_000)
  expect(await bench.engine.resultOf(handle.id)).toMatchObject({ status: 'succeeded' })
  expect(shop.done).toEqual(['make floor', 'make roof'])
  expect(
    (await bench.logs(handle.id)).flatMap(({ event, step }) => (event === 'plan-advanced' ? [step] : [])),
  ).toEqual(['floor', 'walls', 'roof'])
  hang.resolve('too late')
})
