import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readInbox } from '../ingest/read-inbox.ts'
import type { Reading } from '../ingest/ticket.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bombs-'))
})
afterEach(() => rm(folder, { recursive: true }))

const from = 'From: a@example.com\r\nSubject: hello\r\n'
const html = (text: string) => `${from}Content-Type: text/html\r\n\r\n${text}`
const headers = (count: number) => Array.from({ length: count }, (_, index) => `X-${index}: y\r\n`).join('')
const nested = (depth: number) =>
  Array.from(
    { length: depth },
    (_, at) => `Content-Type: multipart/mixed; boundary=b${at}\r\n\r\n--b${at}\r\n`,
  ).join('')

// Each kept the process that read it busy for seconds, or filled its memory.
const refused: [string, string, string][] = [
  ['line feeds', '\n'.repeat(2_900_000), 'lines'],
  ['line feeds in the body', `${from}\r\n${'\n'.repeat(2_900_000)}`, 'lines'],
  ['nested elements', html('<div>'.repeat(200_000)), 'nested more than 5000 deep'],
  ['elements that nobody closes', html('<p><a><b>'.repeat(100_000)), 'nested more than 5000 deep'],
  ['comments that nobody closes', html('<!--'.repeat(171_000)), '100000 tags'],
  ['angle brackets', html('<'.repeat(1_000_000)), '100000 tags'],
  ['headers', `${from}${headers(100_000)}\r\nhi`, 'headers have'],
  ['a long header', `${from}X: ${'a '.repeat(2_000_000)}\r\n\r\nhi`, 'headers have'],
  ['nested parts', `${from}${nested(400)}\r\nhi`, 'nesting depth'],
  [
    'parts',
    `${from}Content-Type: multipart/mixed; boundary=b\r\n\r\n${'--b\r\nContent-Type: text/plain\r\n\r\nx\r\n'.repeat(50_000)}`,
    '1000 parts',
  ],
]
const read: [string, string][] = [
  ['blank lines', `${from}\r\n${'\r\n'.repeat(100_000)}hi`],
  ['comments', html(`${'<!---->'.repeat(40_000)}hi`)],
  ['attributes', html(`<p ${'a=1 '.repeat(100_000)}>hi`)],
  ['entities', html(`hi ${'&amp;'.repeat(100_000)}`)],
  ['encoded words', `From: a@example.com\r\nSubject: ${'=?utf-8?Q?a?= '.repeat(16_000)}\r\n\r\nhi`],
  [
    'encoded words that nobody ends',
    `From: a@example.com\r\nSubject: ${'=?utf-8?B?'.repeat(25_000)}\r\n\r\nhi`,
  ],
  [
    'soft line breaks',
    `${from}Content-Transfer-Encoding: quoted-printable\r\n\r\nhi${'=\r\n'.repeat(100_000)}`,
  ],
  ['base64 of odd length', `${from}Content-Transfer-Encoding: base64\r\n\r\n${'A'.repeat(500_001)}`],
  ['angle brackets in an address', `From: ${'<'.repeat(100_000)}\r\n\r\nhi`],
  ['an mbox line', `From x\n${from}\r\n${'>'.repeat(200_000)}\nhi`],
]

test('mail made to be expensive is refused or read, each says why, and nothing else waits for it', async () => {
  const all = [...refused, ...read]
  for (const [index, [, text]] of all.entries()) {
    await writeFile(join(folder, `${String(index).padStart(2, '0')}.eml`), text)
  }
  const readings: Reading[] = []
  // Work of this process, not time, which others on the machine take as well.
  const worked: number[] = []
  let last = process.cpuUsage()
  for await (const reading of readInbox(folder)) {
    const { user, system } = process.cpuUsage(last)
    worked.push((user + system) / 1000)
    last = process.cpuUsage()
    readings.push(reading)
  }
  expect(readings).toHaveLength(all.length)
  for (const [index, [name, , why]] of refused.entries()) {
    expect([name, readings[index]]).toMatchObject([
      name,
      { ok: false, problem: expect.stringContaining(why) },
    ])
  }
  for (const [index, [name]] of read.entries()) {
    expect([name, readings[refused.length + index]]).toMatchObject([name, { ok: true }])
  }
  // A process that is started anew takes its part; the parser takes none.
  expect(worked.sort((a, b) => a - b).at(Math.floor(worked.length / 2))).toBeLessThan(100)
})

test('HTML that is a bomb does not hide the plain part beside it', async () => {
  const parts = [
    'Content-Type: text/plain\r\n\r\nWhere is my order?',
    `Content-Type: text/html\r\n\r\n${'<i>'.repeat(90_000)}`,
  ]
  const body = parts.map((part) => `--b\r\n${part}\r\n`).join('')
  const path = join(folder, 'both.eml')
  await writeFile(path, `${from}Content-Type: multipart/alternative; boundary=b\r\n\r\n${body}--b--`)
  for await (const reading of readInbox(path)) {
    expect(reading).toMatchObject({
      ticket: {
        body: 'Where is my order?',
        notes: expect.arrayContaining([expect.stringContaining('suspicious: the HTML was not read')]),
      },
    })
  }
})
