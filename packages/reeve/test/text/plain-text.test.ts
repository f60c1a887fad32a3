import { describe, expect, test } from 'vitest'
import { blocksOf, sentencesOf, withoutMarks } from '../../src/text/plain-text.ts'

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

test('what Markdown makes a heading or code is quoted nowhere, and the end of a table is', () => {
  expect(
    blocksOf('Fees\n====\nPay once.\n- one\n  ```\n  const a = 1\n  ```\n| a |\n|---|\n| 1 |\nafter'),
  ).toEqual(['Pay once.', 'one', 'after'])
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
