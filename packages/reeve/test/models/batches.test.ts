import { LLMock } from '@copilotkit/aimock'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { silentLog } from '../../src/base/log.ts'
import type { Duration } from '../../src/base/time/time.ts'
import { workflow } from '../../src/context.ts'
import { AbandonedBatches } from '../../src/models/batches/abandoned-batches.ts'
import { toParts } from '../../src/models/batches/batch-questions.ts'
import { hostedSolver } from '../../src/models/providers/hosted.ts'
import type { BatchService, Question, Solver } from '../../src/models/solver.ts'
import { listPending } from '../../src/store/approvals/approvals.ts'
import type { Database } from '../../src/store/database.ts'
import { requireRun } from '../../src/store/runs/runs.ts'
import { readBudget, setCeiling } from '../../src/store/spending/budgets.ts'
import { modelCallsOf } from '../../src/store/spending/model-calls.ts'
import { FakeClock, settle } from '../../src/testing/fake-clock.ts'
import { type AgentBench, agentBench } from '../agents/agent-harness.ts'
import { openTestDatabase, severable, typesOf } from '../engine/harness.ts'
import { type BatchDouble, batchDouble, type Line } from './batch-double.ts'

const models = { openai: 'openai/gpt-5-mini', anthropic: 'anthropic/claude-haiku-4-5' } as const
type Provider = keyof typeof models
const providers = Object.keys(models) as Provider[]
const keys = { OPENAI_API_KEY: 'sk-o', ANTHROPIC_API_KEY: 'sk-a' }

/** 100 tokens in and 10 out, at the batch price and at the ordinary one, in billionths of a dollar. */
const cost = { openai: { batch: 22_500, ordinary: 45_000 }, anthropic: { batch: 75_000, ordinary: 150_000 } }

const Fact = z.object({ doubled: z.number() })
const flow = workflow({
  name: 'flow',
  input: z.object({
    count: z.number(),
    within: z.custom<Duration>().optional(),
    most: z.number().optional(),
  }),
  run(ctx, { count, ...limits }) {
    const inputs = Array.from({ length: count }, (_, index) => `number ${index}`)
    return ctx.extractAll('double it', inputs, { schema: Fact, route: 'numbers', batch: limits })
  },
})

const numberOf = (text: string) => Number(text.slice('number '.length))
const right = (text: string) => JSON.stringify({ doubled: numberOf(text) * 2 })
const rightLine = (text: string): Line => ({ text: right(text) })
const doubles = (count: number) => Array.from({ length: count }, (_, index) => ({ doubled: index * 2 }))

const cleanups: (() => Promise<unknown>)[] = []
/** Requests that have no answer yet. */
let open = 0
beforeEach(() => {
  const original = globalThis.fetch
  vi.stubGlobal('fetch', async (...given: Parameters<typeof fetch>) => {
    open++
    try {
      return await original(...given)
    } finally {
      open--
    }
  })
})
afterEach(async () => {
  vi.unstubAllGlobals()
  for (const clean of cleanups.splice(0).reverse()) await clean()
})

async function atRest(): Promise<void> {
  await settle()
  while (open > 0) await settle()
  await settle()
}

/** Lets time pass, in steps that leave the network its time, until `isDone`. */
async function passUntil(
  { clock }: Pick<AgentBench, 'clock'>,
  isDone: () => boolean | Promise<boolean>,
  stepMs = 30_000,
): Promise<void> {
  for (let step = 0; ; step++) {
    await atRest()
    if (await isDone()) return
    if (step === 2000) throw new Error('it did not come to pass')
    await clock.advance(stepMs)
  }
}

async function isEnded(database: Database, id: string): Promise<boolean> {
  return ['succeeded', 'failed', 'cancelled'].includes((await requireRun(database, id)).status)
}

async function double(provider: Provider, ordinary = right): Promise<BatchDouble> {
  const made = await batchDouble(provider, ordinary)
  cleanups.push(() => made.close())
  return made
}

function solverAt({ url }: BatchDouble, provider: Provider): Solver {
  return hostedSolver(models[provider], { keys, baseUrl: `${url}/v1` })
}

async function benchOf(solver: Solver | Solver[], options: Parameters<typeof agentBench>[2] = {}) {
  const bench = await agentBench([flow], { numbers: solver }, options)
  cleanups.push(() => bench.engine.stop())
  return bench
}

type Input = { count: number; within?: Duration; most?: number }

/** Starts a run and waits until so many batches are at the provider. */
async function sent(bench: AgentBench, at: BatchDouble, input: Input, batches = 1): Promise<string> {
  const { id } = await bench.engine.startRun(flow, input)
  await passUntil(bench, () => at.batches.length >= batches, 0)
  await atRest()
  return id
}

async function outcome(bench: AgentBench, id: string, stepMs?: number) {
  await passUntil(bench, () => isEnded(bench.database, id), stepMs)
  return bench.engine.resultOf(id)
}

async function ledger(bench: AgentBench, id: string) {
  const budget = (await readBudget(bench.database, 'project'))!
  const calls = await modelCallsOf(bench.database, (await requireRun(bench.database, id)).no)
  return { reserved: budget.reserved_nanousd, spent: budget.spent_nanousd, calls }
}

describe.each(providers)('batches of %s', (provider) => {
  test('questions go in one batch, the run is parked meanwhile, and answers come in order at half the price', async () => {
    const at = await double(provider)
    const bench = await benchOf(solverAt(at, provider))
    const id = await sent(bench, at, { count: 5 })
    await passUntil(bench, async () => (await requireRun(bench.database, id)).status === 'waiting', 0)
    const before = await ledger(bench, id)
    expect(before.spent).toBe(0)
    expect(before.reserved).toBeGreaterThan(5 * cost[provider].batch)
    at.end(rightLine)
    at.batches[0]!.lines.reverse()
    expect(await outcome(bench, id)).toEqual({ status: 'succeeded', output: doubles(5) })
    expect(at.batches).toHaveLength(1)
    expect(at.asked).toEqual([])
    const paid = await ledger(bench, id)
    expectPaid(paid, 5 * cost[provider].batch)
    expect(paid.calls).toMatchObject([{ outcome: 'answered', input_tokens: 500, output_tokens: 50 }])
  })

  test('what is errored, expired, missing, doubled or unfit is asked on the ordinary route, healed with its problem', async () => {
    const at = await double(provider)
    const bench = await benchOf(solverAt(at, provider))
    const id = await sent(bench, at, { count: 6 })
    const lines: Record<number, Line> = {
      1: 'errored',
      2: 'expired',
      3: undefined,
      4: { text: '{"doubled":"x"}' },
    }
    at.end((text) => (numberOf(text) in lines ? lines[numberOf(text)] : rightLine(text)))
    const batch = at.batches[0]!
    const { id: twice } = batch.lines[0]!
    batch.lines.push(
      { ...batch.lines[0]! },
      { id: twice, line: 'errored' },
      { id: 'nobody-7', line: { text: '{"doubled":7}' } },
    )
    expect(await outcome(bench, id)).toEqual({ status: 'succeeded', output: doubles(6) })
    expect(at.asked.toSorted()).toEqual([1, 2, 3, 4].map((index) => `number ${index}`))
    const healed = at.requests.filter(({ text }) => text.includes('cannot be used'))
    expect(healed).toHaveLength(1)
    expect(healed[0]!.text).toContain('number 4')
    const { reserved, calls } = await ledger(bench, id)
    expect(reserved).toBe(0)
    expect(calls.filter(({ outcome: end }) => end === 'answered')).toHaveLength(5)
  })

  test('an answer that ended before it was complete is paid for, not taken, and asked again', async () => {
    const at = await double(provider)
    const bench = await benchOf(solverAt(at, provider))
    const ends = provider === 'openai' ? ['cancelled', 'incomplete', null] : ['pause_turn', 'strange', null]
    const id = await sent(bench, at, { count: 4 })
    at.end((text) => {
      const end = ends[numberOf(text)]
      return end === undefined ? rightLine(text) : { text: '{"doubled":99}', end }
    })
    expect(await outcome(bench, id)).toEqual({ status: 'succeeded', output: doubles(4) })
    expect(at.asked.toSorted()).toEqual(['number 0', 'number 1', 'number 2'])
    expectPaid(await ledger(bench, id), 4 * cost[provider].batch + 3 * cost[provider].ordinary)
  })

  test('dates that a schema makes of a batch’s answers are kept as what they were made from', async () => {
    const at = await double(provider)
    const dated = workflow({
      name: 'dated',
      input: z.null(),
      async run(ctx) {
        const schema = z.object({ day: z.coerce.date() })
        const inputs = ['number 0', 'number 1']
        const found = await ctx.extractAll('find it', inputs, { schema, route: 'numbers', batch: true })
        await ctx.sleep('1h')
        return found.map(({ day }) => day.getTime())
      },
    })
    const bench = await agentBench([dated], { numbers: solverAt(at, provider) })
    cleanups.push(() => bench.engine.stop())
    const { id } = await bench.engine.startRun(dated, null)
    await passUntil(bench, () => at.batches.length > 0, 0)
    at.end((text) => ({ text: `{"day":"2026-03-0${numberOf(text) + 1}"}` }))
    const days = [Date.UTC(2026, 2, 1), Date.UTC(2026, 2, 2)]
    expect(await outcome(bench, id)).toEqual({ status: 'succeeded', output: days })
    expect(at.asked).toEqual([])
  })

  test('a batch whose submission was lost from memory is found again and not sent twice', async () => {
    const at = await double(provider)
    const clock = new FakeClock()
    const database = await openTestDatabase(clock)
    const link = severable(database)
    let ids = 0
    const newId = () => `id${ids++}`
    at.onSubmission = link.cut
    const first = await agentBench(
      [flow],
      { numbers: solverAt(at, provider) },
      { database: link.database, clock, newId },
    )
    const { id } = await first.engine.startRun(flow, { count: 3 })
    await passUntil(first, () => at.batches.length > 0, 0)
    expect(await typesOf(database, id)).not.toContain('effect-completed')
    await database.run('delete from workers where id = ?', [first.engine.worker.id])
    const bench = await benchOf(solverAt(at, provider), { database, clock, newId })
    await atRest()
    // At Anthropic only a batch that has ended can be told from others.
    at.end(rightLine)
    expect(await outcome(bench, id)).toEqual({ status: 'succeeded', output: doubles(3) })
    expect(at.batches).toHaveLength(1)
    expect(at.asked).toEqual([])
    expectPaid(await ledger(bench, id), 3 * cost[provider].batch)
  })

  test('a batch whose reply was lost is found again and not sent twice', async () => {
    const at = await double(provider)
    at.next = 'lose the answer'
    const bench = await benchOf(solverAt(at, provider))
    const id = await sent(bench, at, { count: 3 })
    at.end(rightLine)
    expect(await outcome(bench, id)).toEqual({ status: 'succeeded', output: doubles(3) })
    expect(at.batches).toHaveLength(1)
    expectPaid(await ledger(bench, id), 3 * cost[provider].batch)
  })

  test('a request that never arrived is sent again, once it is surely not there', async () => {
    const at = await double(provider)
    at.next = 'lose the request'
    const bench = await benchOf(solverAt(at, provider))
    const { id } = await bench.engine.startRun(flow, { count: 2 })
    await passUntil(bench, () => at.batches.length === 1)
    at.end(rightLine)
    expect(await outcome(bench, id)).toEqual({ status: 'succeeded', output: doubles(2) })
    expect(at.batches).toHaveLength(1)
    expect(await bench.told(id)).toContain('effect-retrying batch.submit')
  })

  test('a refused batch costs nothing and its questions go the ordinary way', async () => {
    const at = await double(provider)
    at.next = 'refuse'
    const bench = await benchOf(solverAt(at, provider))
    const { id } = await bench.engine.startRun(flow, { count: 3 })
    expect(await outcome(bench, id)).toEqual({ status: 'succeeded', output: doubles(3) })
    expect(at.asked).toHaveLength(3)
    const paid = await ledger(bench, id)
    expectPaid(paid, 3 * cost[provider].ordinary)
  })

  test('a batch that is late is cancelled; what it had answered counts and the rest is asked', async () => {
    const at = await double(provider)
    const bench = await benchOf(solverAt(at, provider))
    const id = await sent(bench, at, { count: 3, within: '5m' })
    await passUntil(bench, () => at.cancelled.length > 0)
    at.batches[0]!.lines[1]!.line = { text: right('number 1') }
    expect(await outcome(bench, id)).toEqual({ status: 'succeeded', output: doubles(3) })
    expect(at.cancelled).toEqual(['batch_0'])
    expect(at.asked.toSorted()).toEqual(['number 0', 'number 2'])
    expectPaid(await ledger(bench, id), cost[provider].batch + 2 * cost[provider].ordinary)
  })

  test('a cancelled run’s batch is cancelled at the provider, and what it had answered is paid', async () => {
    const at = await double(provider)
    const bench = await benchOf(solverAt(at, provider))
    const id = await sent(bench, at, { count: 4 })
    const { database } = bench
    const abandoned = abandonedOf(bench, at, provider)
    await abandoned.look()
    expect(at.cancelled).toEqual([])
    await bench.engine.control.cancel(id, 'ada')
    await passUntil(bench, () => isEnded(database, id), 0)
    await abandoned.look()
    expect(at.cancelled).toEqual(['batch_0'])
    expect((await ledger(bench, id)).reserved).toBeGreaterThan(0)
    at.batches[0]!.lines[2]!.line = { text: right('number 2') }
    await abandoned.look()
    const paid = await ledger(bench, id)
    expectPaid(paid, cost[provider].batch)
    expect(at.cancelled).toEqual(['batch_0'])
  })
})

test('a batch of a run that was cancelled before anybody knew of it is found, and cancelled too', async () => {
  const at = await double('openai')
  at.next = 'lose the answer'
  at.isListed = false
  const bench = await benchOf(solverAt(at, 'openai'))
  const id = await sent(bench, at, { count: 2 })
  await bench.engine.control.cancel(id, 'ada')
  await passUntil(bench, () => isEnded(bench.database, id), 0)
  const abandoned = abandonedOf(bench, at, 'openai')
  await abandoned.look()
  expect((await ledger(bench, id)).reserved).toBeGreaterThan(0)
  at.isListed = true
  await abandoned.look()
  expect(at.cancelled).toEqual(['batch_0'])
  await abandoned.look()
  expectPaid(await ledger(bench, id), 0)
})

test('a batch that is listed late is waited for before another is sent', async () => {
  const at = await double('openai')
  at.next = 'lose the answer'
  at.isListed = false
  const bench = await benchOf(solverAt(at, 'openai'))
  const id = await sent(bench, at, { count: 2 })
  await passUntil(
    bench,
    () => at.requests.some(({ method, path }) => method === 'GET' && /batches/.test(path)),
    0,
  )
  await atRest()
  at.isListed = true
  at.end(rightLine)
  expect(await outcome(bench, id)).toEqual({ status: 'succeeded', output: doubles(2) })
  expect(at.batches).toHaveLength(1)
})

test('what cannot be learnt of an ended run’s batch counts as spent in the end', async () => {
  const at = await double('openai')
  const bench = await benchOf(solverAt(at, 'openai'))
  const id = await sent(bench, at, { count: 2 })
  const { reserved } = await ledger(bench, id)
  await bench.engine.control.cancel(id, 'ada')
  await passUntil(bench, () => isEnded(bench.database, id), 0)
  await bench.engine.stop()
  const services = new Map<string, BatchService>()
  const { database, clock } = bench
  const abandoned = new AbandonedBatches({ database, clock, log: silentLog, services })
  await abandoned.look()
  expect(await ledger(bench, id)).toMatchObject({ reserved, spent: 0 })
  clock.jump(clock.now() + 49 * 3_600_000)
  await abandoned.look()
  expect(await ledger(bench, id)).toMatchObject({ reserved: 0, spent: reserved })
})

test('a fork of a run pays for a batch of its own, or reads the one that it found', async () => {
  const at = await double('openai')
  const bench = await benchOf(solverAt(at, 'openai'))
  const id = await sent(bench, at, { count: 2 })
  const planned = (await bench.events(id)).find(({ type }) => type === 'question-completed')!
  const fork = await bench.engine.control.fork(id, planned.step! + 1, 'ada', { repeatEffects: true })
  await passUntil(bench, () => at.batches.length === 2, 0)
  at.end(rightLine)
  for (const run of [id, fork]) {
    expect(await outcome(bench, run)).toEqual({ status: 'succeeded', output: doubles(2) })
    expect((await ledger(bench, run)).calls).toMatchObject([{ outcome: 'answered', input_tokens: 200 }])
  }
  expect(new Set(at.batches.map(({ key }) => key)).size).toBe(2)
  expectPaid(await ledger(bench, id), 4 * cost.openai.batch)
})

function abandonedOf({ database, clock }: AgentBench, at: BatchDouble, provider: Provider): AbandonedBatches {
  const services = new Map([[models[provider] as string, solverAt(at, provider).batches!]])
  return new AbandonedBatches({ database, clock, log: silentLog, services })
}

/** Fractions of a billionth are rounded up. */
function expectPaid({ reserved, spent }: { reserved: number; spent: number }, nanousd: number): void {
  expect(reserved).toBe(0)
  expect(spent).toBeGreaterThanOrEqual(nanousd)
  expect(spent).toBeLessThanOrEqual(nanousd + 4)
}

test('several batches are under way at once when one would be too large', async () => {
  const at = await double('openai')
  const bench = await benchOf(solverAt(at, 'openai'))
  const id = await sent(bench, at, { count: 7, most: 3 }, 3)
  expect(at.batches.map(({ questions }) => questions.size).toSorted()).toEqual([1, 3, 3])
  at.end(rightLine)
  expect(await outcome(bench, id)).toEqual({ status: 'succeeded', output: doubles(7) })
  const { reserved, calls } = await ledger(bench, id)
  expect(reserved).toBe(0)
  expect(calls).toHaveLength(3)
})

test('parts are bounded by number and by bytes', () => {
  const questionOf = (input: string): Question => ({ task: 'extract', name: 'x', input })
  const size = JSON.stringify(questionOf('aaaa')).length
  const sizes = (inputs: string[], most: number, bytes: number) =>
    toParts(inputs.map(questionOf), most, bytes).map(({ first, questions }) => [first, questions.length])
  expect(sizes(['aaaa', 'bbbb', 'cccc'], 2, 1000)).toEqual([
    [0, 2],
    [2, 1],
  ])
  expect(sizes(['aaaa', 'bbbb', 'cccc'], 9, 2 * size)).toEqual([
    [0, 2],
    [2, 1],
  ])
  expect(sizes(['x'.repeat(500), 'b'], 9, 100)).toEqual([
    [0, 1],
    [1, 1],
  ])
})

test('a batch that failed as a whole costs nothing and its questions go the ordinary way', async () => {
  const at = await double('openai')
  const bench = await benchOf(solverAt(at, 'openai'))
  const id = await sent(bench, at, { count: 2 })
  at.batches[0]!.state = 'failed'
  expect(await outcome(bench, id)).toEqual({ status: 'succeeded', output: doubles(2) })
  expectPaid(await ledger(bench, id), 2 * cost.openai.ordinary)
})

test('a batch that the provider does not know any more counts as spent in full', async () => {
  const at = await double('openai')
  const bench = await benchOf(solverAt(at, 'openai'))
  const id = await sent(bench, at, { count: 2 })
  const { reserved } = await ledger(bench, id)
  at.batches.length = 0
  expect(await outcome(bench, id)).toEqual({ status: 'succeeded', output: doubles(2) })
  const after = await ledger(bench, id)
  expectPaid(after, reserved + 2 * cost.openai.ordinary)
  expect(after.calls.map(({ outcome: end }) => end)).toContain('unknown')
})

test('at Anthropic a batch that cannot be told from another waits for a person, who names it', async () => {
  const at = await double('anthropic')
  at.next = 'lose the answer'
  const bench = await benchOf(solverAt(at, 'anthropic'))
  const { id } = await bench.engine.startRun(flow, { count: 2 })
  await passUntil(bench, async () => (await listPending(bench.database)).length > 0)
  const [asked] = await listPending(bench.database)
  expect(asked!.shown).toContain('batch_0')
  await bench.engine.control.decide(asked!.id, {
    verdict: 'answer',
    by: 'ada',
    answer: { happened: true, result: { batch: 'batch_0' } },
  })
  at.end(rightLine)
  expect(await outcome(bench, id)).toEqual({ status: 'succeeded', output: doubles(2) })
  expect(at.batches).toHaveLength(1)
})

test('all batches are reserved before one is sent: beyond a ceiling none is', async () => {
  const at = await double('openai')
  const most = solverAt(at, 'openai').batches!.worstCaseUsd({ task: 'extract', name: '', input: '' })
  const bench = await benchOf(solverAt(at, 'openai'), {
    budgets: { project: most * 4, whenExhausted: 'fail' },
  })
  const { id } = await bench.engine.startRun(flow, { count: 6, most: 2 })
  expect(await outcome(bench, id)).toMatchObject({ status: 'failed', error: { code: 'over-budget' } })
  expect(at.requests).toEqual([])
  expect(await ledger(bench, id)).toMatchObject({ reserved: 0, spent: 0 })
})

test('beyond a ceiling all batches wait until there is room for them together', async () => {
  const at = await double('openai')
  const most = solverAt(at, 'openai').batches!.worstCaseUsd({ task: 'extract', name: '', input: '' })
  const bench = await benchOf(solverAt(at, 'openai'), { budgets: { project: most * 4 } })
  const { id } = await bench.engine.startRun(flow, { count: 6, most: 2 })
  await passUntil(bench, async () => (await requireRun(bench.database, id)).status === 'waiting')
  expect((await typesOf(bench.database, id)).filter((type) => type === 'budget-awaited')).toHaveLength(1)
  const woken = await bench.database.transaction((session) => setCeiling(session, 'project', null))
  for (const run of woken) bench.engine.services.notices.tell('run-changed', run)
  await passUntil(bench, () => at.batches.length === 3)
  at.end(rightLine)
  expect(await outcome(bench, id)).toEqual({ status: 'succeeded', output: doubles(6) })
})

test('another worker of the run counts its batch as under way, not as spent', async () => {
  const at = await double('openai')
  const first = await benchOf(solverAt(at, 'openai'))
  const id = await sent(first, at, { count: 4, most: 2 }, 2)
  await first.engine.stop()
  const bench = await benchOf(solverAt(at, 'openai'), { database: first.database, clock: first.clock })
  at.end((text) => (numberOf(text) === 0 ? 'errored' : rightLine(text)), 'number 0')
  await passUntil(bench, () => at.asked.length === 1)
  const meanwhile = await ledger(bench, id)
  expect(meanwhile.reserved).toBeGreaterThan(0)
  expect(meanwhile.calls.map(({ outcome: end }) => end)).not.toContain('unknown')
  at.end(rightLine)
  expect(await outcome(bench, id)).toEqual({ status: 'succeeded', output: doubles(4) })
  expect(at.batches).toHaveLength(2)
  const paid = await ledger(bench, id)
  expectPaid(paid, 3 * cost.openai.batch + cost.openai.ordinary)
})

test('a route without batches is asked as ever', async () => {
  const local: Solver = {
    name: 'rule',
    kind: 'function',
    solve: ({ input }) => ({ kind: 'text', text: right(String(input)) }),
  }
  const bench = await benchOf(local)
  const { id } = await bench.engine.startRun(flow, { count: 20 })
  expect(await outcome(bench, id)).toEqual({ status: 'succeeded', output: doubles(20) })
})

test('a price without a discount for batches is taken as it is', () => {
  const price = { inputUsdPerMillion: 1, outputUsdPerMillion: 1, asOf: '2026-01-01', source: 'own' }
  const solver = hostedSolver('openai/own', { keys, prices: { 'openai/own': price } })
  const question: Question = { task: 'extract', name: 'x', input: 'y' }
  expect(solver.batches!.worstCaseUsd(question)).toBe(solver.worstCaseUsd!(question))
  expect(hostedSolver('google/gemini-2.5-flash', { keys: { GEMINI_API_KEY: 'k' } }).batches).toBeUndefined()
})

test('OpenAI’s files and batches as another double speaks them', async () => {
  const mock = new LLMock({ host: '127.0.0.1', port: 0 })
  await mock.start()
  cleanups.push(() => mock.stop())
  const writing = workflow({
    name: 'writing',
    input: z.array(z.string()),
    run: (ctx, topics) =>
      ctx.generateAll(
        'write',
        topics.map((topic) => ({ topic })),
        { route: 'texts', batch: true },
      ),
  })
  const solver = hostedSolver('openai/gpt-5-mini', { keys, baseUrl: `${mock.url}/v1` })
  const bench = await agentBench([writing], { texts: solver })
  cleanups.push(() => bench.engine.stop())
  const { id } = await bench.engine.startRun(writing, ['rain', 'snow'])
  expect(await outcome(bench, id)).toMatchObject({
    status: 'succeeded',
    output: ['Mock batch completion', 'Mock batch completion'],
  })
})
