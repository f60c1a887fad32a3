import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Value } from '../../src/store/database.ts'
import { packRows, unpackRows } from '../../src/store/sqlite/packed-rows.ts'

const value = fc.oneof(
  fc.constant(null),
  fc.constantFrom(0, -0, 1.5, -1, 2 ** 53 - 1),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', 'same'),
  fc.uint8Array({ maxLength: 4 }),
)
const column = (count: number): fc.Arbitrary<Value[]> => {
  const of = (values: fc.Arbitrary<Value>) => fc.array(values, { minLength: count, maxLength: count })
  return fc.oneof(
    value.map((same) => Array<Value>(count).fill(same)),
    of(fc.integer()),
    of(fc.oneof(fc.constant(null), fc.string({ unit: 'binary' }))),
    of(value),
  )
}

test('rows come out of a pack as they went in, after a way to another thread', () => {
  const rows = fc
    .tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 5 }))
    .chain(([count, width]) => fc.array(column(count), { minLength: width, maxLength: width }))
    .map((columns) => columns[0]!.map((_, index) => columns.map((values) => values[index]!)))
  fc.assert(
    fc.property(rows, (given) => {
      expect(unpackRows(structuredClone(packRows(given)))).toEqual(given)
    }),
    { numRuns: 500 },
  )
})

test('no rows are none', () => {
  expect(unpackRows(structuredClone(packRows([])))).toEqual([])
})
