import fc from 'fast-check'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { findInexact, parseExactJson } from '../src/base/json/exact-json.ts'
import { readAnswer } from '../src/models/reading/structured.ts'
import { bodyOf } from '../src/tools/http/http.ts'

test.each([
  ['{"to":"Ann","to":"Bob"}', 'the property "to" twice'],
  ['{"to":"Ann","\\u0074o":"Bob"}', 'the property "to" twice'],
  ['[{"pay":[{"to":{"iban":1,"name":2,"iban":1}}]}]', 'the property "iban" twice'],
  ['{"__proto__":1,"__proto__":2}', 'the property "__proto__" twice'],
  ['{"a\\\\":1,"a\\\\":2}', 'the property "a\\\\" twice'],
  ['12345678901234567890', 'The number 12345678901234567890'],
  ['1152921504606846976', 'The number 1152921504606846976'],
  ['{"order":9007199254740993}', 'The number 9007199254740993'],
  ['{"order":-9007199254740993}', 'The number -9007199254740993'],
  ['[9007199254740993.0]', 'The number 9007199254740993.0'],
  ['[90071992547409930e-1]', 'The number 90071992547409930e-1'],
  ['[1.23456789012345678901e20]', 'The number 1.23456789012345678901e20'],
  ['[1e400]', 'The number 1e400'],
  ['[1e-400]', 'The number 1e-400'],
  ['[4503599627370497.5]', 'The number 4503599627370497.5'],
  ['[99.99999999999999999999]', 'The number 99.99999999999999999999'],
])('%s is refused, with what is wrong', (json, problem) => {
  expect(() => parseExactJson(json, 'The input')).toThrow(problem)
  expect(() => parseExactJson(json, 'The input')).toThrow(
    expect.objectContaining({ code: 'inexact-json', message: expect.stringMatching(/^The input /) }),
  )
})

test.each([
  '{"a":{"to":1},"b":{"to":2},"to":3}',
  '9007199254740991',
  '-9007199254740991',
  '[1e3, 1.0, 1E+2, 1e21, 1.7976931348623157e+308, 5e-324, 9007199254740992, 100000000000000000000e-18, 0.1, 0.30000000000000004, -0, 0e99999999999999999999]',
  '"9007199254740993 {\\"to\\":1,\\"to\\":2}"',
  '{"":1," ":2}',
])('%s is read as it stands', (json) => {
  expect(parseExactJson(json, 'The input')).toEqual(JSON.parse(json))
})

test('what JSON writes itself is never refused, and no whole number is changed', () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => findInexact(JSON.stringify(value)) === undefined))
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 66n), max: 2n ** 66n }), (value) => {
      const isKept = BigInt(JSON.stringify(Number(value))) === value
      return (findInexact(`{"order":${value}}`) === undefined) === isKept
    }),
  )
})

test('a long number or a long text takes no time to speak of', () => {
  const zeros = '0'.repeat(2_000_000)
  const started = performance.now()
  expect(findInexact(`[1.${zeros}1]`)).toMatchObject({ what: 'inexact-number' })
  expect(findInexact(`[0.${zeros}1]`)).toMatchObject({ what: 'inexact-number' })
  expect(findInexact(JSON.stringify('\n"\\'.repeat(500_000)))).toBeUndefined()
  expect(findInexact('['.repeat(500_000) + ']'.repeat(500_000))).toBeUndefined()
  expect(performance.now() - started).toBeLessThan(5000)
})

test("a model's answer is held to it wherever in the text the JSON stands", () => {
  const schema = z.object({ order: z.number() })
  for (const text of [
    '{"order":9007199254740993}',
    'Here: {"order":9007199254740993} as asked',
    '```json\n{"order":9007199254740993,}\n```',
  ])
    expect(readAnswer(text, schema)).toMatchObject({
      ok: false,
      problem: expect.stringContaining('9007199254740993'),
    })
  expect(readAnswer('```\n9007199254740993\n```', z.number())).toMatchObject({ ok: false })
})

test("another system's JSON answer is refused, not rounded", () => {
  const answer = (json: string) => () =>
    bodyOf('application/json', Buffer.from(json), json, 'https://shop.test')
  expect(answer('{"id":9007199254740993}')).toThrow('The number 9007199254740993')
  expect(answer('{"id":1,"id":2}')).toThrow('the property "id" twice')
})
