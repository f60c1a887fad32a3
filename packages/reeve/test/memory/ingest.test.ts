import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readKnowledge } from '../../src/memory/ingest/ingest.ts'
import type { KnowledgeReading } from '../../src/memory/ingest/read-file.ts'
import { maxLineBytes } from '../../src/memory/ingest/read-lines.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reeve-knowledge-'))
})

afterEach(() => rm(folder, { recursive: true, force: true }))

async function write(path: string, content: string | Uint8Array): Promise<string> {
  const file = join(folder, path)
  await mkdir(join(file, '..'), { recursive: true })
  await writeFile(file, content)
  return file
}

async function read(path = folder): Promise<KnowledgeReading[]> {
  const readings: KnowledgeReading[] = []
  for await (const reading of readKnowledge(path)) readings.push(reading)
  return readings
}

describe('reading a folder', () => {
  test('text files come in the order of their names, with their folder as scope', async () => {
    await write('policy/billing/refunds.md', '# Refunds')
    await write('policy/Terms.TXT', 'Terms')
    await write('about.md', 'About')
    await write('policy/logo.png', 'no text')
    await write('.git/notes.md', 'hidden')
    expect(await read()).toEqual([
      {
        ok: true,
        file: 'about.md',
        document: { id: 'about.md', scope: '', text: 'About', source: 'about.md' },
      },
      {
        ok: true,
        file: 'policy/Terms.TXT',
        document: { id: 'policy/Terms.TXT', scope: 'policy', text: 'Terms', source: 'policy/Terms.TXT' },
      },
      {
        ok: true,
        file: 'policy/billing/refunds.md',
        document: {
          id: 'policy/billing/refunds.md',
          scope: 'policy/billing',
          text: '# Refunds',
          source: 'policy/billing/refunds.md',
        },
      },
    ])
  })

  test('files that are no text are reported, and the rest is read', async () => {
    await write('a.md', new Uint8Array([0xff, 0xfe, 0x00]))
    await write('b.md', '  \n')
    await write('c.md', Buffer.alloc(17 * 1024 * 1024, 'x'))
    await write('d.md', 'good')
    const readings = await read()
    expect(readings.map((reading) => (reading.ok ? reading.document.text : reading.where))).toEqual([
      'a.md',
      'b.md',
      'c.md',
      'good',
    ])
    expect(readings[0]).toMatchObject({ problem: expect.stringContaining('UTF-8') })
    expect(readings[2]).toMatchObject({ problem: expect.stringContaining('split it') })
  })

  test('symbolic links are reported and not followed, out of the folder or in a circle', async () => {
    const outside = await mkdtemp(join(tmpdir(), 'reeve-outside-'))
    try {
      await writeFile(join(outside, 'secret.md'), 'secret')
      await symlink(join(outside, 'secret.md'), join(folder, 'file.md'))
      await symlink(outside, join(folder, 'folder'))
      await symlink(folder, join(folder, 'self'))
      const readings = await read()
      expect(readings.map((reading) => (reading.ok ? 'read' : reading.where))).toEqual([
        'file.md',
        'folder',
        'self',
      ])
    } finally {
      await rm(outside, { recursive: true })
    }
  })

  test('folders nested beyond reason are reported', async () => {
    await write(`${'d/'.repeat(40)}deep.md`, 'deep')
    const [reading] = await read()
    expect(reading).toMatchObject({ ok: false, problem: expect.stringContaining('folders deep') })
  })
})

describe('reading lines of JSON', () => {
  test('each line is a document; broken ones are reported by file and line', async () => {
    const file = await write(
      'docs.jsonl',
      [
        '{"id":"one","title":"One","content":"First.","scope":"/policy//billing/"}',
        '',
        '{"id":"two"',
        '{"id":"three","content":""}',
        '{"content":"no id"}',
        '[1]',
        '{"id":"four","content":"x","title":7}',
        '{"id":"five","content":"x","scope":7}',
        '{"id":"six","title":null,"content":"Last, without a line end."}',
      ].join('\r\n'),
    )
    const readings = await read(file)
    expect(readings.flatMap((reading) => (reading.ok ? [reading.document] : []))).toEqual([
      {
        id: 'one',
        title: 'One',
        text: 'First.',
        scope: 'policy/billing',
        source: 'docs.jsonl#one',
        places: { unit: 'line', of: [1] },
      },
      {
        id: 'six',
        text: 'Last, without a line end.',
        scope: '',
        source: 'docs.jsonl#six',
        places: { unit: 'line', of: [9] },
      },
    ])
    expect(readings.flatMap((reading) => (reading.ok ? [] : [reading.where]))).toEqual([
      'docs.jsonl:3',
      'docs.jsonl:4',
      'docs.jsonl:5',
      'docs.jsonl:6',
      'docs.jsonl:7',
      'docs.jsonl:8',
    ])
  })

  test('a line longer than allowed is passed over; characters across chunks stay whole', async () => {
    const long = 'é'.repeat(300_001)
    const file = await write(
      'docs.jsonl',
      `${JSON.stringify({ id: 'a', content: long })}\n${'x'.repeat(maxLineBytes + 1)}\n{"id":"b","content":"end"}\n`,
    )
    const readings = await read(file)
    expect(readings).toHaveLength(3)
    expect(readings[0]).toMatchObject({ ok: true, document: { text: long } })
    expect(readings[1]).toMatchObject({ ok: false, where: 'docs.jsonl:2' })
    expect(readings[2]).toMatchObject({ ok: true, document: { id: 'b' } })
  })
})

test('a path that cannot be knowledge is refused', async () => {
  await expect(read(join(folder, 'missing'))).rejects.toMatchObject({ code: 'no-knowledge' })
  await expect(read(await write('a.docx', 'zip'))).rejects.toMatchObject({ code: 'no-knowledge' })
})
