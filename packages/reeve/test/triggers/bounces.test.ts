import { expect, onTestFinished, test } from 'vitest'
import { readBounce } from '../../src/triggers/letters/bounce.ts'
import { LetterReader } from '../../src/triggers/letters/read-letter.ts'

const report = (...fields: string[]) => `Reporting-MTA: dns; mx.test\r\n\r\n${fields.join('\r\n')}\r\n`

test.for([
  ['nothing', '', undefined],
  ['a letter that arrived', report('Final-Recipient: rfc822; a@b.test', 'Action: delivered'), undefined],
  ['no recipient', report('Action: failed', 'Status: 5.1.1'), undefined],
  [
    'a failure, its reason over two lines',
    report(
      'Final-Recipient: RFC822;a@b.test',
      'ACTION: Failed',
      'Status: 5.1.1 (no)',
      'Diagnostic-Code: smtp; 550',
      ' not here',
    ),
    { action: 'failed', recipient: 'a@b.test', status: '5.1.1', reason: '550 not here', messageId: '<m@x>' },
  ],
  [
    'the second of two recipients',
    `${report('Final-Recipient: rfc822; a@b.test', 'Action: relayed')}\r\nOriginal-Recipient: c@d.test\r\nAction: delayed\r\nStatus: none`,
    { action: 'delayed', recipient: 'c@d.test', status: null, reason: null, messageId: '<m@x>' },
  ],
] as const)('a report on delivery: %s', ([, text, bounce]) => {
  expect(readBounce(text, 'Subject: x\r\nMessage-ID: <m@x>\r\n\r\nMessage-ID: <other@x>')).toEqual(bounce)
})

test('a letter says whether a machine wrote it, and whether only its beginning was read', async () => {
  const letters = new LetterReader()
  onTestFinished(() => letters.close())
  const read = (lines: string[], isPartial = false) => {
    return letters.read(Buffer.from(['From: a@b.test', ...lines].join('\r\n')), isPartial)
  }
  expect(await read(['', 'hello'])).toMatchObject({ isAutomatic: false, isPartial: false, bounce: null })
  expect(await read(['Auto-Submitted: no', '', ''])).toMatchObject({ isAutomatic: false })
  for (const header of [
    'Auto-Submitted: auto-replied',
    'Precedence: bulk',
    'List-Id: <x.test>',
    'Return-Path: <>',
  ])
    expect(await read([header, '', ''])).toMatchObject({ isAutomatic: true })
  const cut = [
    'Content-Type: multipart/mixed; boundary=b',
    '',
    '--b',
    '',
    'hello',
    '--b',
    'Content-Type: application/pdf',
    '',
    'abc',
  ]
  expect(await read(cut, true)).toMatchObject({
    text: expect.stringContaining('hello'),
    isPartial: true,
    attachments: [{ mimeType: 'application/pdf' }],
  })
})
