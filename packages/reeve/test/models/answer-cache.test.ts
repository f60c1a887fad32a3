import { LLMock } from '@copilotkit/aimock'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import type { Duration } from '../../src/base/time/time.ts'
import { workflow } from '../../src/context.ts'
import type { CacheOptions } from '../../src/models/asking/answer-cache.ts'
import { hostedSolver } from '../../src/models/providers/hosted.ts'
import type { RouteAnswer } from '../../src/models/route/route-answer.ts'
import type { Solver } from '../../src/models/solver.ts'
import { readBudget } from '../../src/store/spending/budgets.ts'
import { scriptedSolver } from '../../src/testing/scripted.ts'
import { type AgentBench, agentBench } from '../agents/agent-harness.ts'

const mock = new LLMock({ host: '127.0.0.1', port: 0 })
beforeAll(async () => {
  await mock.start()
})
afterAll(() => mock.stop())
beforeEach(() => {
  mock.reset()
})

interface Given {
  text: string
  cache?: Duration | CacheOptions
  instructions?: string
}
const Given = z.custom<Given>((value) => value !== null && typeof value === 'object')

const flowNamed = (name: string, schema: z.ZodType = z.number()) =>
  workflow({
    name,
    input: Given,
    run: (ctx, { text, cache, instructions }) =>
      ctx.extract('count', {
        schema,
        from: text,
        route: 'route',
        ...(cache === undefined ? {} : { cache }),
        ...(instructions === undefined ? {} : { instructions }),
      }),
  })
const flow = flowNamed('flow')
const otherFlow = flowNamed('other')

/** Answers 1, 2, 3, … so that an answer given again is told from a new one. */
function counting(options: { identity?: string; name?: string } = {}) {
  const replies = Array.from({ length: 9 }, (_, index) => () => ({
    kind: 'text' as const,
    text: `${index + 1}`,
    usage: { inputTokens: 10, outputTokens: 1, costUsd: 0.25 },
  }))
  return scriptedSolver(replies, { name: 'big/model', identity: 'big', worstCaseUsd: 0.5, ...options })
}

async function ask(bench: AgentBench, given: Given, of = flow) {
  const handle = await bench.engine.startRun(of, given)
  const result = await handle.result()
  const settled = (await bench.events(handle.id)).find(({ type }) => type === 'question-completed')
  const answer = settled && (JSON.parse(settled.payload!) as RouteAnswer)
  return { id: handle.id, output: 'output' in result ? result.output : result, answer }
}

test('the same question is answered again at no cost, and the journal says from where', async () => {
  const solver = counting()
  const bench = await agentBench([flow], { route: solver })
  const first = await ask(bench, { text: 'a', cache: '1d' })
  await bench.clock.advance(5000)
  const again = await ask(bench, { text: 'a', cache: '1d' })
  expect([first.output, again.output]).toEqual([1, 1])
  expect(first.answer?.cached).toBeUndefined()
  const cached = { run: first.id, at: bench.clock.now() - 5000, costUsd: 0.25 }
  expect(again.answer).toMatchObject({
    cached,
    usage: { inputTokens: 0, outputTokens: 0, costUsd: 0 },
    hops: [
      { outcome: 'answered', cached, reason: expect.stringContaining(`given again from run ${first.id}`) },
    ],
  })
  expect(solver.questions).toHaveLength(1)
  expect(await readBudget(bench.database, 'project')).toMatchObject({ spent_nanousd: 25e7 })
  await bench.engine.stop()
})

test('without the option nothing is looked up and nothing is kept', async () => {
  const bench = await agentBench([flow], { route: counting() })
  expect((await ask(bench, { text: 'a' })).output).toBe(1)
  expect((await ask(bench, { text: 'a', cache: '1d' })).output).toBe(2)
  expect((await ask(bench, { text: 'a' })).output).toBe(3)
  await bench.engine.stop()
})

test('another worker on the same database, and one after a restart, find the answer', async () => {
  const first = await agentBench([flow], { route: counting() })
  await ask(first, { text: 'a', cache: '1d' })
  const solver = counting()
  const second = await agentBench([flow], { route: solver }, { database: first.database, clock: first.clock })
  expect((await ask(second, { text: 'a', cache: '1d' })).output).toBe(1)
  expect(solver.questions).toHaveLength(0)
  await Promise.all([first.engine.stop(), second.engine.stop()])
})

test('an answer expires, and one may ask for a fresher one than was kept', async () => {
  const bench = await agentBench([flow], { route: counting() })
  await ask(bench, { text: 'a', cache: '60s' })
  await bench.clock.advance(40_000)
  expect((await ask(bench, { text: 'a', cache: '50s' })).output).toBe(1)
  expect((await ask(bench, { text: 'a', cache: '30s' })).output).toBe(2)
  await bench.clock.advance(60_000)
  expect((await ask(bench, { text: 'a', cache: '1w' })).output).toBe(3)
  await bench.engine.stop()
})

test('whatever shapes an answer tells it from others', async () => {
  const bench = await agentBench([flow, otherFlow], { route: counting() })
  const project = { keep: '1d', across: 'project' as const }
  const outputs: unknown[] = []
  for (const [given, of] of [
    [{ text: 'a', cache: '1d' }, flow],
    [{ text: 'b', cache: '1d' }, flow],
    [{ text: 'a', cache: '1d', instructions: 'Count the words.' }, flow],
    [{ text: 'a', cache: '1d' }, otherFlow],
    [{ text: 'a', cache: { keep: '1d', apart: 'ada' } }, flow],
    [{ text: 'a', cache: { keep: '1d', apart: 'bob' } }, flow],
    [{ text: 'a', cache: project }, flow],
    [{ text: 'a', cache: project }, otherFlow],
    [{ text: 'a', cache: '1d' }, flow],
  ] as [Given, typeof flow][])
    outputs.push((await ask(bench, given, of)).output)
  expect(outputs).toEqual([1, 2, 3, 4, 5, 6, 7, 7, 1])
  await bench.engine.stop()
})

test('another model, and a solver that does not say what shapes its answers, have nothing in common', async () => {
  const bench = await agentBench([flow], { route: counting() })
  await ask(bench, { text: 'a', cache: '1d' })
  const asked = async (solver: Solver) => {
    const { database, clock } = bench
    const other = await agentBench([flow], { route: solver }, { database, clock })
    const answers = [
      await ask(other, { text: 'a', cache: '1d' }),
      await ask(other, { text: 'a', cache: '1d' }),
    ]
    await other.engine.stop()
    return answers.map(({ answer }) => answer?.cached !== undefined)
  }
  expect(await asked(counting({ identity: 'big, but warmer' }))).toEqual([false, true])
  const { identity: _none, ...local } = counting()
  expect(await asked(local)).toEqual([false, false])
  await bench.engine.stop()
})

test('only what fits is kept: not an invalid answer, not an outage, not a person’s answer', async () => {
  const wrong = scriptedSolver(['"many"', '7'], { identity: 'x' })
  const bench = await agentBench([flow], { route: { solvers: [wrong], maxHeals: 0 } })
  const stuck = await bench.engine.startRun(flow, { text: 'a', cache: '1d' })
  await bench.clock.advance(0)
  const pending = await bench.database.get<{ id: string }>('select id from approvals')
  await bench.engine.control.decide(pending!.id, { verdict: 'answer', answer: 3, by: 'ada' })
  expect(await stuck.result()).toMatchObject({ output: 3 })
  expect(await bench.database.all('select key from answers')).toEqual([])
  await bench.engine.stop()
})

test('a healed answer is kept as healed', async () => {
  const solver = scriptedSolver(['"many"', '7'], { identity: 'x' })
  const bench = await agentBench([flow], { route: solver })
  expect(await ask(bench, { text: 'a', cache: '1d' })).toMatchObject({ output: 7 })
  expect(await ask(bench, { text: 'a', cache: '1d' })).toMatchObject({
    output: 7,
    answer: { hops: [{ heals: 0, cached: {} }] },
  })
  await bench.engine.stop()
})

test('a kept answer that the code would refuse by now is asked for anew', async () => {
  const bench = await agentBench([flow], { route: counting() })
  await ask(bench, { text: 'a', cache: '1d' })
  const { database, clock } = bench
  // A refinement has no trace in the JSON Schema, so the key is the same.
  const stricter = flowNamed(
    'flow',
    z.number().refine((count) => count > 1),
  )
  const other = await agentBench(
    [stricter],
    { route: scriptedSolver(['5'], { identity: 'big' }) },
    { database, clock },
  )
  expect((await ask(other, { text: 'a', cache: '1d' }, stricter)).output).toBe(5)
  expect((await ask(other, { text: 'a', cache: '1d' }, stricter)).answer?.cached).toBeDefined()
  await Promise.all([bench.engine.stop(), other.engine.stop()])
})

test('a cache that cannot be read or written costs an answer nothing', async () => {
  const bench = await agentBench([flow], { route: counting() })
  await bench.database.run('drop table answers')
  expect((await ask(bench, { text: 'a', cache: '1d' })).output).toBe(1)
  expect((await ask(bench, { text: 'a', cache: '1d' })).output).toBe(2)
  await bench.engine.stop()
})

test('a cache option that is none fails where it is written', async () => {
  const bench = await agentBench([flow], { route: counting() })
  expect((await ask(bench, { text: 'a', cache: 'a day' as never })).output).toMatchObject({
    error: { code: 'bad-duration' },
  })
  expect(
    (await ask(bench, { text: 'a', cache: { keep: '1d', across: 'world' as never } })).output,
  ).toMatchObject({
    error: { code: 'bad-cache' },
  })
  await bench.engine.stop()
})

test('over the wire: one request for two runs; another temperature is another model; so is another address', async () => {
  mock.on({}, { content: '4' })
  const solver = (options: { temperature?: number; baseUrl?: string } = {}) =>
    hostedSolver('openai/gpt-5-mini', {
      keys: { OPENAI_API_KEY: 'sk-test' },
      baseUrl: `${mock.url}/v1`,
      ...options,
    })
  const bench = await agentBench([flow], { route: solver() })
  const { database, clock } = bench
  await ask(bench, { text: 'a', cache: '1d' })
  expect((await ask(bench, { text: 'a', cache: '1d' })).answer?.cached).toBeDefined()
  expect(mock.getRequests()).toHaveLength(1)
  for (const other of [solver({ temperature: 0.7 }), solver({ baseUrl: `${mock.url}/v1/` })]) {
    const elsewhere = await agentBench([flow], { route: other }, { database, clock })
    expect((await ask(elsewhere, { text: 'a', cache: '1d' })).answer?.cached).toBeUndefined()
    await elsewhere.engine.stop()
  }
  await bench.engine.stop()
})
