import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  findAmounts,
  findDates,
  findEmails,
  finderOf,
  findLinks,
} from '../../../src/models/local/text/patterns.ts'
import { boundedPattern } from '../../../src/text/bounded-pattern.ts'

const valuesOf = <T>(found: { value: T }[]): T[] => found.map(({ value }) => value)

describe('finding addresses', () => {
  test('finds e-mail addresses between other characters', () => {
    expect(valuesOf(findEmails('Write to <ann.lee+x@mail.example.co.uk>, or bob@example.com.'))).toEqual([
      'ann.lee+x@mail.example.co.uk',
      'bob@example.com',
    ])
  })

  test.each(['ann@localhost', '@example.com', 'ann@', 'ann@@example.com', 'a..b@example.com', 'ann@-x.com'])(
    'finds no e-mail address in %s',
    (text) => {
      expect(findEmails(text)).toEqual([])
    },
  )

  test('finds web addresses without the punctuation after them', () => {
    expect(valuesOf(findLinks('See https://example.com/a?b=1. Or (www.example.org), please!'))).toEqual([
      'https://example.com/a?b=1',
      'www.example.org',
    ])
  })
})

describe('finding amounts', () => {
  test.each([
    ['$12', 12, 'USD'],
    ['US$ 1,234.50', 1234.5, 'USD'],
    ['12,50 €', 12.5, 'EUR'],
    ['1.234,5 EUR', 1234.5, 'EUR'],
    ['EUR 1.234', 1234, 'EUR'],
    ['GBP20', 20, 'GBP'],
    ["CHF 1'000", 1000, 'CHF'],
    ['5 pounds', 5, 'GBP'],
    ['250 Dollars', 250, 'USD'],
    ['1,000,000 yen', 1_000_000, 'JPY'],
  ])('reads %s', (written, amount, currency) => {
    const text = `I paid ${written}, twice.`
    const [found, ...more] = findAmounts(text)
    expect(found).toEqual({ value: { amount, currency }, written, index: 7 })
    expect(more).toEqual([])
  })

  test.each([
    'in 20 days',
    'card 1234 5678',
    'for 12 people',
    'ABC 20',
    'THE 20',
    '20 eur-like',
    'version 1.2.3',
  ])('finds none in: %s', (text) => {
    expect(findAmounts(text)).toEqual([])
  })
})

describe('finding dates', () => {
  test.each([
    ['2026-05-01', '2026-05-01'],
    ['1 May 2026', '2026-05-01'],
    ['the 1st of May 2026', '2026-05-01'],
    ['May 1st, 2026', '2026-05-01'],
    ['Sept. 30, 2026', '2026-09-30'],
    ['01.05.2026', '2026-05-01'],
    ['13/05/2026', '2026-05-13'],
    ['05/13/2026', '2026-05-13'],
    ['29.02.2028', '2028-02-29'],
  ])('reads %s', (written, date) => {
    expect(valuesOf(findDates(`since ${written}.`))).toEqual([date])
  })

  test.each(['2026-02-30', '31.04.2026', '13/13/2026', '12345-05-01', 'May 2026', '29.02.2026'])(
    'finds none in %s',
    (text) => {
      expect(findDates(text)).toEqual([])
    },
  )

  test('leaves a date of unclear order out unless the order is given', () => {
    expect(findDates('05/06/2026')).toEqual([])
    expect(valuesOf(findDates('05/06/2026', { order: 'day-first' }))).toEqual(['2026-06-05'])
    expect(valuesOf(findDates('05/06/2026', { order: 'month-first' }))).toEqual(['2026-05-06'])
  })
})

describe("a caller's pattern", () => {
  test('finds its first group, or else the whole match', () => {
    expect(valuesOf(finderOf(/ORD-\d+/)('ORD-1 and ORD-22'))).toEqual(['ORD-1', 'ORD-22'])
    expect(valuesOf(finderOf(/order\s*#?\s?(\d{4,8})/i)('Order #123456'))).toEqual(['123456'])
  })

  test.each([
    [/(a+)+b/],
    [/(?:a|a)*b/],
    [/(\d+)*x/],
    [/\d+\d+\d+x/],
    [/(.*)(.*)(.*)z/],
    [/(a)\1/],
    [/(?<x>a)\k<x>/],
    [/((a{0,9}){0,9}){0,9}/],
    [/(a|aa){00000000000000000000001,}b/],
    [/(a|aa){0000000000000000000000000000000000000040}b/u],
    [/(?:a{1000}){1000}/],
    [/a{99999,}/],
  ])('is refused when it could match in too many ways: %s', (pattern) => {
    expect(() => boundedPattern(pattern)).toThrow(expect.objectContaining({ code: 'slow-pattern' }))
  })

  test.each([
    [/\b[A-Z]{2,4}-\d{4,10}\b/, 'see AB-12345 here', 'AB-12345'],
    [/[A-Z]+-\d+/, 'x ABC-77 y', 'ABC-77'],
    [/[\]a-c]+?d/, 'x]abd', ']abd'],
    [/(?<=#)\d+/u, 'no #42', '42'],
    [/\p{Lu}\u0041{2}/u, 'ÄAA', 'ÄAA'],
    [/(?:foo|ba[rz])?!/, 'baz!', 'baz!'],
    [/a{2,}/, 'caaat', 'aaa'],
    [/x{/, 'x{', 'x{'],
  ])('means the same once bounded: %s', (pattern, text, match) => {
    expect(boundedPattern(pattern).exec(text)?.[0]).toBe(match)
  })

  test('ends a repetition without a bound after 32 times', () => {
    expect(valuesOf(finderOf(/\d+/)('7'.repeat(70))).map((value) => value.length)).toEqual([32, 32, 6])
  })
})

test('whatever is found stands in the text where it is said to stand', () => {
  const piece = fc.constantFrom(
    'a',
    '@',
    '.',
    'example.com',
    '$',
    '12',
    ',50',
    ' ',
    'EUR',
    '2026',
    '-05-',
    '01',
    '/',
    'May ',
    'www.',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const text = pieces.join('')
      for (const find of [findEmails, findLinks, findAmounts, findDates]) {
        for (const { written, index } of find(text)) {
          expect(written.length).toBeGreaterThan(0)
          expect(text.slice(index, index + written.length)).toBe(written)
        }
      }
    }),
    { seed: 11, numRuns: 500 },
  )
})
