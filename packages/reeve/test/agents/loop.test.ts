import { expect, test } from 'vitest'
import { z } from 'zod'
import { agent } from '../../src/agents/agent.ts'
import type { AgentEvent } from '../../src/agents/agent-events.ts'
import { workflow } from '../../src/context.ts'
import type { Message, Question } from '../../src/models/solver.ts'
import { FakeClock, settle } from '../../src/testing/fake-clock.ts'
import { flakySolver, scriptedSolver, toolCalls } from '../../src/testing/scripted.ts'
import { tool } from '../../src/tools/tool.ts'
import { openTestDatabase } from '../engine/harness.ts'
import { agentBench } from './agent-harness.ts'

interface Outside {
  lookups: number[]
  refunds: { order: number; key: string }[]
}

function desk(limits = {}) {
  const outside: Outside = { lookups: [], refunds: [] }
  const find = tool({
    name: 'orders.find',
    description: 'Finds an order by its number.',
    input: z.object({ order: z.number().int() }),
    output: z.object({ order: z.number(), usd: z.number() }),
    effect: 'read',
    retry: { attempts: 1 },
    run: ({ order }) => {
      outside.lookups.push(order)
      if (order < 0) throw new Error(`there is no order ${order}`)
      return { order, usd: 40 }
    },
  })
  const refund = tool({
    name: 'orders.refund',
    description: 'Pays an order back.',
    input: z.object({ order: z.number().int() }),
    output: z.object({ refunded: z.boolean() }),
    effect: 'once',
    approval: ({ order }) => order > 1000,
    run: ({ order }, { key }) => {
      outside.refunds.push({ order, key })
      return { refunded: true }
    },
  })
  const clerk = agent({
    name: 'clerk',
    instructions: 'Find the order and pay it back.',
    input: z.object({ ticket: z.string() }),
    output: z.object({ done: z.boolean(), note: z.string() }),
    tools: [find, refund],
    route: 'chat',
    owner: 'desk team',
    limits,
  })
  const flow = workflow({
    name: 'flow',
    input: z.object({ ticket: z.string() }),
    run: (ctx, input) => ctx.agent(clerk, input),
  })
  return { outside, flow, clerk, find, refund }
}

const ticket = { ticket: 'order 7 is broken' }
const goodbye = '{"done":true,"note":"paid back"}'

/** The results that the model was shown last. */
function lastResults(question: Question): Extract<Message, { role: 'tool' }>[] {
  const messages = question.messages ?? []
  const from = messages.findLastIndex(({ role }) => role === 'assistant')
  return messages.slice(from).filter((message) => message.role === 'tool')
}

function notices(question: Question): string[] {
  return (question.messages ?? []).slice(1).flatMap((each) => (each.role === 'user' ? [each.text] : []))
}

test('each turn and each call of a tool is a durable call of its own', async () => {
  const { flow, outside } = desk()
  const chat = scriptedSolver([
    { ...toolCalls(['orders.find', { order: 7 }], ['orders.find', { order: 8 }]), text: 'I look it up.' },
    toolCalls(['orders.refund', { order: 7 }]),
    goodbye,
  ])
  const bench = await agentBench([flow], { chat })
  const handle = await bench.engine.startRun(flow, ticket)
  expect(await handle.result()).toEqual({ status: 'succeeded', output: { done: true, note: 'paid back' } })
  const told = await bench.told(handle.id)
  // Two at once: which of them is the first to come so far is nobody's promise.
  expect(told.slice(1, 5).sort()).toEqual([
    'effect-completed orders.find',
    'effect-completed orders.find',
    'effect-intended orders.find',
    'effect-intended orders.find',
  ])
  expect(told.toSpliced(1, 4)).toEqual([
    'question-completed clerk turn 1',
    'question-completed clerk turn 2',
    'effect-intended orders.refund',
    'effect-completed orders.refund',
    'question-completed clerk turn 3',
  ])
  expect(outside).toMatchObject({ lookups: [7, 8], refunds: [{ order: 7 }] })
  expect(chat.questions[1]!.messages).toEqual([
    { role: 'user', text: expect.stringContaining('order 7 is broken') },
    {
      role: 'assistant',
      text: 'I look it up.',
      calls: [
        { id: 'call-1-1', tool: 'orders.find', args: { order: 7 } },
        { id: 'call-1-2', tool: 'orders.find', args: { order: 8 } },
      ],
    },
    { role: 'tool', call: 'call-1-1', tool: 'orders.find', text: '{"order":7,"usd":40}' },
    { role: 'tool', call: 'call-1-2', tool: 'orders.find', text: '{"order":8,"usd":40}' },
  ])
  expect(await bench.logs(handle.id)).toMatchObject([
    { event: 'agent-finished', agent: 'clerk', role: 'worker', owner: 'desk team', turns: 3 },
  ])
})

test('after a crash in mid-loop no turn is paid and no tool is called a second time', async () => {
  const { flow, outside } = desk()
  const pending = Promise.withResolvers<string>()
  const first = scriptedSolver([
    toolCalls(['orders.find', { order: 7 }]),
    toolCalls(['orders.refund', { order: 7 }]),
    () => pending.promise,
  ])
  const clock = new FakeClock()
  const database = await openTestDatabase(clock)
  // This engine's own clock stands still, so it never extends its lease: to the database it is dead.
  const crashed = await agentBench([flow], { chat: first }, { database, clock: new FakeClock() })
  const handle = await crashed.engine.startRun(flow, ticket)
  await settle()
  expect(first.questions).toHaveLength(3)
  expect(outside.refunds).toHaveLength(1)
  const second = scriptedSolver([goodbye])
  const bench = await agentBench([flow], { chat: second }, { database, clock })
  await clock.advance(120_000)
  expect(await bench.engine.resultOf(handle.id)).toMatchObject({
    status: 'succeeded',
    output: { done: true },
  })
  expect(second.questions).toHaveLength(1)
  expect(second.questions[0]!.messages).toEqual(first.questions[2]!.messages)
  expect(outside).toMatchObject({ lookups: [7], refunds: [{ order: 7 }] })
  pending.resolve(goodbye)
  await settle()
  expect((await bench.told(handle.id)).filter((each) => each.startsWith('question-completed'))).toHaveLength(
    3,
  )
})

test('a tool that does not exist and arguments that do not fit go back to the model and are never run', async () => {
  const { flow, outside } = desk()
  const chat = scriptedSolver([
    toolCalls(
      ['orders.delete', { order: 7 }],
      ['orders.find', { order: 'seven' }],
      ['orders.find', '{"order": 7'],
    ),
    toolCalls(['orders.find', '{"order": 7,}']),
    goodbye,
  ])
  const bench = await agentBench([flow], { chat })
  const handle = await bench.engine.startRun(flow, ticket)
  expect(await handle.result()).toMatchObject({ status: 'succeeded' })
  const [unknown, wrongType, cut] = lastResults(chat.questions[1]!)
  expect(unknown).toMatchObject({ failed: true, text: expect.stringContaining('orders.find, orders.refund') })
  expect(wrongType).toMatchObject({
    failed: true,
    text: expect.stringMatching(/order: .*expected.*received "seven"/),
  })
  expect(cut).toMatchObject({ failed: true, text: expect.stringContaining('cannot be read') })
  expect(outside.lookups).toEqual([7])
  expect((await bench.logs(handle.id))[0]).toMatchObject({
    event: 'agent-refused',
    problems: [{ status: 'rejected' }, { status: 'rejected' }, { status: 'rejected' }],
  })
})

test('a final answer that does not fit is healed with the exact problem, in the same turn', async () => {
  const { flow } = desk()
  const chat = scriptedSolver(['{"done":"yes","note":"paid"}', goodbye])
  const bench = await agentBench([flow], { chat })
  const handle = await bench.engine.startRun(flow, ticket)
  expect(await handle.result()).toMatchObject({ status: 'succeeded', output: { done: true } })
  expect(chat.questions[1]!.feedback?.problem).toContain('done')
  expect(await bench.told(handle.id)).toEqual(['question-completed clerk turn 1'])
})

test('calls in an answer that was cut off are not made', async () => {
  const { flow, outside } = desk()
  const chat = flakySolver(scriptedSolver([toolCalls(['orders.refund', { order: 7 }]), goodbye]), {
    seed: 1,
    cutAnswer: 1,
  })
  const calm = scriptedSolver([goodbye], { name: 'calm' })
  const bench = await agentBench([flow], { chat: [chat, calm] })
  const handle = await bench.engine.startRun(flow, ticket)
  expect(await handle.result()).toMatchObject({ status: 'succeeded' })
  expect(outside.refunds).toEqual([])
})

test('the same call a third time is not made; going on stops the agent', async () => {
  const { flow, outside } = desk()
  const again = toolCalls(['orders.find', { order: 7 }])
  const chat = scriptedSolver([again, again, again, again, goodbye])
  const bench = await agentBench([flow], { chat })
  const handle = await bench.engine.startRun(flow, ticket)
  const result = await handle.result()
  expect(result).toMatchObject({
    status: 'failed',
    error: { code: 'agent-stopped', details: { why: 'repeated-call', turns: 4 } },
  })
  expect(outside.lookups).toEqual([7, 7])
  expect(notices(chat.questions[3]!)).toEqual([expect.stringContaining('said once')])
  expect((await bench.logs(handle.id)).at(-1)).toMatchObject({ event: 'agent-stopped', why: 'repeated-call' })
})

test('turns that bring nothing new are noticed, told once and stopped', async () => {
  const { flow } = desk()
  let nonsense = 0
  const chat = scriptedSolver(Array.from({ length: 9 }, () => () => toolCalls([`tool${++nonsense}`, {}])))
  const bench = await agentBench([flow], { chat })
  const handle = await bench.engine.startRun(flow, ticket)
  expect(await handle.result()).toMatchObject({
    error: { code: 'agent-stopped', details: { why: 'no-progress', turns: 4 } },
  })
})

test('a new result between turns without one starts the count again', async () => {
  const { flow } = desk()
  const nothing = toolCalls(['no.such', {}])
  const news = (order: number) => toolCalls(['orders.find', { order }])
  const chat = scriptedSolver([nothing, nothing, news(1), nothing, nothing, news(2), goodbye])
  const bench = await agentBench([flow], { chat })
  const handle = await bench.engine.startRun(flow, ticket)
  expect(await handle.result()).toMatchObject({ status: 'succeeded' })
  expect(chat.questions.flatMap(notices)).toEqual([])
})

test('an agent that heeds the notice goes on', async () => {
  const { flow } = desk()
  const again = toolCalls(['orders.find', { order: 7 }])
  const chat = scriptedSolver([again, again, again, toolCalls(['orders.find', { order: 8 }]), goodbye])
  const bench = await agentBench([flow], { chat })
  const handle = await bench.engine.startRun(flow, ticket)
  expect(await handle.result()).toMatchObject({ status: 'succeeded' })
})

test('what acts outside and has succeeded is not done again with the same arguments', async () => {
  const { flow, outside } = desk()
  const pay = toolCalls(['orders.refund', { order: 7 }], ['orders.refund', { order: 7 }])
  const chat = scriptedSolver([pay, toolCalls(['orders.refund', { order: 7 }]), goodbye])
  const bench = await agentBench([flow], { chat })
  const handle = await bench.engine.startRun(flow, ticket)
  expect(await handle.result()).toMatchObject({ status: 'succeeded' })
  expect(outside.refunds).toHaveLength(1)
  expect(lastResults(chat.questions[2]!)[0]!.text).toContain('was not done again')
})

test('an error of a tool and a refused approval are news for the model', async () => {
  const { flow, outside } = desk()
  const chat = scriptedSolver([
    toolCalls(['orders.find', { order: -1 }]),
    toolCalls(['orders.refund', { order: 2000 }]),
    goodbye,
  ])
  const bench = await agentBench([flow], { chat })
  const handle = await bench.engine.startRun(flow, ticket)
  await settle()
  const [pending] = await bench.database.all<{ id: string }>('select id from approvals')
  await bench.engine.control.decide(pending!.id, { verdict: 'reject', by: 'ada', note: 'too much' })
  expect(await handle.result()).toMatchObject({ status: 'succeeded' })
  expect(lastResults(chat.questions[1]!)[0]).toMatchObject({
    failed: true,
    text: expect.stringContaining('there is no order -1'),
  })
  expect(lastResults(chat.questions[2]!)[0]).toMatchObject({
    failed: true,
    text: expect.stringContaining('rejected by ada: too much'),
  })
  expect(outside.refunds).toEqual([])
})

test('a model goes on from what a person let run in the place of its call, by whom and why', async () => {
  const { flow, outside } = desk()
  const chat = scriptedSolver([
    toolCalls(['orders.refund', { order: 2000 }]),
    toolCalls(['orders.refund', { order: 20 }]),
    goodbye,
  ])
  const bench = await agentBench([flow], { chat })
  const handle = await bench.engine.startRun(flow, ticket)
  await settle()
  const [pending] = await bench.database.all<{ id: string }>('select id from approvals')
  const edit = { verdict: 'approve', by: 'alice', note: 'a slip', answer: { order: 20 } } as const
  await bench.engine.control.decide(pending!.id, edit)
  expect(await handle.result()).toMatchObject({ status: 'succeeded' })
  const next = JSON.stringify(chat.questions[1]!.messages)
  expect(next).toContain('changed by alice')
  expect(next).toContain('a slip')
  expect(next).not.toContain('2000')
  expect(lastResults(chat.questions[1]!)[0]!.text).toContain('{"refunded":true}')
  // What ran counts as done, whoever thought of it.
  expect(outside.refunds).toMatchObject([{ order: 20 }])
})

test('an agent has its iterations and no more, and is told of the last', async () => {
  const { flow } = desk({ iterations: 2 })
  const chat = scriptedSolver([
    toolCalls(['orders.find', { order: 1 }]),
    toolCalls(['orders.find', { order: 2 }]),
    goodbye,
  ])
  const bench = await agentBench([flow], { chat })
  const handle = await bench.engine.startRun(flow, ticket)
  expect(await handle.result()).toMatchObject({ error: { details: { why: 'iterations' } } })
  expect(chat.questions).toHaveLength(2)
  expect(notices(chat.questions[1]!)).toEqual([expect.stringContaining('last one')])
})

test('an agent stops before a turn that its tokens would not cover', async () => {
  const { flow } = desk({ tokens: 5000 })
  const used = (tokens: number) => ({ usage: { inputTokens: tokens, outputTokens: 100, costUsd: 0 } })
  const chat = scriptedSolver([
    { ...toolCalls(['orders.find', { order: 1 }]), ...used(2000) },
    { ...toolCalls(['orders.find', { order: 2 }]), ...used(2500) },
    goodbye,
  ])
  const bench = await agentBench([flow], { chat })
  const handle = await bench.engine.startRun(flow, ticket)
  expect(await handle.result()).toMatchObject({
    error: { details: { why: 'tokens', turns: 3, tokens: 4700 } },
  })
  expect(chat.questions).toHaveLength(2)
})

test('an agent never spends more than its own limit, nor than its run has left', async () => {
  const costly = (replies: Parameters<typeof scriptedSolver>[0]) =>
    scriptedSolver(replies, { worstCaseUsd: 0.04 })
  const paid = { usage: { inputTokens: 1, outputTokens: 1, costUsd: 0.03 } }
  const turns = [1, 2, 3, 4].map((order) => ({ ...toolCalls(['orders.find', { order }]), ...paid }))
  const own = desk({ cost: '$0.08' })
  const chat = costly([...turns, goodbye])
  const bench = await agentBench([own.flow], { chat })
  const handle = await bench.engine.startRun(own.flow, ticket)
  expect(await handle.result()).toMatchObject({ status: 'failed', error: { code: 'over-budget' } })
  expect(chat.questions).toHaveLength(2)
  expect((await bench.logs(handle.id)).at(-1)).toMatchObject({ why: 'over-budget', costUsd: 0.06 })

  const { clerk } = desk({ cost: '$5' })
  const poor = workflow({
    name: 'poor',
    input: z.object({ ticket: z.string() }),
    limits: { cost: '$0.05' },
    run: (ctx, input) => ctx.agent(clerk, input),
  })
  const chatOfPoor = costly([...turns, goodbye])
  const other = await agentBench([poor], { chat: chatOfPoor })
  const run = await other.engine.startRun(poor, ticket)
  expect(await run.result()).toMatchObject({ status: 'failed', error: { code: 'over-budget' } })
  expect(chatOfPoor.questions).toHaveLength(1)
})

test('an agent whose time is up is stopped, even while its model hangs', async () => {
  const { flow } = desk({ time: '20s' })
  const chat = scriptedSolver([
    toolCalls(['orders.find', { order: 1 }]),
    () => new Promise<string>(() => {}),
    goodbye,
  ])
  const bench = await agentBench([flow], { chat })
  const handle = await bench.engine.startRun(flow, ticket)
  await bench.clock.advance(60_000)
  expect(await handle.result()).toMatchObject({ error: { code: 'agent-stopped', details: { why: 'time' } } })
})

test('listeners hear what happens while it happens, and nothing of a replay', async () => {
  const { flow } = desk()
  const heard: AgentEvent[] = []
  const chat = scriptedSolver([toolCalls(['orders.refund', { order: 2000 }]), goodbye])
  const bench = await agentBench([flow], { chat }, { listener: (event) => heard.push(event) })
  const handle = await bench.engine.startRun(flow, ticket)
  await settle()
  expect(heard.map(({ type }) => type)).toEqual(['turn-started', 'turn-finished', 'tool-started'])
  const [pending] = await bench.database.all<{ id: string }>('select id from approvals')
  await bench.engine.control.decide(pending!.id, { verdict: 'approve', by: 'ada' })
  await handle.result()
  expect(heard.map(({ type }) => type).slice(3)).toEqual(['turn-started', 'turn-finished', 'agent-finished'])
})
