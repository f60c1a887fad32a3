import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { Knowledge } from '../../src/memory/knowledge.ts'
import { readMail } from '../../src/tools/documents/formats/mail.ts'
import { DocumentProcess } from '../../src/tools/documents/read-document.ts'
import { openMemory } from './memory-harness.ts'

const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'))
const utf8 = (text: string) => Buffer.from(text).toString('latin1')
const from = 'From: Ada <ada@example.com>\nSubject: Parcel 7\n'

/** Messages as they come: what each says that was meant for a person, or why it is refused. */
const messages: Record<string, [mail: string, says: string | { refused: string }]> = {
  'no header and no body': ['\r\n\r\n', { refused: 'not an email' }],
  'a header that never ends its line': [`${from}X-Long: ${'a'.repeat(5_000)}`, 'Parcel 7'],
  'a boundary that its parts do not use': [
    `${from}Content-Type: multipart/mixed; boundary=a\n\n--b\n\nWhere is it?\n--b--\n`,
    'Parcel 7',
  ],
  'a boundary of nothing': [
    `${from}Content-Type: multipart/mixed; boundary=""\n\n--\n\nWhere is it?\n----\n`,
    'Parcel 7',
  ],
  'no boundary at all': [`${from}Content-Type: multipart/mixed\n\nWhere is it?\n`, 'Parcel 7'],
  'an end before its beginning': [
    `${from}Content-Type: multipart/mixed; boundary=a\n\n--a--\n--a\n\nWhere is it?\n`,
    'Parcel 7',
  ],
  'parts that do not end': [
    `${from}Content-Type: multipart/mixed; boundary=a\n\n--a\n\nWhere is it?\n--a\nContent-Type: text/plain\n`,
    'Where is it?',
  ],
  'a boundary within a boundary of the same name': [
    `${from}Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/mixed; boundary=a\n\n--a\n\nWhere is it?\n--a--\n--a--\n`,
    'Where is it?',
  ],
  'a boundary that is the beginning of another': [
    `${from}Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/mixed; boundary=ab\n\n--ab\n\nWhere is it?\n--ab--\n--a--\n`,
    'Where is it?',
  ],
  'line ends of three kinds': [
    `From: ada@example.com\r\nSubject: Parcel 7\nX: y\r\n\r\nWhere\ris\r\nit?\n`,
    'Parcel 7',
  ],
  'base64 that is none': [
    `${from}Content-Transfer-Encoding: base64\n\nV2hlcmUgaXMgaXQ/ !!! ===\n`,
    'Where is it?',
  ],
  'quoted-printable cut in the middle': [
    `${from}Content-Transfer-Encoding: quoted-printable\n\nWhere is=20it?=\n=3`,
    'Where is it?',
  ],
  'an encoding that nobody knows': [
    `${from}Content-Transfer-Encoding: x-none\n\nWhere is it?\n`,
    'Where is it?',
  ],
  'a charset that nobody knows': [
    `${from}Content-Type: text/plain; charset=klingon\n\nWhere is it?\n`,
    'Where is it?',
  ],
  'Latin 1 that says so': [
    `${from}Content-Type: text/plain; charset=iso-8859-1\n\nS\xe3o Paulo\n`,
    'São Paulo',
  ],
  'UTF-8 that says it is ASCII': [
    `${from}Content-Type: text/plain; charset=us-ascii\n\n${utf8('Where is it, José?')}\n`,
    'Where is it, Jos',
  ],
  'encoded words that do not end': [
    `From: =?utf-8?q?Ada <ada@example.com>\nSubject: =?utf-8?b?UGFy\n\nHello\n`,
    'Hello',
  ],
  'a mail within a mail within a mail': [
    `${from}Content-Type: message/rfc822\n\nSubject: in\nContent-Type: message/rfc822\n\nSubject: deep\n\nWhere is it?\n`,
    'Parcel 7',
  ],
  'a name of a file with a path in it': [
    `${from}Content-Type: multipart/mixed; boundary=a\n\n--a\n\nSee there.\n--a\nContent-Type: text/x; name="../../etc/passwd"\n\nx\n--a--\n`,
    'See there.',
  ],
  'a page and no text': [
    `${from}Content-Type: text/html\n\n<p>Where is it?<script>alert(1)</script>\n`,
    'Where is it?',
  ],
  'a date and a sender that are none': [
    `From: @@@\nDate: Soon\nSubject: Parcel 7\n\nWhere is it?\n`,
    'Where is it?',
  ],
  'headers alone': [`${from}`, 'Parcel 7'],
}

test.each(Object.entries(messages))('%s: read, or refused with a reason', async (_name, [mail, says]) => {
  const reading = readMail(bytes(mail)).then(({ title, text }) => `${title}\n${text}`)
  if (typeof says === 'string') expect(await reading).toContain(says)
  else await expect(reading).rejects.toThrow(says.refused)
})

test('a mail that holds what no database keeps costs nobody else their place', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-mail-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const put = (name: string, text: string) => writeFileSync(join(folder, name), bytes(text))
  put('a.eml', 'Subject: =?utf-8?q?Parcel=00 7?=\n\nWhere=\0 is\x07 it?\n')
  put(
    'b.jsonl',
    '{"id":"b","content":"NUL \\u0000"}\n{"id":"c","content":"half \\ud800"}\n{"id":"d","content":"The fee is five."}\n',
  )
  put('c.eml', `${from}\nWhere is parcel seven?\n`)
  const memory = await openMemory()
  const reader = new DocumentProcess()
  onTestFinished(() => reader.close())
  const report = await new Knowledge(memory, undefined, reader).ingest(folder)
  expect(report).toMatchObject({ added: 3 })
  expect(report.problems.map(({ problem }) => problem)).toEqual([
    expect.stringContaining('"b" holds NUL or half of a pair'),
    expect.stringContaining('"c" holds NUL or half of a pair'),
  ])
  const { passages } = await memory.recall('parcel', { limit: 5 })
  expect(passages.map(({ source }) => source).sort()).toEqual(['a.eml', 'c.eml'])
})
