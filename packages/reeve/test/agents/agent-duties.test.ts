import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { agent } from '../../src/agents/agent.ts'
import type { Guard } from '../../src/agents/loop/guardrails.ts'
import { ReeveError } from '../../src/base/errors.ts'
import { workflow } from '../../src/context.ts'
import { tellStory } from '../../src/inspect/run/story/run-story.ts'
import type { Memory } from '../../src/memory/memory.ts'
import type { Passage, Solver } from '../../src/models/solver.ts'
import { readRun } from '../../src/store/runs/runs.ts'
import { settle } from '../../src/testing/fake-clock.ts'
import { flakySolver, type ScriptedReply, scriptedSolver, toolCalls } from '../../src/testing/scripted.ts'
import { tool } from '../../src/tools/tool.ts'
import { agentBench } from './agent-harness.ts'

const base = { instructions: 'Do it.', input: z.string(), route: 'chat', owner: 'tests' }

type AnyDefinition = Omit<Parameters<typeof agent<z.ZodString, z.ZodType | undefined>>[0], keyof typeof base>

async function run(
  definition: AnyDefinition,
  routes: Record<string, Solver | Solver[]>,
  options: Parameters<typeof agentBench>[2] & { input?: string } = {},
) {
  const flow = workflow({
    name: 'flow',
    input: z.string(),
    run: (ctx, input) => ctx.agent(agent({ ...base, ...definition }), input),
  })
  const bench = await agentBench([flow], routes, options)
  const handle = await bench.engine.startRun(flow, options.input ?? 'the task')
  return { bench, handle }
}

describe('guards', () => {
  const noCards: Guard = {
    name: 'no-cards',
    check: (value) => {
      const text = JSON.stringify(value)
      if (!/\d{16}/.test(text)) return { verdict: 'pass' }
      return {
        verdict: 'redact',
        value: JSON.parse(text.replace(/\d{16}/g, '[card]')),
        reason: 'a card number',
      }
    },
  }
  const noThreats: Guard = {
    name: 'no-threats',
    check: (value) =>
      String(value).includes('or else')
        ? { verdict: 'reject', reason: 'it is a threat' }
        : { verdict: 'pass' },
  }

  test('what goes in is redacted before the model sees it', async () => {
    const chat = scriptedSolver(['done'])
    const { bench, handle } = await run(
      { name: 'clerk', guards: { input: [noThreats, noCards] } },
      { chat },
      { input: 'charge 4242424242424242' },
    )
    expect(await handle.result()).toMatchObject({ output: 'done' })
    expect(JSON.stringify(chat.questions)).not.toContain('4242')
    expect(chat.questions[0]!.messages![0]!.text).toContain('charge [card]')
    expect(await bench.told(handle.id)).toEqual([
      'step-completed clerk input guard no-threats',
      'step-completed clerk input guard no-cards',
      'question-completed clerk turn 1',
    ])
  })

  test('a rejected input is never shown to the model', async () => {
    const chat = scriptedSolver([])
    const guards = { input: [noThreats] }
    const { bench, handle } = await run({ name: 'clerk', guards }, { chat }, { input: 'pay, or else' })
    expect(await handle.result()).toMatchObject({
      error: { code: 'guard-rejected', message: expect.stringContaining('it is a threat') },
    })
    expect(await bench.logs(handle.id)).toMatchObject([{ event: 'agent-stopped', why: 'guard' }])
  })

  test('a guard that throws lets nothing pass', async () => {
    const broken: Guard = {
      name: 'broken',
      check: () => {
        throw new Error('no list')
      },
    }
    const { handle } = await run({ name: 'clerk', guards: { input: [broken] } }, { chat: scriptedSolver([]) })
    expect(await handle.result()).toMatchObject({ error: { code: 'guard-rejected' } })
  })

  test('a rejected answer may be given again, but not for ever', async () => {
    const guards = { output: [noThreats, noCards] }
    const heeds = scriptedSolver(['pay or else', 'please pay 4242424242424242'])
    const first = await run({ name: 'clerk', guards }, { chat: heeds })
    expect(await first.handle.result()).toMatchObject({ output: 'please pay [card]' })
    expect(heeds.questions[1]!.messages!.at(-1)!.text).toContain('it is a threat')
    const stubborn = scriptedSolver(['a or else', 'b or else', 'c or else', 'd'])
    const second = await run({ name: 'clerk', guards }, { chat: stubborn })
    expect(await second.handle.result()).toMatchObject({
      error: { code: 'agent-stopped', details: { why: 'guard', turns: 3 } },
    })
  })

  test('a redaction that breaks the answer’s schema stops the agent', async () => {
    const cut: Guard = { name: 'cut', check: () => ({ verdict: 'redact', value: 7, reason: 'all of it' }) }
    const definition = { name: 'clerk', output: z.object({ a: z.string() }), guards: { output: [cut] } }
    const { handle } = await run(definition, { chat: scriptedSolver(['{"a":"b"}']) })
    expect(await handle.result()).toMatchObject({ error: { details: { why: 'guard' } } })
  })
})

describe('a coordinator', () => {
  const paid = (reply: ReturnType<typeof toolCalls> | { kind: 'text'; text: string }): ScriptedReply => ({
    ...reply,
    usage: { inputTokens: 100, outputTokens: 50, costUsd: 0.02 },
  })
  const nothing = tool({
    name: 'nothing',
    description: 'Does nothing.',
    input: z.object({ index: z.number() }),
    output: z.number(),
    effect: 'read',
    run: ({ index }) => index,
  })
  const small = { ...base, route: 'small', tools: [nothing] }
  const reader = agent({ ...small, name: 'reader', description: 'reads' })

  test('hands tasks to its team, at the same time, as agents of their own', async () => {
    const chat = scriptedSolver([
      toolCalls(['reader', { input: 'page 1' }], ['reader', { input: 'page 2' }]),
      'both read',
    ])
    const minor = scriptedSolver(['it says a', 'it says b'])
    const { bench, handle } = await run(
      { name: 'boss', role: 'coordinator', team: [reader] },
      { chat, small: minor },
    )
    expect(await handle.result()).toMatchObject({ output: 'both read' })
    expect(chat.questions[1]!.messages!.slice(2)).toMatchObject([
      { text: 'it says a' },
      { text: 'it says b' },
    ])
    expect(await bench.told(handle.id)).toEqual([
      'question-completed boss turn 1',
      'question-completed reader turn 1',
      'question-completed reader turn 1',
      'question-completed boss turn 2',
    ])
    expect((await bench.logs(handle.id)).map(({ agent: name, event }) => [name, event])).toEqual([
      ['reader', 'agent-finished'],
      ['reader', 'agent-finished'],
      ['boss', 'agent-finished'],
    ])
  })

  test('is named, with who acts in its service, by each call of a tool and by what a person is asked', async () => {
    const book = tool({
      name: 'book',
      description: 'Books.',
      input: z.object({ index: z.number() }),
      output: z.null(),
      effect: 'once',
      run: () => null,
    })
    const helper = agent({ ...base, name: 'helper', route: 'small', tools: [nothing, book] })
    const boss = agent({ ...base, name: 'boss', role: 'coordinator', team: [helper], tools: [nothing] })
    const flow = workflow({
      name: 'flow',
      input: z.string(),
      async run(ctx, input) {
        await ctx.call(nothing, { index: 0 })
        return ctx.agent(boss, input)
      },
    })
    const chat = scriptedSolver([
      toolCalls(['nothing', { index: 1 }], ['helper', { input: 'book it' }]),
      'done',
    ])
    const minor = scriptedSolver([
      toolCalls(['nothing', { index: 2 }]),
      toolCalls(['book', { index: 3 }]),
      'ok',
    ])
    const bench = await agentBench([flow], { chat, small: minor })
    const handle = await bench.engine.startRun(flow, 'the task')
    const pending = await bench.nextAsked()
    expect(JSON.parse(pending!.shown)).toMatchObject({ tool: 'book', agent: 'helper', under: ['boss'] })
    await bench.engine.control.decide(pending!.id, { verdict: 'approve', by: 'ada' })
    expect(await handle.result()).toMatchObject({ output: 'done' })
    const intents = (await bench.events(handle.id)).filter(({ type }) => type === 'effect-intended')
    expect(intents.map(({ payload }) => JSON.parse(payload!))).toMatchObject([
      { class: 'read', agent: 'boss', under: [], args: { index: 1 } },
      { class: 'read', agent: 'helper', under: ['boss'], args: { index: 2 } },
      { class: 'once', agent: 'helper', under: ['boss'], args: { index: 3 } },
    ])
    const run = (await readRun(bench.database, handle.id))!
    const story = tellStory(run, await bench.events(handle.id), [])
    expect(story.tools.map(({ name, agent: who }) => [name, who])).toEqual([
      ['nothing', null],
      ['nothing', { name: 'boss', under: [] }],
      ['nothing', { name: 'helper', under: ['boss'] }],
      ['book', { name: 'helper', under: ['boss'] }],
    ])
  })

  test('lets no one of its team spend more than it has left itself', async () => {
    const greedy = agent({ ...small, name: 'greedy', limits: { cost: '$100' } })
    const more: ScriptedReply[] = Array.from({ length: 9 }, (_each, index) =>
      paid(toolCalls(['nothing', { index }])),
    )
    const minor = scriptedSolver(more, { worstCaseUsd: 0.02 })
    const chat = scriptedSolver([paid(toolCalls(['greedy', { input: 'go' }]))], { worstCaseUsd: 0.02 })
    const definition = {
      name: 'boss',
      role: 'coordinator' as const,
      team: [greedy],
      limits: { cost: '$0.06' as const },
    }
    const { bench, handle } = await run(definition, { chat, small: minor })
    expect(await handle.result()).toMatchObject({ error: { code: 'over-budget' } })
    expect(chat.questions.length + minor.questions.length).toBe(3)
    expect((await bench.logs(handle.id)).at(-1)).toMatchObject({ agent: 'boss', costUsd: 0.06 })
  })

  test('counts the tokens of its team among its own', async () => {
    const many: ScriptedReply[] = Array.from({ length: 9 }, (_each, index) =>
      paid(toolCalls(['nothing', { index }])),
    )
    const definition = { name: 'boss', role: 'coordinator' as const, team: [reader], limits: { tokens: 900 } }
    const chat = scriptedSolver([paid(toolCalls(['reader', { input: 'go' }]))])
    const { handle } = await run(definition, { chat, small: scriptedSolver(many) })
    expect(await handle.result()).toMatchObject({
      error: { code: 'agent-stopped', details: { why: 'tokens' } },
    })
  })

  test('hears that a member was stopped, and may go on', async () => {
    const idle = agent({ ...small, name: 'idle', limits: { iterations: 1 } })
    const chat = scriptedSolver([toolCalls(['idle', { input: 'go' }]), 'then without it'])
    const minor = scriptedSolver([toolCalls(['nothing', { index: 1 }])])
    const { handle } = await run({ name: 'boss', role: 'coordinator', team: [idle] }, { chat, small: minor })
    expect(await handle.result()).toMatchObject({ output: 'then without it' })
    expect(chat.questions[1]!.messages!.at(-1)).toMatchObject({
      failed: true,
      text: expect.stringContaining('agent-stopped'),
    })
  })
})

test('memory is searched in the agent’s own scopes only, and each search is journaled', async () => {
  const asked: unknown[] = []
  const passage: Passage = { id: 'p1', source: 'policy.md', title: 'Refunds', text: '30 days', score: 1 }
  const memory = {
    recall: (query: string, options: unknown) => {
      asked.push([query, options])
      return { passages: [passage], audit: {} }
    },
  } as unknown as Memory
  const chat = scriptedSolver([
    toolCalls(
      ['recall', { query: 'refund', scope: 'secrets' }],
      ['recall', { query: 'refund', scope: 'policy' }],
    ),
    '30 days',
  ])
  const { bench, handle } = await run({ name: 'clerk', memory: ['policy'] }, { chat }, { memory })
  expect(await handle.result()).toMatchObject({ output: '30 days' })
  expect(asked).toEqual([['refund', { in: 'policy', kinds: ['passage'] }]])
  expect(await bench.told(handle.id)).toContain('recall-completed clerk recalls')
  expect(chat.questions[1]!.messages!.slice(2)).toMatchObject([
    { failed: true },
    { text: expect.stringContaining('30 days') },
  ])
})

test('a result of 10 MB is cut for the model and kept whole in the journal', async () => {
  const dump = tool({
    name: 'dump',
    description: 'Gives everything.',
    input: z.object({}),
    output: z.string(),
    effect: 'read',
    run: () => `begin ${'x'.repeat(10 * 1024 * 1024)} end`,
  })
  const chat = scriptedSolver([toolCalls(['dump', {}]), 'too much'])
  const { bench, handle } = await run({ name: 'clerk', tools: [dump] }, { chat })
  expect(await handle.result()).toMatchObject({ output: 'too much' })
  const shown = chat.questions[1]!.messages!.at(-1)!.text!
  expect(shown.length).toBeLessThan(32_000)
  expect(shown).toMatch(
    /^begin x+\n\[… \d+ of 10485770 characters left out; the run's journal keeps the whole …\]\nx+ end$/,
  )
  const event = (await bench.events(handle.id)).find(({ type }) => type === 'effect-completed')!
  expect(event.blob).not.toBeNull()
  expect(event.payload).toHaveLength(10_485_772)
})

test('what a window drops is in the journal; an input that is too long is refused', async () => {
  const page = tool({
    name: 'page',
    description: 'Gives a page.',
    input: z.object({ n: z.number() }),
    output: z.string(),
    effect: 'read',
    run: ({ n }) => `${n} `.repeat(300),
  })
  const turns = [1, 2, 3, 4, 5, 6].map((n) => toolCalls(['page', { n }]))
  const chat = scriptedSolver([...turns, 'read'])
  const { bench, handle } = await run({ name: 'clerk', tools: [page], limits: { context: 1200 } }, { chat })
  expect(await handle.result()).toMatchObject({ output: 'read' })
  const cuts = (await bench.logs(handle.id)).filter(({ event }) => event === 'agent-cut')
  expect((cuts[0]!.dropped as unknown[])[0]).toMatchObject({ turn: 1, what: 'result', tool: 'page' })
  const long = await run({ name: 'clerk', limits: { context: 1000 } }, { chat }, { input: 'x'.repeat(9000) })
  expect(await long.handle.result()).toMatchObject({ error: { details: { why: 'context' } } })
})

test('when no solver is left a person gives the final answer', async () => {
  const down = new ReeveError('provider-denied', 'no credit')
  const output = z.object({ total: z.number() })
  const { bench, handle } = await run({ name: 'clerk', output }, { chat: scriptedSolver([down]) })
  await settle()
  const [pending] = await bench.database.all<{ id: string }>('select id from approvals')
  await bench.engine.control.decide(pending!.id, { verdict: 'answer', by: 'ada', answer: { total: 7 } })
  expect(await handle.result()).toMatchObject({ status: 'succeeded', output: { total: 7 } })
})

test('a tool’s failure that ends the run is not fed to the model', async () => {
  const ping = tool({
    name: 'ping',
    description: 'Pings.',
    input: z.object({ n: z.number() }),
    output: z.number(),
    effect: 'read',
    run: ({ n }) => n,
  })
  const chat = scriptedSolver([1, 2, 3, 4].map((n) => toolCalls(['ping', { n }])))
  const flow = workflow({
    name: 'flow',
    input: z.null(),
    limits: { steps: 3 },
    run: (ctx) => ctx.agent(agent({ ...base, name: 'clerk', tools: [ping] }), 'go'),
  })
  const bench = await agentBench([flow], { chat })
  const handle = await bench.engine.startRun(flow, null)
  expect(await handle.result()).toMatchObject({ error: { code: 'limit-steps' } })
  expect(chat.questions).toHaveLength(2)
})

test('unreliable models: wrong tools, broken arguments, bad JSON, cut answers, 429 and 500 do no harm', async () => {
  const paid: string[] = []
  const pay = tool({
    name: 'pay',
    description: 'Pays.',
    input: z.object({ to: z.string(), usd: z.number() }),
    output: z.object({ paid: z.boolean() }),
    effect: 'idempotent',
    approval: 'never',
    run: ({ to, usd }, { key }) => {
      paid.push(`${key} ${to} ${usd}`)
      return { paid: true }
    },
  })
  // Right whenever it is not struck: pays Ada once, then says so.
  const right: Solver = {
    name: 'right',
    kind: 'function',
    solve: ({ messages = [] }) =>
      messages.some((each) => each.role === 'tool' && !each.failed)
        ? { kind: 'text', text: '{"ok":true}' }
        : toolCalls(['pay', { to: 'ada', usd: 5 }]),
  }
  const rates = {
    wrongTool: 0.06,
    brokenArguments: 0.06,
    wrongJson: 0.06,
    cutAnswer: 0.06,
    http429: 0.06,
    http500: 0.06,
  }
  const chat = flakySolver(right, { seed: 11, ...rates })
  const payer = agent({
    ...base,
    name: 'payer',
    tools: [pay],
    output: z.object({ ok: z.literal(true) }),
    limits: { iterations: 20 },
  })
  const flow = workflow({ name: 'flow', input: z.null(), run: (ctx) => ctx.agent(payer, 'pay Ada 5') })
  const bench = await agentBench([flow], { chat })
  const handles = []
  for (let index = 0; index < 60; index++) handles.push(await bench.engine.startRun(flow, null))
  await bench.clock.advance(600_000)
  const ended = await Promise.all(
    handles.map((handle) =>
      bench.database.get<{ status: string; reason: string }>('select status, reason from runs where id = ?', [
        handle.id,
      ]),
    ),
  )
  const succeeded = ended.filter((run) => run?.status === 'succeeded').length
  // The rest were stopped or wait for a person; none paid wrongly, none twice.
  expect(succeeded).toBeGreaterThanOrEqual(55)
  expect(paid.every((each) => each.endsWith(' ada 5'))).toBe(true)
  expect(new Set(paid).size).toBe(paid.length)
  expect(paid.length).toBeLessThanOrEqual(60)
  for (const fault of Object.keys(rates) as (keyof typeof rates)[])
    expect(chat.struck[fault], fault).toBeGreaterThan(0)
})
