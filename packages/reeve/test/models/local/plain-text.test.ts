import { describe, expect, test } from 'vitest'
import { blocksOf, sentencesOf, withoutMarks } from '../../../src/models/local/text/plain-text.ts'
import { termsOf } from '../../../src/models/local/text/terms.ts'

describe('blocksOf', () => {
  test('keeps paragraphs and list items, on one line each', () => {
    const markdown =
      '# Title\n\nFirst line\nsecond line.\n\n- one\n  still one\n- two\n\n1) three\nafter the list\n> quoted\n'
    expect(blocksOf(markdown)).toEqual([
      'First line second line.',
      'one still one',
      'two',
      'three',
      'after the list quoted',
    ])
  })

  test('leaves out code, tables and rules', () => {
    expect(blocksOf('before\n```js\nconst a = 1\n```\n| a | b |\n|---|---|\n***\nafter')).toEqual([
      'before',
      'after',
    ])
  })
})

describe('withoutMarks', () => {
  test.each([
    ['**bold** and *slanted*, ***both***', 'bold and slanted, both'],
    ['see [the page](https://example.com/x) ![logo](a.png)now', 'see the page now'],
    ['call `open_account` with snake_case_name', 'call open_account with snake_case_name'],
    ['_so_ and __so__', 'so and so'],
    ['~~gone~~ 3 \\* 4 <br/>5', 'gone 3 * 4 5'],
    ['2 * 3 * 4 < 5', '2 * 3 * 4 < 5'],
    [' many \t spaces ', 'many spaces'],
  ])('turns %s into %s', (line, plain) => {
    expect(withoutMarks(line)).toBe(plain)
  })
})

describe('sentencesOf', () => {
  test('splits at the ends of sentences only', () => {
    expect(
      sentencesOf(
        'Pay $4.99, e.g. by card. Is it "free?" No! Ask Dr. Lee or J. Doe at 5 p.m. today. (Really.) Yes',
      ),
    ).toEqual([
      'Pay $4.99, e.g. by card.',
      'Is it "free?"',
      'No!',
      'Ask Dr. Lee or J. Doe at 5 p.m. today.',
      '(Really.)',
      'Yes',
    ])
  })

  test('splits scripts without spaces', () => {
    expect(sentencesOf('届きません。いつですか？')).toEqual(['届きません。', 'いつですか？'])
  })
})

describe('termsOf', () => {
  test('folds endings and leaves out words without meaning', () => {
    expect(termsOf('The refunds, refunded and REFUNDING a refund')).toEqual([
      'refund',
      'refund',
      'refund',
      'refund',
    ])
    expect(new Set(termsOf('deliveries delivery'))).toEqual(new Set(['delivery']))
    expect(new Set(termsOf('charge charges charged charging'))).toEqual(new Set(['charg']))
    expect(termsOf("I haven't and I haven’t")).toEqual([])
  })

  test('reads a script without spaces as pairs of characters', () => {
    expect(termsOf('返金方法')).toEqual(['返金', '金方', '方法'])
  })
})
