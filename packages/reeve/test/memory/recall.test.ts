import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createKnowledge } from '../../src/memory/recall.ts'
import { embed } from '../../src/models/local/text/embed.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reeve-recall-'))
})

afterEach(() => rm(folder, { recursive: true, force: true }))

const write = (name: string, content: string) => writeFile(join(folder, name), content)
const counts = { added: 0, changed: 0, removed: 0, unchanged: 0, problems: [] }

test('ingesting again takes in only what changed', async () => {
  await write('refunds.md', 'We refund within 30 days.')
  await write('cards.md', 'Cards arrive in a week.')
  const knowledge = createKnowledge({ embed })
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

test('the fingerprint names the contents, not the way to them, and is in every audit', async () => {
  await write('a.md', 'Alpha.')
  await write('b.md', 'Beta.')
  const direct = createKnowledge({ embed })
  await direct.ingest(folder)
  const first = direct.fingerprint()

  const roundabout = createKnowledge({ embed })
  const empty = roundabout.fingerprint()
  await rm(join(folder, 'a.md'))
  await roundabout.ingest(folder)
  await write('a.md', 'Alpha changed.')
  await roundabout.ingest(folder)
  const changed = roundabout.fingerprint()
  await write('a.md', 'Alpha.')
  await roundabout.ingest(folder)
  expect(roundabout.fingerprint()).toBe(first)
  expect(new Set([first, empty, changed]).size).toBe(3)
  expect((await roundabout.recall('alpha')).audit).toMatchObject({
    knowledge: first,
    query: 'alpha',
    by: 'both',
  })
})

test('documents of a file that cannot be read in full stay; problems are reported', async () => {
  const good = '{"id":"a","content":"Alpha."}\n{"id":"b","content":"Beta."}\n'
  await write('docs.jsonl', good)
  const knowledge = createKnowledge({ embed })
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
  const knowledge = createKnowledge({ embed })
  const first = await knowledge.ingest(join(folder, 'one.jsonl'))
  const second = await knowledge.ingest(join(folder, 'two.jsonl'))
  expect([first.added, first.problems.length, second.added, second.problems.length]).toEqual([1, 1, 0, 1])
  expect((await knowledge.recall('first second third')).passages.map(({ text }) => text)).toEqual(['First.'])
})

test('ingests asked for at once run one after the other, and a failed one stops none', async () => {
  await write('a.md', 'Alpha.')
  const knowledge = createKnowledge({ embed })
  const [one, missing, two] = await Promise.allSettled([
    knowledge.ingest(folder),
    knowledge.ingest(join(folder, 'missing')),
    knowledge.ingest(folder),
  ])
  expect(one).toMatchObject({ status: 'fulfilled', value: { added: 1 } })
  expect(missing).toMatchObject({ status: 'rejected', reason: { code: 'no-knowledge' } })
  expect(two).toMatchObject({ status: 'fulfilled', value: { added: 0, unchanged: 1 } })
})
