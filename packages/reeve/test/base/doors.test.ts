import { expect, test } from 'vitest'
import { ReeveError, toErrorRecord } from '../../src/base/errors.ts'
import { wholeNumber } from '../../src/base/numbers.ts'
import {
  firstCharacters,
  lastCharacters,
  shorten,
  storable,
  wellFormed,
} from '../../src/base/text/shorten.ts'
import { checkText } from '../../src/base/text/text.ts'
import { after, type Duration, toMoment, toMs, toWaitMs } from '../../src/base/time/time.ts'

test('a length of time is at most 100 years, and every refusal names it', () => {
  expect(toMs('36500d')).toBe(3_153_600_000_000)
  expect(toMs('1.5h')).toBe(5_400_000)
  for (const far of [
    Number.MAX_SAFE_INTEGER,
    1e16,
    1e300,
    '40000d',
    `${'9'.repeat(20)}w`,
    Number.POSITIVE_INFINITY,
  ])
    expect(() => toMs(far, 'limits.time'), String(far)).toThrow(/^limits\.time is .* longer than 100 years/)
  for (const none of ['3 days', '', 'soon', '1e3s', '-1s', -1, Number.NaN, null, {}, Symbol('x'), [5], '5'])
    expect(() => toMs(none as never), String(none)).toThrow(/is not a valid duration/)
})

test('a length that was computed and is less than nothing has passed already', () => {
  expect([toWaitMs(-86_400_000), toWaitMs(-0.5), after(1000, -5)]).toEqual([0, 0, 1000])
  expect(() => toWaitMs(Number.NaN)).toThrow(/not a valid duration/)
  expect(Number.isSafeInteger(after(8.64e15 / 2, '36500d'))).toBe(true)
  expect(after(1000, 0.25)).toBe(1001)
})

test('a length of time that is none does not compile', () => {
  const lengths: Duration[] = ['3d', '3 d', '1.5h', 250]
  // @ts-expect-error
  lengths.push('3 days')
  // @ts-expect-error
  lengths.push('soon')
  // @ts-expect-error
  lengths.push('')
  expect(lengths).toHaveLength(7)
})

test('a point in time is a Date or an ISO text with its zone', () => {
  const now = Date.UTC(2026, 0, 1)
  expect(toMoment(new Date(5), now, 'x')).toBe(5)
  expect(toMoment('2026-07-01T09:00:00+02:00', now, 'x')).toBe(Date.UTC(2026, 6, 1, 7))
  expect(toMoment('2026-07-01', now, 'x')).toBe(Date.UTC(2026, 6, 1))
  expect(toMoment('2028-02-29T23:59:59-11:00', now, 'x')).toBe(Date.UTC(2028, 2, 1, 10, 59, 59))
  for (const none of [
    new Date('x'),
    '2026-07-01T09:00:00',
    'tomorrow',
    '3d',
    5,
    null,
    '2026-13-01',
    '2026-02-30',
    '2027-02-29T00:00:00Z',
  ])
    expect(() => toMoment(none as never, now, 'until'), String(none)).toThrow(
      /until is .* not a valid point in time/,
    )
  expect(() => toMoment(new Date(8.64e15), now, 'until')).toThrow(/more than 100 years from now/)
})

test('a number that is stored is a whole one that is kept exactly', () => {
  expect(wholeNumber(7, 'x')).toBe(7)
  expect(Object.is(wholeNumber(-0, 'x', { least: 0 }), 0)).toBe(true)
  for (const bad of [0, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, -1, '1', null, undefined, 1n])
    expect(() => wholeNumber(bad, 'priority'), String(bad)).toThrow(/^priority is /)
})

test('a text that names something is refused when it is none, by what it is', () => {
  const refused: [unknown, RegExp][] = [
    [undefined, /The key is undefined; it must be a text/],
    [null, /is null/],
    [42, /is the number 42; it must be a text, such as '42'/],
    [{}, /is an object/],
    [Object.create(null), /is an object/],
    [['a'], /is an array/],
    [Symbol('a'), /is a symbol/],
    [() => 1, /is a function/],
    [new Date(), /is a Date/],
    ['', /is empty/],
    ['a\nb', /control character or a line break: "a\\nb"/],
    ['a\0b', /control character/],
    ['a\u0085b', /control character/],
    ['x'.repeat(2_000_000), /longer than 1024 bytes/],
    ['€'.repeat(342), /longer than 1024 bytes/],
  ]
  for (const [given, why] of refused) expect(() => checkText(given, 'The key')).toThrow(why)
  expect(checkText('€'.repeat(341), 'The key')).toHaveLength(341)
})

test('a text is never cut inside a surrogate pair, and half of one becomes well-formed', () => {
  const smiles = '😀😀😀'
  expect([
    firstCharacters(smiles, 3),
    lastCharacters(smiles, 3),
    shorten(smiles, 5),
    firstCharacters(smiles, 6),
  ]).toEqual(['😀', '😀', '😀😀…', smiles])
  expect([
    firstCharacters(smiles, 0),
    firstCharacters(smiles, 1),
    lastCharacters(smiles, 1),
    lastCharacters(smiles, 0),
  ]).toEqual(['', '', '', ''])
  for (let most = 0; most < 12; most++)
    expect(shorten(`a${smiles}b${smiles}`, most).isWellFormed()).toBe(true)
  expect(checkText(smiles.slice(0, 3), 'x')).toBe('😀\ufffd')
  expect(storable(`${smiles.slice(0, 1)}\0`, 100)).toBe('\ufffd\\0')
})

function refuse(): never {
  throw new Error('cannot be read')
}

test('whatever is thrown becomes a record that every database keeps', () => {
  const hostile: unknown[] = [
    Object.create(null),
    Symbol('x'),
    Object.assign(new Error('x'), { message: { not: 'a text' } }),
    Object.assign(new Error('x'), { message: Object.create(null), stack: 5, name: Symbol('n') }),
    new Error('a\0b\ud83d'),
    new Error('😀'.repeat(1_000_000)),
    Object.assign(new Error('x'), { code: 'c'.repeat(100_000) }),
    Object.defineProperty(new Error('x'), 'message', { get: refuse }),
    Object.defineProperty(new Error('x'), 'stack', { get: refuse }),
    Object.defineProperty(new Error('x'), 'cause', { get: refuse }),
    Object.defineProperty(new Error('x'), 'retryable', { get: refuse }),
    new Proxy(new Error('x'), { get: refuse }),
    new Proxy({}, { getPrototypeOf: refuse }),
    new ReeveError(Symbol('x') as never, 5 as never, { details: 5 as never }),
    Object.assign(new ReeveError('x'.repeat(100_000), 'x'), { details: null }),
  ]
  for (const thrown of hostile) {
    const record = toErrorRecord(thrown)
    expect([typeof record.code, typeof record.message]).toEqual(['string', 'string'])
    expect(record.message.isWellFormed()).toBe(true)
    expect(JSON.stringify(record).length).toBeLessThan(200_000)
  }
})

test('data is made well-formed at every depth, and is the very same where it is', () => {
  const half = 'a\ud83d'
  const good = { a: ['😀', 1, null, { b: true }] }
  expect(wellFormed(good)).toBe(good)
  expect(wellFormed({ [half]: [half, { b: half }], n: 1, c: undefined })).toEqual({
    'a\ufffd': ['a\ufffd', { b: 'a\ufffd' }],
    n: 1,
    c: undefined,
  })
})
