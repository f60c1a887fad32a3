import { expect, test } from 'vitest'
import { inertText } from '../src/base/text/inert-text.ts'

test.each([
  ['<!channel> <@U123> @here @everyone', '＜!channel＞ ＜(at)U123＞ (at)here (at)everyone'],
  ['see https://evil.test/a?b=c', 'see https(:)//evil(.)test/a?b=c'],
  ['<https://evil.test|Sign in>', '＜https(:)//evil(.)test｜Sign in＞'],
  ['[Sign in](http://1.2.3.4)', '［Sign in］(http(:)//1.2.3.4)'],
  [
    'www.evil.test and evil。test and mailto:a@b.test',
    'www(.)evil(.)test and evil(.)test and mailto(:)a(at)b(.)test',
  ],
  ['**bold** _it_ `code` ~x~ # head', '＊＊bold＊＊ ＿it＿ ｀code｀ ～x～ ＃ head'],
  ['<b onclick=x>&lt;', '＜b onclick=x＞＆lt;'],
  ['pay\u202e\u2066\u200b\u00ad\ufe0f\u3164\u{e0041} now', 'pay now'],
  ['a\n\n# b\r\n\u2028> c\u0000\u001b[31m', 'a ＃ b ＞ c ［31m'],
  ['h\u0301\u0301\u0301\u0301\u0301\u0301i', 'h\u0301\u0301\u0301i'],
  ['half \ud800 of one', 'half \ufffd of one'],
  [
    'Order HB-20431 is late. Please help! 12:30, $5.50 (20%)',
    'Order HB-20431 is late. Please help! 12:30, $5.50 (20%)',
  ],
])('%j does nothing where it is shown', (text, inert) => {
  expect(inertText(text)).toBe(inert)
})

test('a long text is cut between characters, and says so', () => {
  expect(inertText('😀'.repeat(600))).toBe(`${'😀'.repeat(499)}…`)
  expect(inertText('abcdef', { maxLength: 4 })).toBe('abc…')
  expect(inertText('', { maxLength: 4 })).toBe('')
})

test('its work is linear in the text', () => {
  for (const piece of ['\n ', '<', '@a.', '.a', '\u0301', '\u200b', 'mailto:', '://']) {
    const begun = process.threadCpuUsage()
    inertText(piece.repeat(1_000_000))
    expect(process.threadCpuUsage(begun).user / 1000).toBeLessThan(100)
  }
})
