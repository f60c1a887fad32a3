import { expect, test } from 'vitest'
import { fromKept, toKept } from '../../src/base/json/kept-value.ts'

test.each<[string, unknown]>([
  ['plain data', { a: [1, 'x', null, true], b: { c: {} } }],
  ['dates', { at: new Date(5), never: new Date(Number.NaN) }],
  ['maps and sets', new Map<unknown, unknown>([[{ a: new Date(1) }, new Set([1n, 'x'])]])],
  ['numbers that JSON lacks', [Number.NaN, Number.POSITIVE_INFINITY, 10n ** 30n]],
  ['nothing in a list', [undefined, 1]],
  ['addresses', new URL('https://example.org/a?b#c')],
  ['a key of the mark’s own name', { $reeve: ['date', 5], at: new Date(5) }],
  ['a key that names the prototype', JSON.parse('{"__proto__":{"a":1},"b":["x"]}')],
])('is made again as it was: %s', (_name, value) => {
  expect(fromKept(JSON.parse(JSON.stringify(toKept(value))))).toEqual(value)
})

test.each<[string, unknown]>([
  ['an instance of a class', { a: [new (class Money {})()] }],
  ['a function', { a: () => 1 }],
  ['a class over a date', new (class Day extends Date {})()],
  [
    'a circle',
    (() => {
      const circle: Record<string, unknown> = {}
      circle.self = circle
      return circle
    })(),
  ],
])('cannot be kept: %s', (_name, value) => {
  expect(toKept(value)).toBeUndefined()
})
