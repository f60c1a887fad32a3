import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { agent } from '../../src/agents/agent.ts'
import { critique } from '../../src/agents/patterns/critique.ts'
import { fanOut } from '../../src/agents/patterns/fan-out.ts'
import { react } from '../../src/agents/patterns/react.ts'
import { route } from '../../src/agents/patterns/route.ts'
import { think } from '../../src/agents/patterns/think.ts'
import { treeOfThoughts } from '../../src/agents/patterns/tree-of-thoughts.ts'
import type { Json } from '../../src/base/json/json.ts'
import { type Context, workflow } from '../../src/context.ts'
import type { Solver } from '../../src/models/solver.ts'
import { type ScriptedReply, scriptedSolver, toolCalls } from '../../src/testing/scripted.ts'
import { tool } from '../../src/tools/tool.ts'
import { agentBench } from './agent-harness.ts'

/** Runs `body` as a workflow of its own. */
async function runFlow(body: (ctx: Context) => Promise<unknown>, routes: Record<string, Solver> = {}) {
  const flow = workflow({ name: 'flow', input: z.null(), run: (ctx) => body(ctx) })
  const bench = await agentBench([flow], routes)
  const handle = await bench.engine.startRun(flow, null)
  return {
    result: await handle.result(),
    told: await bench.told(handle.id),
    logs: await bench.logs(handle.id),
    bench,
  }
}

const reply = (value: unknown) => JSON.stringify(value)
const paying = (value: Json, costUsd: number): ScriptedReply => ({
  kind: 'value',
  value,
  usage: { inputTokens: 10, outputTokens: 10, costUsd },
})

describe('route', () => {
  const cases = {
    billing: { when: 'money', run: (text: string) => `billing: ${text}` },
    other: { when: 'anything else', run: (text: string) => `other: ${text}` },
  }

  test('asks who handles the input, once, and only that one does', async () => {
    const small = scriptedSolver([reply({ choice: 'sales' }), reply({ choice: 'billing' })])
    const { result, told, logs } = await runFlow(
      (ctx) => route(ctx, 'desk', { input: 'I paid twice', cases, by: { route: 'small' } }),
      { small },
    )
    expect(result).toMatchObject({ output: { choice: 'billing', output: 'billing: I paid twice' } })
    expect(small.questions[1]!.feedback?.problem).toContain('choice')
    expect(small.questions[0]!.instructions).toContain('- billing: money')
    expect(told).toEqual(['question-completed desk'])
    expect(logs).toMatchObject([{ event: 'route-chosen', choice: 'billing' }])
  })

  test('takes `otherwise` for a label that there is none of, or fails and names them', async () => {
    const by = () => 'sales'
    const kept = await runFlow((ctx) => route(ctx, 'desk', { input: 'x', cases, by, otherwise: 'other' }))
    expect(kept.result).toMatchObject({ output: { choice: 'other', output: 'other: x' } })
    const refused = await runFlow((ctx) => route(ctx, 'desk', { input: 'x', cases, by }))
    expect(refused.result).toMatchObject({
      error: { code: 'unknown-case', message: expect.stringContaining('billing, other') },
    })
  })
})

describe('fan-out', () => {
  const subtasks = [1, 2, 3, 4].map((n) => ({ id: `s${n}`, worker: 'reader', task: `part ${n}` }))

  test('plans, works in parallel within its concurrency, and makes one answer', async () => {
    let atOnce = 0
    let most = 0
    const boss = scriptedSolver([reply({ subtasks })])
    const { result, told } = await runFlow(
      (ctx) =>
        fanOut(ctx, 'research', {
          task: 'read it',
          plan: { route: 'boss' },
          concurrency: 2,
          workers: {
            reader: {
              does: 'reads',
              run: ({ id, task }) =>
                ctx.step(id, async () => {
                  most = Math.max(most, ++atOnce)
                  await new Promise((resolve) => setImmediate(resolve))
                  atOnce--
                  return task.toUpperCase()
                }),
            },
          },
          synthesise: ({ results }) =>
            results.map((each) => (each.status === 'done' ? each.output : each.reason)).join(', '),
        }),
      { boss },
    )
    expect(result).toMatchObject({ output: { output: 'PART 1, PART 2, PART 3, PART 4' } })
    expect(most).toBe(2)
    expect(told).toHaveLength(5)
  })

  const options = (run: (subtask: { id: string }) => string) => ({
    task: 'read it',
    plan: () => ({ subtasks }),
    workers: { reader: { does: 'reads', run } },
    synthesise: ({ results }: { results: { status: string }[] }) => results.map(({ status }) => status),
  })
  const failing = (bad: string[]) => (subtask: { id: string }) => {
    if (bad.includes(subtask.id)) throw new Error(`${subtask.id} is unreadable`)
    return 'read'
  }

  test('hands failures to the synthesis, unless all failed or it is to fail', async () => {
    const one = await runFlow((ctx) => fanOut(ctx, 'research', options(failing(['s2']))))
    expect(one.result).toMatchObject({ output: { output: ['done', 'failed', 'done', 'done'] } })
    const all = await runFlow((ctx) => fanOut(ctx, 'research', options(failing(['s1', 's2', 's3', 's4']))))
    expect(all.result).toMatchObject({ error: { code: 'fan-out-failed' } })
    const strict = { ...options(failing(['s2'])), onFailure: 'fail' as const }
    const failed = await runFlow((ctx) => fanOut(ctx, 'research', strict))
    expect(failed.result).toMatchObject({ error: { message: 's2 is unreadable' } })
  })

  test('refuses a plan with unknown workers, equal ids or too many subtasks', async () => {
    for (const bad of [
      [{ id: 'a', worker: 'nobody', task: 'x' }],
      [subtasks[0]!, subtasks[0]!],
      [...subtasks, { id: 's5', worker: 'reader', task: 'x' }],
    ]) {
      const { result } = await runFlow((ctx) =>
        fanOut(ctx, 'research', { ...options(() => 'x'), maxSubtasks: 4, plan: () => ({ subtasks: bad }) }),
      )
      expect(result).toMatchObject({ error: { code: 'bad-plan' } })
    }
  })

  test('skips what its cost no longer covers', async () => {
    const paid = scriptedSolver([1, 2].map(() => paying('read', 0.5)))
    const { result } = await runFlow(
      (ctx) =>
        fanOut(ctx, 'research', {
          ...options(() => ''),
          workers: {
            reader: {
              does: 'reads',
              run: ({ id, task }) => ctx.extract(id, { schema: z.string(), from: task, route: 'paid' }),
            },
          },
          concurrency: 1,
          cost: '$1',
        }),
      { paid },
    )
    expect(result).toMatchObject({ output: { output: ['done', 'done', 'skipped', 'skipped'] } })
  })
})

describe('critique', () => {
  const drafts = (...texts: string[]) => {
    const given: (string | null)[] = []
    const draft = ({ feedback }: { feedback: string | null }) => {
      given.push(feedback)
      return texts[given.length - 1]!
    }
    return { given, draft }
  }
  const reviews = (...all: number[][]) => {
    let next = 0
    return () => ({ scores: all[next++]!, feedback: `mend ${next}` })
  }
  const base = { task: 'explain', criteria: ['is true', 'is short'] }

  test('fixes the criteria before the first draft, feeds the review back and stops at the score', async () => {
    const { given, draft } = drafts('one', 'two', 'three')
    const { result, logs } = await runFlow((ctx) =>
      critique(ctx, 'answer', { ...base, draft, review: reviews([0.5, 0.5], [1, 0.9]) }),
    )
    expect(result).toMatchObject({ output: { draft: 'two', score: 0.95, stopped: 'score' } })
    expect(given).toEqual([null, 'mend 1'])
    expect(logs.map((log) => log.criteria ?? log.score)).toEqual([base.criteria, 0.5, 0.95])
  })

  test('stops when the score no longer rises and keeps the best draft', async () => {
    const { draft } = drafts('one', 'two', 'three')
    const { result } = await runFlow((ctx) =>
      critique(ctx, 'answer', { ...base, draft, review: reviews([0.6, 0.6], [0.9, 0.2]) }),
    )
    expect(result).toMatchObject({ output: { draft: 'one', score: 0.6, stopped: 'no-gain' } })
  })

  test('has at most its rounds', async () => {
    const { draft } = drafts('one', 'two', 'three')
    const { result } = await runFlow((ctx) =>
      critique(ctx, 'answer', { ...base, draft, rounds: 2, review: reviews([0.1, 0.1], [0.2, 0.2]) }),
    )
    expect(result).toMatchObject({ output: { draft: 'two', stopped: 'rounds' } })
  })

  test('a reviewer that leaves a criterion out is made to score it', async () => {
    const judge = scriptedSolver([
      reply({ criteria: ['is true', 'is short'] }),
      reply({ scores: [1], feedback: '' }),
      reply({ scores: [1, 1], feedback: '' }),
    ])
    const { draft } = drafts('one')
    const asked = { task: 'explain', criteria: { route: 'judge' }, review: { route: 'judge' } }
    const { result, told } = await runFlow((ctx) => critique(ctx, 'answer', { ...asked, draft }), { judge })
    expect(result).toMatchObject({ output: { score: 1, criteria: base.criteria } })
    expect(judge.questions[2]!.feedback?.problem).toContain('scores')
    expect(told).toEqual(['question-completed answer criteria', 'question-completed answer review 1'])
    const bad = await runFlow((ctx) =>
      critique(ctx, 'answer', { ...base, draft: drafts('one').draft, review: reviews([1]) }),
    )
    expect(bad.result).toMatchObject({ error: { code: 'bad-review' } })
  })

  test('stops when its time is up', async () => {
    const flow = workflow({
      name: 'flow',
      input: z.null(),
      run: (ctx) =>
        critique(ctx, 'answer', {
          ...base,
          time: '1h',
          rounds: 9,
          draft: async () => {
            await ctx.sleep('40m')
            return 'draft'
          },
          review: reviews([0.1, 0.1], [0.2, 0.2], [0.3, 0.3]),
        }),
    })
    const bench = await agentBench([flow], {})
    const handle = await bench.engine.startRun(flow, null)
    await bench.clock.advance(3 * 3_600_000)
    expect(await handle.result()).toMatchObject({ output: { stopped: 'time', score: 0.2 } })
  })
})

test('react hands out each turn’s thought, actions and observations', async () => {
  const add = tool({
    name: 'add',
    description: 'Adds.',
    input: z.object({ a: z.number(), b: z.number() }),
    output: z.number(),
    effect: 'read',
    run: ({ a, b }) => a + b,
  })
  const sums = agent({
    name: 'sums',
    instructions: 'Add.',
    input: z.string(),
    tools: [add],
    route: 'chat',
    owner: 'tests',
  })
  const chat = scriptedSolver([
    { ...toolCalls(['add', { a: 2, b: 3 }]), text: 'I need the sum.' },
    'It is 5.',
  ])
  const { result } = await runFlow((ctx) => react(ctx, sums, 'two and three?'), { chat })
  expect(result).toMatchObject({
    output: {
      output: 'It is 5.',
      trace: [
        {
          turn: 1,
          thought: 'I need the sum.',
          actions: [{ tool: 'add', args: { a: 2, b: 3 }, result: '5', failed: false }],
        },
      ],
    },
  })
})

describe('think', () => {
  test('keeps the reasoning apart and heals an answer without it', async () => {
    const model = scriptedSolver([
      reply({ answer: 12 }),
      reply({ reasoning: ['3 boxes', '4 each'], answer: '12' }),
      reply({ reasoning: ['3 boxes', '4 each'], answer: 12 }),
    ])
    const { result } = await runFlow(
      (ctx) => think(ctx, 'count', { route: 'model', input: '3 boxes of 4', schema: z.number() }),
      { model },
    )
    expect(result).toMatchObject({ output: { answer: 12, reasoning: ['3 boxes', '4 each'] } })
    expect(model.questions[1]!.feedback?.problem).toContain('reasoning: must be a list')
    expect(model.questions[2]!.feedback?.problem).toContain('answer: ')
  })

  test('moves the references of a recursive schema to where it stands', async () => {
    interface Part {
      name: string
      parts: Part[]
    }
    const Part: z.ZodType<Part> = z.lazy(() => z.object({ name: z.string(), parts: z.array(Part) }))
    const answer = { name: 'car', parts: [{ name: 'wheel', parts: [] }] }
    const model = scriptedSolver([reply({ reasoning: ['look'], answer })])
    const { result } = await runFlow(
      (ctx) => think(ctx, 'parts', { route: 'model', input: 'car', schema: Part }),
      { model },
    )
    expect(result).toMatchObject({ output: { answer } })
    const references = [...JSON.stringify(model.questions[0]!.schema).matchAll(/"\$ref":"([^"]*)"/g)]
    expect(references.length).toBeGreaterThan(0)
    for (const [, pointer] of references) {
      const keys = pointer!.split('/').slice(1)
      const target = keys.reduce<unknown>(
        (inner, key) => (inner as Record<string, unknown> | undefined)?.[key],
        model.questions[0]!.schema,
      )
      expect(target, pointer).toMatchObject({ properties: { name: {}, parts: {} } })
    }
  })
})

describe('tree of thoughts', () => {
  /** Words that spell a secret: a path scores by how well it begins, so that one branch is a dead end. */
  const tree: Record<string, [string, number][]> = {
    '': [
      ['b', 0.6],
      ['a', 0.5],
      ['z', 0.1],
    ],
    b: [
      ['x', 0.2],
      ['y', 0.1],
    ],
    a: [['c', 0.7]],
    ac: [['d', 1]],
  }
  const propose = ({ path }: { path: string[] }) => (tree[path.join('')] ?? []).map(([thought]) => thought)
  const score = ({ path }: { path: string[] }) =>
    (tree[path.slice(0, -1).join('')] ?? []).find(([thought]) => thought === path.at(-1))![1]

  test('follows the best, prunes, goes back from a dead end and finds the solution', async () => {
    const { result, logs } = await runFlow((ctx) =>
      treeOfThoughts(ctx, 'spell', { problem: 'secret', propose, score }),
    )
    expect(result).toMatchObject({
      output: { path: ['a', 'c', 'd'], solved: true, stopped: 'solved', pruned: 3, backtracks: 1, scored: 7 },
    })
    expect(logs.filter(({ from }) => from)).toMatchObject([{ from: ['b'], to: ['a'] }])
  })

  test('is bounded by its thoughts and its depth, and answers with the best path', async () => {
    const few = await runFlow((ctx) =>
      treeOfThoughts(ctx, 'spell', { problem: 'secret', propose, score, thoughts: 4 }),
    )
    expect(few.result).toMatchObject({
      output: { stopped: 'thoughts', scored: 4, path: ['b'], solved: false },
    })
    const flat = await runFlow((ctx) =>
      treeOfThoughts(ctx, 'spell', { problem: 'secret', propose, score, depth: 1 }),
    )
    expect(flat.result).toMatchObject({ output: { stopped: 'exhausted', scored: 3, path: ['b'] } })
  })

  test('asks routes for thoughts and scores', async () => {
    const model = scriptedSolver([reply({ thoughts: ['go left'] }), reply({ score: 0.99 })])
    const { result, told } = await runFlow(
      (ctx) =>
        treeOfThoughts(ctx, 'maze', {
          problem: 'out',
          propose: { route: 'model' },
          score: { route: 'model' },
        }),
      { model },
    )
    expect(result).toMatchObject({ output: { path: ['go left'], solved: true } })
    expect(told).toEqual(['question-completed maze thoughts 0', 'question-completed maze score 0.1'])
  })

  test('refuses a score that is none', async () => {
    const { result } = await runFlow((ctx) =>
      treeOfThoughts(ctx, 'spell', { problem: 'secret', propose, score: () => 7 }),
    )
    expect(result).toMatchObject({ error: { code: 'bad-score' } })
  })
})
