import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { splitDocument } from '../../src/memory/ingest/passages.ts'
import { Knowledge } from '../../src/memory/knowledge.ts'
import { openMemory } from './memory-harness.ts'

const filled = (part: string, bytes = 2_000_000) => part.repeat(Math.floor(bytes / part.length))

/** The most processor time that this thread took between two turns of its event loop, in ms. */
async function longestStretch(work: Promise<unknown>): Promise<number> {
  let longest = 0
  let last = process.threadCpuUsage()
  const look = () => {
    const { user, system } = process.threadCpuUsage(last)
    last = process.threadCpuUsage()
    longest = Math.max(longest, (user + system) / 1000)
  }
  const timer = setInterval(look, 1)
  await work
  clearInterval(timer)
  look()
  return longest
}

test.each([
  ['line feeds', `${filled('\n')}x`],
  ['headings', filled('# a\n')],
  ['items of one list', filled('- a\n')],
  ['fences', filled('```\n')],
  ['code without an end', `\`\`\`\n${filled('a\n')}`],
  ['rows of a table', `|a|\n|-|\n${filled('|a|\n')}`],
  ['one line', filled('x')],
  ['words', Array.from({ length: 250_000 }, (_, at) => `w${at.toString(36)}`).join(' ')],
])('2 MB of %s are taken in without keeping the event loop busy', async (_what, text) => {
  const folder = await mkdtemp(join(tmpdir(), 'reeve-slices-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'a.md'), text)
  const knowledge = new Knowledge(await openMemory())
  // Time of this thread's own, which others on the machine do not take.
  expect(await longestStretch(knowledge.ingest(folder))).toBeLessThan(100)
})

test('a table that is read in slices has its head in each passage, and a list its lead-in', () => {
  const rows = Array.from({ length: 10_000 }, (_, at) => `| order ${at} | paid |`)
  const table = `| order | state |\n|---|---|\n${rows.join('\n')}`
  const passages = splitDocument({ id: 'a', scope: '', source: 'a', text: table })
  expect(passages.length).toBeGreaterThan(100)
  expect(passages.every(({ text }) => text.startsWith('| order | state |\n|---|---|\n| order '))).toBe(true)
  const items = Array.from({ length: 10_000 }, (_, at) => `- item ${at}`)
  const list = splitDocument({
    id: 'a',
    scope: '',
    source: 'a',
    text: `These are free:\n\n${items.join('\n')}`,
  })
  expect(list.every(({ text }) => text.startsWith('These are free:\n'))).toBe(true)
})
