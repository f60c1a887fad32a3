import { expect, test } from 'vitest'
import { canonical } from '../../src/base/json/json.ts'

test('a property named toJSON is data like any other, at any depth and size', () => {
  const data = { toJSON: 'a text', inner: [{ toJSON: { toJSON: null } }], a: 1 }
  expect(canonical(data)).toBe('{"a":1,"inner":[{"toJSON":{"toJSON":null}}],"toJSON":"a text"}')
  const large = Object.fromEntries(
    Array.from({ length: 20_000 }, (_, index) => [`key${index}`, { toJSON: index }]),
  )
  const before = process.cpuUsage()
  expect(canonical(large)).toHaveLength(JSON.stringify(large).length)
  expect(process.cpuUsage(before).user / 1000).toBeLessThan(1000)
})

test('a function toJSON gives the value in its place, once, as in JSON itself', () => {
  const date = new Date(0)
  const itself = {
    b: 1,
    a: 2,
    toJSON() {
      return this
    },
  }
  const hidden = { toJSON: () => undefined }
  expect(canonical({ date, itself, hidden, list: [hidden] })).toBe(
    '{"date":"1970-01-01T00:00:00.000Z","itself":{"a":2,"b":1},"list":[null]}',
  )
  const endless = { toJSON: (): object => ({ inner: endless }) }
  expect(() => canonical(endless)).toThrow(expect.objectContaining({ code: 'not-serialisable' }))
})

test('holes are null, keys such as __proto__ are kept', () => {
  // biome-ignore lint/suspicious/noSparseArray: holes are what this is about
  expect(canonical([1, , 2])).toBe('[1,null,2]')
  expect(canonical(JSON.parse('{"b":1,"__proto__":{"x":1}}'))).toBe('{"__proto__":{"x":1},"b":1}')
})

test('what has no JSON is refused with a code', () => {
  const circle: { inner?: unknown } = {}
  circle.inner = circle
  const torn = Object.defineProperty({}, 'a', {
    enumerable: true,
    get: () => {
      throw new Error('not readable')
    },
  })
  for (const value of [1n, { a: [1n] }, circle, torn, { toJSON: () => 1n }])
    expect(() => canonical(value)).toThrow(expect.objectContaining({ code: 'not-serialisable' }))
})

test('what is larger than the cap is refused, also where its parts are shared or missing', () => {
  let shared: unknown[] = []
  for (let level = 0; level < 100; level++) shared = [shared, shared]
  for (const value of [shared, new Array(2 ** 32 - 1), 'x'.repeat(17 * 1024 * 1024)])
    expect(() => canonical(value)).toThrow(expect.objectContaining({ code: 'payload-too-large' }))
})
