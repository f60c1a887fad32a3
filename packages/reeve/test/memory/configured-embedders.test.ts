import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { silentLog } from '../../src/base/log.ts'
import { workflow } from '../../src/context.ts'
import { type EmbedderSolver, encodeVectors } from '../../src/models/providers/embedding.ts'
import type { ProjectConfig } from '../../src/project/config.ts'
import { projectOf } from '../../src/project/load.ts'
import { internalsOf, Runtime } from '../../src/runtime/runtime.ts'
import { payloadOf } from '../../src/store/journal/events.ts'
import { readBudget } from '../../src/store/spending/budgets.ts'
import { FakeClock } from '../../src/testing/fake-clock.ts'
import { eventsOf } from '../engine/harness.ts'

/** Knows that a car is a vehicle; everything else is alike to it. A thousandth of a dollar a text. */
function meaning(name: string): EmbedderSolver & {
  vector(text: string): number[]
  asked: string[][]
  problem?: Error | undefined
} {
  return {
    name,
    kind: 'hosted',
    wordShare: 0.5,
    asked: [],
    vector: (text) => (/car|vehicle/.test(text) ? [0, 1, 0.1] : [1, 0, 0.1]),
    worstCaseUsd: ({ input }) => (input as string[]).length / 1000,
    solve({ input }) {
      const texts = input as string[]
      this.asked.push(texts)
      if (this.problem) throw this.problem
      const usage = { inputTokens: texts.length, outputTokens: 0, costUsd: texts.length / 1000 }
      return { ...encodeVectors(texts.map((text) => this.vector(text))), usage }
    },
  }
}

const learn = workflow({
  name: 'learn',
  input: z.object({ text: z.string() }),
  run: (ctx, { text }) => ctx.remember(text),
})

const ask = workflow({
  name: 'ask',
  input: z.object({ query: z.string() }),
  run: async (ctx, { query }) => {
    const found = await ctx.recall('what is known', { query, from: 'memory' })
    return { found: found.map(({ text }) => text), spentUsd: ctx.spentUsd }
  },
})

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'reeve-embedders-'))
  onTestFinished(() => rm(made, { recursive: true, force: true }))
  return made
}

async function open(config: ProjectConfig, options: { place: string; clock: FakeClock }) {
  const { place, clock } = options
  const runtime = await Runtime.open({
    project: projectOf({ knowledge: [], ...config }, [learn, ask], place),
    environment: {
      database: { kind: 'sqlite', file: join(place, 'reeve.db') },
      keys: {},
      user: 'ada',
      ci: false,
    },
    log: silentLog,
    clock,
  })
  await runtime.start()
  let stopping: Promise<void> | undefined
  const stop = () => (stopping ??= runtime.stop(0))
  onTestFinished(stop)
  const { database, memory } = internalsOf(runtime)
  const run = async (name: 'learn' | 'ask', input: object) => {
    const started = await runtime.startRun(name, input as never)
    const ended = await inTime(clock, started.result())
    if (ended.status !== 'succeeded') throw new Error(JSON.stringify(ended))
    return { output: ended.output, events: await eventsOf(database, started.id) }
  }
  return { database, memory, run, stop, runtime }
}

/** Retries wait by the clock. */
async function inTime<T>(clock: FakeClock, result: Promise<T>): Promise<T> {
  let isDone = false
  const done = result.finally(() => {
    isDone = true
  })
  while (!isDone) {
    await new Promise(setImmediate)
    if (!isDone) await clock.advance(100)
  }
  return done
}

const asks = async (house: Awaited<ReturnType<typeof open>>, query: string) => {
  const { output, events } = await house.run('ask', { query })
  const event = events.find(({ type }) => type === 'recall-completed')!
  return { ...(output as { found: string[]; spentUsd: number }), ...payloadOf(event, 'recall-completed') }
}

test('the configured embedder finds by meaning, is paid from the budgets of the run, and its cost is in the journal', async () => {
  const embedder = meaning('test/one')
  const house = await open(
    { embedders: { default: embedder }, budgets: { project: 0.003 } },
    { place: await folder(), clock: new FakeClock() },
  )
  await house.run('learn', { text: 'The red car is at the workshop.' })
  await house.run('learn', { text: 'The printer is on floor three.' })
  const asked = await asks(house, 'vehicle')
  expect(asked.found[0]).toBe('The red car is at the workshop.')
  expect(asked).toMatchObject({
    spentUsd: 0.001,
    usage: { costUsd: 0.001 },
    audit: { embedders: ['test/one'] },
  })
  expect(await readBudget(house.database, 'project')).toMatchObject({
    spent_nanousd: 3e6,
    reserved_nanousd: 0,
  })
  // Nothing is left: words answer, and the audit says why.
  const poor = await asks(house, 'printer')
  expect(poor.found).toEqual(['The printer is on floor three.'])
  expect(poor.audit!.without).toMatchObject([{ embedder: 'test/one', code: 'over-budget' }])
  expect(embedder.asked).toHaveLength(3)
})

test('while an embedder is down words answer, and what came in meanwhile is embedded when it is back', async () => {
  const embedder = meaning('test/one')
  const clock = new FakeClock()
  const house = await open({ embedders: { default: embedder } }, { place: await folder(), clock })
  await house.run('learn', { text: 'The red car is at the workshop.' })
  embedder.problem = new Error('connection refused')
  await house.run('learn', { text: 'The old vehicle was sold.' })
  const down = await asks(house, 'car')
  expect(down.found).toEqual(['The red car is at the workshop.'])
  expect(down.audit!.without).toMatchObject([
    { code: 'route-exhausted', why: expect.stringContaining('refused') },
  ])
  embedder.problem = undefined
  await clock.advance(120_000)
  await expect
    .poll(() => house.database.all(`select embedder, dimensions from items order by id`), { timeout: 20_000 })
    .toEqual([
      { embedder: 'test/one', dimensions: 3 },
      { embedder: 'test/one', dimensions: 3 },
    ])
  expect((await asks(house, 'car')).found).toHaveLength(2)
})

test('another embedder in the configuration: the old vectors answer until all are made anew', async () => {
  const place = await folder()
  const clock = new FakeClock()
  const first = await open({ embedders: { default: meaning('test/one') } }, { place, clock })
  await first.run('learn', { text: 'The red car is at the workshop.' })
  await first.stop()
  const next = meaning('test/two')
  next.problem = new Error('not yet')
  const second = await open({ embedders: { default: next, before: meaning('test/one') } }, { place, clock })
  expect(await asks(second, 'vehicle')).toMatchObject({
    found: ['The red car is at the workshop.'],
    audit: { embedders: ['test/one'] },
  })
  next.problem = undefined
  expect(await second.memory.reembed()).toBe(1)
  expect(await asks(second, 'vehicle')).toMatchObject({
    found: ['The red car is at the workshop.'],
    audit: { embedders: ['test/two'] },
  })
})

test('an embedder whose dimensions changed is not compared with what it made before: words answer until it is made anew', async () => {
  const embedder = meaning('test/one')
  const house = await open(
    { embedders: { default: embedder } },
    { place: await folder(), clock: new FakeClock() },
  )
  await house.run('learn', { text: 'The red car is at the workshop.' })
  embedder.vector = (text) => (/car|vehicle/.test(text) ? [0, 0, 0, 1] : [1, 0, 0, 0])
  expect((await asks(house, 'car')).audit!.without).toMatchObject([
    { code: 'bad-embedding', why: expect.stringContaining('gives 4 dimensions') },
  ])
  expect((await asks(house, 'vehicle')).found).toEqual([])
  expect(await house.memory.reembed()).toBe(1)
  expect((await asks(house, 'vehicle')).found).toEqual(['The red car is at the workshop.'])
})

test('an embedder that answers no numbers, or too few vectors, is told of and words answer', async () => {
  const embedder = meaning('test/one')
  const house = await open(
    { embedders: { default: embedder } },
    { place: await folder(), clock: new FakeClock() },
  )
  await house.run('learn', { text: 'The red car is at the workshop.' })
  embedder.vector = () => [Number.NaN, 1, 1]
  const asked = await asks(house, 'car')
  expect(asked.found).toEqual(['The red car is at the workshop.'])
  expect(asked.audit!.without).toMatchObject([{ code: 'bad-embedding' }])
  embedder.solve = () => encodeVectors([])
  expect((await asks(house, 'car')).audit!.without).toMatchObject([
    { why: expect.stringContaining('0 vectors for 1 texts') },
  ])
})

test('a file of knowledge that changes, comes or goes is taken in without a restart', async () => {
  const place = await folder()
  const clock = new FakeClock()
  await writeFile(join(place, 'refunds.md'), '# Refunds\n\nRefunds take five days.')
  const house = await open({ knowledge: ['.'] }, { place, clock })
  await house.runtime.readKnowledge()
  const texts = async () => {
    const { passages } = await house.memory.recall('refunds', { kinds: ['passage'] })
    return passages.map(({ text }) => text.split('\n').at(-1)!).sort()
  }
  expect(await texts()).toEqual(['Refunds take five days.'])
  await writeFile(join(place, 'refunds.md'), '# Refunds\n\nRefunds take seven days.')
  await writeFile(join(place, 'limits.md'), '# Limits\n\nRefunds above 100 euros need a yes.')
  await clock.advance(20_000)
  await expect.poll(texts).toEqual(['Refunds above 100 euros need a yes.', 'Refunds take seven days.'])
  await rm(join(place, 'refunds.md'))
  await expect
    .poll(
      async () => {
        await clock.advance(20_000)
        return texts()
      },
      { timeout: 20_000 },
    )
    .toEqual(['Refunds above 100 euros need a yes.'])
}, 60_000)
