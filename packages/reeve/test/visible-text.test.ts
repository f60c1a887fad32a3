import { expect, test } from 'vitest'
import {
  lookAlikesIn,
  unseenIn,
  visibleJson,
  visibleLine,
  visibleText,
} from '../src/base/text/visible-text.ts'

const esc = String.fromCharCode(27)

test.each([
  ['a soft hyphen', 'pa\u00ady', 'pa\\u{ad}y'],
  ['a tag character', 'a\u{e0041}', 'a\\u{e0041}'],
  ['a variation selector', 'x\ufe0f', 'x\\u{fe0f}'],
  ['a far variation selector', 'x\u{e0101}', 'x\\u{e0101}'],
  ['Hangul and other fillers', '\u3164\u115f\uffa0\u2800', '\\u{3164}\\u{115f}\\u{ffa0}\\u{2800}'],
  ['joiners', 'a\u200d\u200cb', 'a\\u{200d}\\u{200c}b'],
  ['zero width space and no-break', 'a\u200b\ufeff\u2060', 'a\\u{200b}\\u{feff}\\u{2060}'],
  ['bidi overrides and isolates', '\u202ea\u2067b\u2069\u061c', '\\u{202e}a\\u{2067}b\\u{2069}\\u{61c}'],
  ['annotations', '\ufff9a\ufffab\ufffb', '\\u{fff9}a\\u{fffa}b\\u{fffb}'],
  ['a carriage return', 'pay Ann\rpay Bob', 'pay Ann\\u{d}pay Bob'],
  ['an escape sequence', `${esc}[2J`, '\\u{1b}[2J'],
  ['a C1 control', '\u009b31m', '\\u{9b}31m'],
  ['separators', 'a\u2028b\u2029', 'a\\u{2028}b\\u{2029}'],
  ['spaces that are none', 'a\u00a0b\u2003c\u3000', 'a\\u{a0}b\\u{2003}c\\u{3000}'],
  ['private and unassigned', '\ue000\u0378', '\\u{e000}\\u{378}'],
  ['half a pair', 'a\ud83d', 'a\\u{d83d}'],
  ['a flood of marks', `a${'\u0301'.repeat(6)}`, `a${'\u0301'.repeat(4)}\\u{301}\\u{301}`],
  ['a mark on nothing', '\u0301x', '\\u{301}x'],
  ['a stroke over a digit', '1\u03360', '1\\u{336}0'],
])('what a reader would not see is written out: %s', (_what, text, shown) => {
  expect(visibleText(text)).toBe(shown)
  expect(visibleLine(text)).toBe(shown)
  expect(JSON.parse(visibleJson({ text }))).toEqual({ text })
})

test.each(['Việt Nam', 'e\u0301', 'שלום', '日本語', 'हिन्दी', '👍🏽', 'Straße 10 €', 'a\nb'])(
  'what is seen stays as it is: %s',
  (text) => {
    expect(visibleText(text)).toBe(text)
    expect(unseenIn(text)).toEqual([])
  },
)

test('JSON for programs has nothing that drives a terminal, and says the same', () => {
  const value = { [`${esc}[31m`]: 'a\u{e0041}\u202e' }
  const json = visibleJson(value)
  expect(json).toMatch(/^[\x20-\x7e]*$/)
  expect(JSON.parse(json)).toEqual(value)
})

test('words that can be taken for others are named, with why', () => {
  const text =
    'Pay \u0430lice@example.com, not alice@example.com; see münchen.de, \uff50aypal, Öl, \u0438\u0432\u0430\u043d'
  expect(lookAlikesIn(text)).toEqual([
    { word: '\u0430lice@example.com', why: 'mixes Latin and Cyrillic letters' },
    { word: 'münchen.de', why: 'has letters beyond ASCII in an address: \\u{fc}' },
    { word: '\uff50aypal', why: 'only looks like "paypal"' },
  ])
})
