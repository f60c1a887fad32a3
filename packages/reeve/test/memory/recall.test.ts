import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Knowledge } from '../../src/memory/knowledge.ts'
import { embed } from '../../src/models/local/text/embed.ts'
import { countItems } from '../../src/store/memory/items.ts'
import type { FakeClock } from '../../src/testing/fake-clock.ts'
import { openMemory } from './memory-harness.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reeve-recall-'))
})

afterEach(() => rm(folder, { recursive: true, force: true }))

const write = (name: string, content: string) => writeFile(join(folder, name), content)
/** Knowledge of a database of its own, with what finds in it. */
async function openKnowledge() {
  const memory = await openMemory()
  const knowledge = new Knowledge(memory)
  return {
    memory,
    ingest: (path: string, signal?: AbortSignal) => knowledge.ingest(path, signal ? { signal } : {}),
    async recall(query: string) {
      await knowledge.settled()
      return memory.recall(query)
    },
  }
}

const counts = { added: 0, changed: 0, removed: 0, unchanged: 0, problems: [] }

test('ingesting again takes in only what changed', async () => {
  await write('refunds.md', 'We refund within 30 days.')
  await write('cards.md', 'Cards arrive in a week.')
  const knowledge = await openKnowledge()
  expect(await knowledge.ingest(folder)).toEqual({ ...counts, added: 2, documents: 2, passages: 2 })
  expect(await knowledge.ingest(folder)).toEqual({ ...counts, unchanged: 2, documents: 2, passages: 2 })

  await write('refunds.md', 'We refund within 14 days.')
  await write('fees.md', 'Abroad we charge a fee.')
  await rm(join(folder, 'cards.md'))
  expect(await knowledge.ingest(folder)).toEqual({
    ...counts,
    added: 1,
    changed: 1,
    removed: 1,
    documents: 2,
    passages: 2,
  })
  expect((await knowledge.recall('refund')).passages[0]!.text).toBe('We refund within 14 days.')
  expect((await knowledge.recall('cards')).passages.filter(({ text }) => text.includes('Cards'))).toEqual([])
})

test('files that are as they were are not read again, after a restart neither', async () => {
  await write('a.md', 'Alpha.')
  await write('docs.jsonl', '{"id":"b","content":"Beta."}\n{"id":"c","content":"Gamma."}\n')
  const before = new Date(Date.now() - 60_000)
  await utimes(join(folder, 'a.md'), before, before)
  await utimes(join(folder, 'docs.jsonl'), before, before)
  const first = await openKnowledge()
  expect(await first.ingest(folder)).toMatchObject({ added: 3 })
  // What would be read differs now, and is not read: its time and size are the same.
  await write('a.md', 'Omega.')
  await utimes(join(folder, 'a.md'), before, before)
  const second = new Knowledge(await openMemory({ database: first.memory.database }))
  expect(await second.ingest(folder)).toMatchObject({ ...counts, unchanged: 3, documents: 3 })
  await write('a.md', 'Alpha and Omega.')
  expect(await second.ingest(folder)).toMatchObject({ changed: 1, unchanged: 2 })
  await rm(join(folder, 'docs.jsonl'))
  expect(await second.ingest(folder)).toMatchObject({ removed: 2, documents: 1 })
})

test('what a passage said before stands in its history, and is found as of then', async () => {
  const { memory, ingest } = await openKnowledge()
  await write('fees.md', 'The fee is 5 euros.')
  await ingest(folder)
  const then = memory.clock.now()
  await (memory.clock as FakeClock).advance(60_000)
  await write('fees.md', 'The fee is 7 euros.')
  await ingest(folder)
  const texts = async (asOf?: number) =>
    (await memory.recall('fee', asOf === undefined ? {} : { asOf })).passages.map(({ text }) => text)
  expect(await texts()).toEqual(['The fee is 7 euros.'])
  expect(await texts(then)).toEqual(['The fee is 5 euros.'])
  expect(await texts(then - 1)).toEqual([])
  const history = await memory.history('fees.md#0')
  expect(history.map(({ version, text, endedAs }) => [version, text, endedAs])).toEqual([
    [1, 'The fee is 5 euros.', 'replaced'],
    [2, 'The fee is 7 euros.', null],
  ])
})

test('of a changed document only what changed is embedded again', async () => {
  let embedded = 0
  const memory = await openMemory({
    embedder: {
      name: 'counting',
      embed(text) {
        embedded++
        return embed(text)
      },
    },
  })
  const knowledge = new Knowledge(memory)
  const parts = ['first', 'second', 'third'].map((word) => `## ${word}\n\n${`${word} `.repeat(100)}`)
  await write('a.md', ['# Words', ...parts].join('\n\n'))
  await knowledge.ingest(folder)
  expect(embedded).toBe(3)
  // The passages move: only the new one is embedded.
  await write('a.md', ['# Words', `## new\n\n${'new '.repeat(100)}`, ...parts].join('\n\n'))
  await knowledge.ingest(folder)
  expect(embedded).toBe(4)
  expect((await memory.recall('second', { by: 'words' })).passages[0]!.id).toBe('a.md#2')
})

test('two processes that take in the same at once write it once', async () => {
  await write(
    'docs.jsonl',
    Array.from({ length: 300 }, (_, at) => `{"id":"d${at}","content":"Fact ${at}."}\n`).join(''),
  )
  const memory = await openMemory()
  const reports = await Promise.all([
    new Knowledge(memory).ingest(folder),
    new Knowledge(memory).ingest(folder),
  ])
  expect(reports[0]!.added + reports[1]!.added).toBe(300)
  expect(reports[0]!.unchanged + reports[1]!.unchanged).toBe(300)
  expect(await countItems(memory.database)).toBe(300)
})

test('a recall waits for the knowledge that is being read; what aborts the reading ends it', async () => {
  const lines = Array.from(
    { length: 500 },
    (_, index) => `{"id":"doc-${index}","content":"Fact ${index}."}\n`,
  )
  await write('docs.jsonl', lines.join(''))
  const knowledge = await openKnowledge()
  const reading = knowledge.ingest(folder)
  expect((await knowledge.recall('fact 499')).passages[0]!.text).toBe('Fact 499.')
  await reading

  const stopped = new AbortController()
  stopped.abort(new Error('stopped'))
  const given = await openKnowledge()
  await expect(given.ingest(folder, stopped.signal)).rejects.toThrow('stopped')
  expect((await given.recall('fact 1')).passages).toEqual([])
})

test('documents of a file that cannot be read in full stay; problems are reported', async () => {
  const good = '{"id":"a","content":"Alpha."}\n{"id":"b","content":"Beta."}\n'
  await write('docs.jsonl', good)
  const knowledge = await openKnowledge()
  await knowledge.ingest(folder)

  await write('docs.jsonl', '{"id":"a","content":"Alpha."}\n{"id":"b","conte\n')
  const report = await knowledge.ingest(folder)
  expect(report).toMatchObject({ removed: 0, unchanged: 1, documents: 2 })
  expect(report.problems).toEqual([
    { where: 'docs.jsonl:2', problem: expect.stringContaining('is not JSON') },
  ])
  expect((await knowledge.recall('beta')).passages[0]!.text).toBe('Beta.')

  await write('docs.jsonl', '{"id":"a","content":"Alpha."}\n')
  expect(await knowledge.ingest(folder)).toMatchObject({ removed: 1, documents: 1, problems: [] })
})

test('of two documents with one id the first is kept, in one path and across paths', async () => {
  await write('one.jsonl', '{"id":"a","content":"First."}\n{"id":"a","content":"Second."}\n')
  await write('two.jsonl', '{"id":"a","content":"Third."}\n')
  const knowledge = await openKnowledge()
  const first = await knowledge.ingest(join(folder, 'one.jsonl'))
  const second = await knowledge.ingest(join(folder, 'two.jsonl'))
  expect([first.added, first.problems.length, second.added, second.problems.length]).toEqual([1, 1, 0, 1])
  expect((await knowledge.recall('first second third')).passages.map(({ text }) => text)).toEqual(['First.'])
})

test('ingests asked for at once run one after the other, and a failed one stops none', async () => {
  await write('a.md', 'Alpha.')
  const knowledge = await openKnowledge()
  const [one, missing, two] = await Promise.allSettled([
    knowledge.ingest(folder),
    knowledge.ingest(join(folder, 'missing')),
    knowledge.ingest(folder),
  ])
  expect(one).toMatchObject({ status: 'fulfilled', value: { added: 1 } })
  expect(missing).toMatchObject({ status: 'rejected', reason: { code: 'no-knowledge' } })
  expect(two).toMatchObject({ status: 'fulfilled', value: { added: 0, unchanged: 1 } })
})
