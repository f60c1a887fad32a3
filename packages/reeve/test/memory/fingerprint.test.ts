import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { sha256 } from '../../src/base/hash.ts'
import { createKnowledge } from '../../src/memory/recall.ts'
import { Fingerprint } from '../../src/memory/search/fingerprint.ts'

test('the fingerprint of more documents than one text could name is made, and a change of one is cheap', () => {
  const fingerprint = new Fingerprint()
  const reversed = new Fingerprint()
  const hash = sha256('the same text')
  const many = 400_000
  for (let index = 0; index < many; index++) fingerprint.set(`doc-${index}`, hash)
  for (let index = many - 1; index >= 0; index--) reversed.set(`doc-${index}`, hash)
  const whole = fingerprint.value()
  expect(reversed.value()).toBe(whole)
  fingerprint.set('doc-7', sha256('another'))
  expect(fingerprint.value()).not.toBe(whole)
  fingerprint.set('doc-7', hash)
  expect(fingerprint.value()).toBe(whole)
  fingerprint.delete('doc-7')
  expect(fingerprint.value()).not.toBe(whole)
  fingerprint.delete('never there')
  fingerprint.set('doc-7', hash)
  expect(fingerprint.value()).toBe(whole)
})

test('ids and hashes that run into each other have fingerprints of their own', () => {
  const of = (...documents: [string, string][]) => {
    const fingerprint = new Fingerprint()
    for (const [id, hash] of documents) fingerprint.set(id, hash)
    return fingerprint.value()
  }
  expect(of(['a', 'b'])).not.toBe(of(['b', 'a']))
  expect(of(['a","b', 'c'])).not.toBe(of(['a', 'b","c']))
  expect(of()).not.toBe(of(['', '']))
})

test('a recall waits for the knowledge that is being read; what aborts the reading ends it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'reeve-reading-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const lines = Array.from(
    { length: 500 },
    (_, index) => `{"id":"doc-${index}","content":"Fact ${index}."}\n`,
  )
  await writeFile(join(folder, 'docs.jsonl'), lines.join(''))
  const knowledge = createKnowledge()
  const reading = knowledge.ingest(folder)
  const { passages, audit } = await knowledge.recall('fact 499')
  expect(passages[0]!.text).toBe('Fact 499.')
  expect(audit.knowledge).toBe(knowledge.fingerprint())
  await reading

  const stopped = new AbortController()
  stopped.abort(new Error('stopped'))
  const given = createKnowledge()
  await expect(given.ingest(folder, stopped.signal)).rejects.toThrow('stopped')
  expect((await given.recall('fact 1')).passages).toEqual([])
})
