import { expect, test } from 'vitest'
import { z } from 'zod'
import { workflow } from '../../src/context.ts'
import type { Embedder } from '../../src/memory/embedder.ts'
import type { SearchAudit } from '../../src/memory/search/search-audit.ts'
import { countItems, readItems } from '../../src/store/memory/items.ts'
import { eventsOf } from '../engine/harness.ts'
import { memoryBench } from './memory-bench.ts'

const anything = z.unknown()
const Remembered = z.object({
  text: z.string(),
  options: z
    .object({ scope: z.string(), title: z.string(), source: z.string(), trusted: z.boolean() })
    .partial()
    .optional(),
})

const learn = workflow({
  name: 'learn',
  input: Remembered,
  run: (ctx, { text, options }) => ctx.remember(text, options),
})

const ask = workflow({
  name: 'ask',
  input: z.object({ query: z.string(), in: z.string().optional(), limit: z.number().optional() }),
  run: (ctx, search) => ctx.recall('what is known', { ...search, from: 'memory' }),
})

test('what one run remembered, a later one recalls, with where it came from', async () => {
  const { database, output, engine, stop } = await memoryBench([learn, ask])
  const handle = await engine.startRun('learn', {
    text: 'Ada wants her invoices in French.',
    options: { scope: '/customers/ada/' },
  })
  const { output: id } = (await handle.result()) as { output: string }
  await output('learn', { text: 'Bob wants a refund.', options: { scope: 'customers/bob', trusted: true } })
  const passages = await output('ask', { query: 'invoices in French', in: 'customers', limit: 1 })
  const source = `run ${handle.id}, call 1`
  const text = 'Ada wants her invoices in French.'
  const score = expect.closeTo(0.45, 2)
  expect(passages).toEqual([{ id, source, title: 'customers/ada', text, score, untrusted: true }])
  const [bob] = (await output('ask', { query: 'a refund', in: 'customers/bob' })) as object[]
  expect(bob).not.toHaveProperty('untrusted')
  expect(await readItems(database, [1])).toMatchObject([{ run: handle.id, step: 1, scope: 'customers/ada' }])
  await stop()
})

test('the journal has what was remembered, and the query, the candidates and the scores of a recall', async () => {
  const { database, engine, output, stop } = await memoryBench([learn, ask])
  const learnt = await engine.startRun('learn', { text: 'The printer is on floor 3.', options: {} })
  await learnt.result()
  for (const text of [
    'The printer is on floor 3.',
    'Floor 3 has a printer and a scanner.',
    'Lunch is at noon.',
  ])
    await output('learn', { text })
  const remembered = (await eventsOf(database, learnt.id)).find(({ type }) => type === 'remember-completed')!
  expect(JSON.parse(remembered.payload!)).toMatchObject({
    text: 'The printer is on floor 3.',
    untrusted: true,
    embedder: 'local',
  })
  const asked = await engine.startRun('ask', { query: 'Where is the printer?', limit: 2 })
  await asked.result()
  const recalled = (await eventsOf(database, asked.id)).find(({ type }) => type === 'recall-completed')!
  const { audit } = JSON.parse(recalled.payload!) as { audit: SearchAudit }
  expect(audit).toMatchObject({
    query: 'Where is the printer?',
    in: null,
    limit: 2,
    by: 'both',
    exact: true,
  })
  const [first, second, third] = audit.candidates
  expect(first).toMatchObject({ id: JSON.parse(remembered.payload!).id, outcome: 'chosen' })
  expect(second).toMatchObject({ score: first!.score, outcome: 'repeats-a-chosen-one' })
  expect(third).toMatchObject({ outcome: 'chosen' })
  expect(third!.score).toBeLessThan(second!.score)
  await stop()
})

test('a crowd of repetitions does not hide what else is known', async () => {
  const { output, stop } = await memoryBench([learn, ask])
  for (let count = 0; count < 40; count++) await output('learn', { text: 'Ships sail at nine.' })
  await output('learn', { text: 'Ships sail at nine, but not on Sundays.' })
  const passages = (await output('ask', { query: 'When do ships sail?', limit: 2 })) as { text: string }[]
  expect(passages.map(({ text }) => text)).toEqual([
    'Ships sail at nine.',
    'Ships sail at nine, but not on Sundays.',
  ])
  await stop()
})

test('a run that dies after remembering does not remember again, and recalls what it had recalled', async () => {
  let dies = true
  const both = workflow({
    name: 'both',
    input: anything,
    async run(ctx) {
      const id = await ctx.remember('Tea is served at four.')
      const before = await ctx.recall('tea', { query: 'When is tea?', from: 'memory' })
      await ctx.step('hang', () => (dies ? new Promise<never>(() => {}) : null))
      return { id, before: before.map(({ text }) => text) }
    },
  })
  const first = await memoryBench([both, learn])
  const handle = await first.engine.startRun('both', null)
  await first.output('learn', { text: 'Tea is served at five, it says now.' })
  while ((await eventsOf(first.database, handle.id)).length < 3) await new Promise(setImmediate)
  await first.die()
  dies = false
  await first.database.run(`update items set text = 'tampered' where no = 1`)
  const second = await memoryBench([both, learn], { database: first.database })
  await second.clock.advance(60_000)
  const ended = await second.engine.resultOf(handle.id)
  expect(ended).toMatchObject({
    status: 'succeeded',
    output: { before: expect.arrayContaining(['Tea is served at four.']) },
  })
  const items = await second.database.all<{ id: string }>('select id from items where run = ?', [handle.id])
  expect(items).toEqual([{ id: (ended as { output: { id: string } }).output.id }])
  await second.stop()
})

test('a run that dies before the commit has remembered nothing, and remembers once when it goes on', async () => {
  const first = await memoryBench([learn], {
    embedder: { name: 'local', embed: () => new Promise(() => {}) },
  })
  const handle = await first.engine.startRun('learn', { text: 'It rains.' })
  await first.die()
  expect(await countItems(first.database)).toBe(0)
  const second = await memoryBench([learn], { database: first.database })
  await second.clock.advance(60_000)
  expect(await second.engine.resultOf(handle.id)).toMatchObject({ status: 'succeeded' })
  expect(await countItems(second.database)).toBe(1)
  await second.stop()
})

test('texts that cannot be kept are refused, and the run may go on', async () => {
  const { database, result, output, stop } = await memoryBench([learn, ask])
  const refused = async (text: string, options = {}) => {
    const ended = await result('learn', { text, options })
    return ended.status === 'failed' ? ended.error.message : ended.status
  }
  expect(await refused(' ')).toContain('is empty')
  expect(await refused('a\0b')).toContain('text of what is to be remembered holds characters')
  expect(await refused('a', { scope: 'x\ud800' })).toContain('scope')
  expect(await refused('a'.repeat(16_001))).toContain('16001 characters; the most is 16000')
  expect(await countItems(database)).toBe(0)
  expect(await output('learn', { text: '—' })).toEqual(expect.any(String))
  expect(await output('ask', { query: '—' })).toEqual([])
  expect(await database.all('select vector from items')).toEqual([{ vector: null }])
  await stop()
})

test('what an embedder gives no numbers for is kept and found by words, as is what another one embedded', async () => {
  const broken: Embedder = { name: 'broken', embed: () => new Float32Array([Number.NaN, 1]) }
  const first = await memoryBench([learn, ask])
  await first.output('learn', { text: 'Known to the first.' })
  const second = await memoryBench([learn, ask], { database: first.database, embedder: broken })
  const kept = await second.engine.startRun('learn', { text: 'Known to the second.' })
  expect(await kept.result()).toMatchObject({ status: 'succeeded' })
  const [event] = (await eventsOf(first.database, kept.id)).filter(
    ({ type }) => type === 'remember-completed',
  )
  expect(JSON.parse(event!.payload!)).toMatchObject({
    embedder: '',
    unembedded: expect.stringContaining('no finite numbers'),
  })
  const third = await memoryBench([learn, ask], {
    database: first.database,
    embedder: { name: 'other', embed: async () => new Float32Array([0.5, 3]) },
  })
  await third.output('learn', { text: 'Known to the third.' })
  const found = (await third.output('ask', { query: 'known' })) as { text: string; score: number }[]
  expect(found.map(({ text }) => text).sort()).toEqual([
    'Known to the first.',
    'Known to the second.',
    'Known to the third.',
  ])
  await third.engine.stop()
  await second.engine.stop()
  await first.stop()
})

const amendOrForget = workflow({
  name: 'change',
  input: z.object({ id: z.string(), text: z.string().nullable(), version: z.number().optional() }),
  run: async (ctx, { id, text, version }) => {
    const options = { why: 'her mail', ...(version !== undefined && { version }) }
    if (text === null) await ctx.forget(id, options)
    else return await ctx.amend(id, text, options)
  },
})

test('a run amends and forgets what an earlier one remembered, and the history tells who and why', async () => {
  const { engine, memory, output, result, stop } = await memoryBench([learn, ask, amendOrForget])
  const id = (await output('learn', { text: 'Ada wants invoices by mail.' })) as string
  const handle = await engine.startRun('change', { id, text: 'Ada wants invoices by post.' })
  expect(await handle.result()).toMatchObject({ status: 'succeeded', output: 2 })
  const found = (await output('ask', { query: 'invoices' })) as { text: string }[]
  expect(found.map(({ text }) => text)).toEqual(['Ada wants invoices by post.'])
  expect(await result('change', { id, text: 'By fax.', version: 1 })).toMatchObject({
    error: { code: 'memory-changed' },
  })
  await output('change', { id, text: null })
  expect(await output('ask', { query: 'invoices' })).toEqual([])
  expect(await result('change', { id, text: 'By fax.' })).toMatchObject({ error: { code: 'memory-changed' } })
  expect(await result('change', { id: 'no such item', text: null })).toMatchObject({
    error: { code: 'unknown-memory' },
  })
  expect(await memory.history(id)).toMatchObject([
    { version: 1, endedAs: 'amended', endedBy: `run ${handle.id}, call 1`, endedWhy: 'her mail' },
    { version: 2, endedAs: 'retracted', run: handle.id, step: 1 },
  ])
  await stop()
})

test('a run that dies between the change and its event finds it done', async () => {
  const first = await memoryBench([learn, amendOrForget])
  const id = (await first.output('learn', { text: 'Tea is at four.' })) as string
  const given = first.memory.amend.bind(first.memory)
  let changed = () => {}
  const done = new Promise<void>((resolve) => {
    changed = resolve
  })
  first.memory.amend = async (...change) => {
    await given(...change)
    changed()
    return new Promise<never>(() => {})
  }
  const handle = await first.engine.startRun('change', { id, text: 'Tea is at five.' })
  await done
  await first.die()
  const second = await memoryBench([learn, amendOrForget], { database: first.database })
  await second.clock.advance(60_000)
  expect(await second.engine.resultOf(handle.id)).toMatchObject({ status: 'succeeded', output: 2 })
  expect(await second.memory.history(id)).toHaveLength(2)
  await second.stop()
})
