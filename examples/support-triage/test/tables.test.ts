import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readInbox } from '../ingest/read-inbox.ts'
import { readLabelled } from '../ingest/train-set.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reeve-tables-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, text)
  return path
}

/** Texts of good rows and `line: problem` of bad ones, in their order. */
async function readAll(path: string): Promise<string[]> {
  const seen: string[] = []
  for await (const reading of readInbox(path)) {
    seen.push(reading.ok ? reading.ticket.body : `${reading.where.split(':').at(-1)}: ${reading.problem}`)
  }
  return seen
}

test('a broken CSV row is reported with its line, and no good row is lost', async () => {
  const rows = [
    'text,category',
    'first,a',
    '"never closed, b',
    '"quoted, ""yes""",c',
    'too,many,columns',
    '',
    'a "quote" inside,d',
    '"two',
    'lines",e',
    ',f',
    'another "open one,g',
    'last,h',
  ]
  expect(await readAll(await file('rows.csv', rows.join('\r\n')))).toEqual([
    'first',
    expect.stringMatching(/^3: not a row of CSV/),
    'quoted, "yes"',
    '5: this row has 3 columns, the header has 2',
    expect.stringMatching(/^7: not a row of CSV/),
    'two\nlines',
    '10: neither "text" nor "body" holds a text',
    '11: not a row of CSV: its quote is never closed',
    'last',
  ])
})

test('CSV with from, subject and body becomes tickets with stable ids', async () => {
  const path = await file('mails.csv', '\ufefffrom,subject,body\na@example.com,Hello,"Where, please?"\n')
  const ids: string[] = []
  for (let round = 0; round < 2; round++) {
    for await (const reading of readInbox(path)) {
      if (!reading.ok) throw new Error(reading.problem)
      const { id, ...ticket } = reading.ticket
      ids.push(id)
      expect(ticket).toEqual({
        from: 'a@example.com',
        subject: 'Hello',
        body: 'Where, please?',
        attachments: [],
        notes: [],
      })
    }
  }
  expect(ids).toHaveLength(2)
  expect(ids[0]).toBe(ids[1])
})

test('a broken line of JSON is reported with its line, and reading goes on', async () => {
  const path = await file(
    'in.jsonl',
    '{"text":"one","id":"t-1"}\n{"text":\n\n["a"]\n{"category":"x"}\n{"body":"two"}\n',
  )
  expect(await readAll(path)).toEqual([
    'one',
    expect.stringMatching(/^2: not a line of JSON/),
    '4: this line is JSON but not an object',
    '5: neither "text" nor "body" holds a text',
    'two',
  ])
})

test('an empty mail file is a fault, the mail after it is read', async () => {
  await file('1.eml', '')
  await file('2.eml', 'From: a@example.com\n\nhello')
  await file('notes.txt', 'not a mail')
  expect(await readAll(folder)).toEqual([expect.stringContaining('the file is empty'), 'hello'])
})

test('a path that is no inbox says what would be one', async () => {
  const path = await file('inbox.xlsx', 'x')
  await expect(readAll(path)).rejects.toThrow('give a folder of .eml files')
  await expect(readAll(join(folder, 'missing.csv'))).rejects.toThrow('ENOENT')
})

test('labelled rows carry label and urgency, and bad ones are reported', async () => {
  const path = await file(
    'train.jsonl',
    [
      '{"text":"a","category":"billing","urgency":5}',
      '{"text":"b","label":"sales"}',
      '{"text":" ","category":"sales"}',
      '{"text":"c"}',
      '{"text":"d","category":"sales","urgency":6}',
    ].join('\n'),
  )
  const seen: unknown[] = []
  for await (const each of readLabelled(path)) seen.push(each.ok ? each.row : each.problem)
  expect(seen).toEqual([
    { text: 'a', label: 'billing', urgency: 5 },
    { text: 'b', label: 'sales' },
    '"text" is missing or blank',
    '"category" is missing or blank',
    '"urgency" is 6; give a whole number from 1 to 5',
  ])
})

test('the shipped examples are all good, cover every label, and share no text with the inbox', async () => {
  const example = join(import.meta.dirname, '..')
  const counts = new Map<string, number>()
  const texts = new Set<string>()
  for await (const each of readLabelled(join(example, 'examples', 'labelled.jsonl'))) {
    if (!each.ok) throw new Error(`${each.where}: ${each.problem}`)
    texts.add(each.row.text)
    for (const key of [each.row.label, `urgency ${each.row.urgency}`])
      counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  expect(texts.size).toBeGreaterThanOrEqual(240)
  expect([...counts.keys()].sort()).toEqual([
    'billing',
    'sales',
    'technical',
    ...[1, 2, 3, 4, 5].map((urgency) => `urgency ${urgency}`),
  ])
  for await (const reading of readInbox(join(example, 'inbox'))) {
    if (reading.ok) expect(texts.has(reading.ticket.body)).toBe(false)
  }
})
