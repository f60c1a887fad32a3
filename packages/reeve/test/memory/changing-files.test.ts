import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { DocumentReader } from '../../src/memory/ingest/document-reader.ts'
import { Knowledge } from '../../src/memory/knowledge.ts'
import { openMemory } from './memory-harness.ts'

test('a file that changes while it is read is told of, keeps what it held, and is read again the next time', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-changing-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'fees.html')
  writeFileSync(file, 'The fee is five euros.')
  let meanwhile = () => {}
  let says = 'The fee is five euros.'
  const reader: DocumentReader = {
    read: async () => {
      meanwhile()
      return { text: says, places: { unit: 'line', of: [1] } }
    },
  }
  const memory = await openMemory()
  const knowledge = new Knowledge(memory, undefined, reader)
  expect(await knowledge.ingest(folder)).toMatchObject({ added: 1, problems: [] })
  says = 'The fee is six'
  meanwhile = () => appendFileSync(file, ' Half of a change')
  const torn = await knowledge.ingest(folder)
  expect(torn.problems).toEqual([
    { where: 'fees.html', problem: 'changed while it was read; it is read again the next time' },
  ])
  const fee = async () => (await memory.recall('fee', { limit: 1 })).passages[0]?.text
  expect(await fee()).toBe('The fee is five euros.')
  says = 'The fee is six euros.'
  meanwhile = () => {}
  expect(await knowledge.ingest(folder)).toMatchObject({ changed: 1, problems: [] })
  expect(await fee()).toBe('The fee is six euros.')
})

test('of two that amend what both looked at one is told that it has changed, and nothing of theirs is mixed', async () => {
  const memory = await openMemory()
  const origin = { id: 'fee', run: 'r1', step: 1, at: memory.clock.now() }
  await memory.keep(await memory.prepare('The fee is five euros.', { scope: 'fees' }, origin))
  const change = (run: string, text: string) =>
    memory.amend('fee', text, { by: run, why: 'a letter' }, { from: 1, run, step: 1 })
  const both = await Promise.allSettled([change('r2', 'The fee is six.'), change('r3', 'The fee is ten.')])
  const refused = both.filter((one) => one.status === 'rejected')
  expect(refused).toHaveLength(1)
  expect(refused[0]!.reason).toMatchObject({
    code: 'memory-changed',
    message: expect.stringContaining('has version 2 by now'),
  })
  expect((await memory.history('fee')).map(({ version }) => version)).toEqual([1, 2])
})

test('what will be known is no question: a time to come is refused', async () => {
  const memory = await openMemory()
  const asOf = memory.clock.now() + 86_400_000
  await expect(memory.recall('fee', { asOf })).rejects.toMatchObject({ code: 'bad-option' })
})
