import { expect, onTestFinished, test } from 'vitest'
import { LetterReader } from '../../../src/triggers/letters/read-letter.ts'

const from = 'From: a@example.com\r\nSubject: hello\r\n'
const parts = (count: number, part: string) =>
  `${from}Content-Type: multipart/mixed; boundary=b\r\n\r\n${`--b\r\n${part}\r\n`.repeat(count)}--b--\r\n`
const attachment = 'Content-Type: application/zip\r\nContent-Disposition: attachment; filename=a.zip\r\n\r\nx'

const bombs: [string, () => string][] = [
  ['hundreds of thousands of attachments', () => parts(200_000, attachment)],
  ['millions of empty lines', () => `${from}\r\n${'\n'.repeat(20_000_000)}`],
  ['millions of words in references', () => `${from}References: ${'<a@b> '.repeat(2_000_000)}\r\n\r\nhi`],
  [
    'parts that nobody closes',
    () => `${from}Content-Type: multipart/mixed; boundary=b\r\n\r\n${'--b\r\n'.repeat(2_000_000)}`,
  ],
  [
    'elements that nobody closes',
    () => `${from}Content-Type: text/html\r\n\r\n${'<p><a><b>'.repeat(500_000)}`,
  ],
  ['a hundred thousand recipients', () => `To: ${'x@example.com, '.repeat(100_000)}\r\n${from}\r\nhi`],
]

/** Some take all the time that a letter is given: `npm run test:connectors email` looks at those, too. */
const isWhole = process.env.CONNECTORS !== undefined
const some = isWhole ? bombs : bombs.slice(-1)

test.each(some)('a letter of %s keeps nobody waiting', async (_name, letter) => {
  const reader = new LetterReader()
  onTestFinished(() => reader.close())
  const read = await reader.read(Buffer.from(letter())).then(
    ({ attachments, text, to, references }) => ({
      attachments: attachments.length,
      characters: text.length,
      to: to.length,
      references: references.length,
    }),
    (error: Error) => error.message,
  )
  if (typeof read === 'object') {
    expect(read.attachments).toBeLessThanOrEqual(100)
    expect(read.characters).toBeLessThanOrEqual(200_000)
    expect(read.to).toBeLessThanOrEqual(200)
    expect(read.references).toBeLessThanOrEqual(50)
  } else expect(read).toMatch(/letter/)
  expect(await reader.read(Buffer.from(`${from}\r\nstill here`))).toMatchObject({
    text: expect.stringContaining('still here'),
  })
})
