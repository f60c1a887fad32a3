import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Value } from '../../src/store/database.ts'
import { Packing, Unpacking } from '../../src/store/sqlite/packed-rows.ts'

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

const rows = fc
  .tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 5 }))
  .chain(([count, width]) => fc.array(column(count), { minLength: width, maxLength: width }))
  .map((columns) => columns[0]!.map((_, index) => columns.map((values) => values[index]!)))

test('rows of several tables come out as they were packed, after a way to another thread', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(rows, fc.array(fc.integer())), { maxLength: 4 }), (given) => {
      const packing = new Packing()
      const tables = given.map(([table, numbers]) => {
        const packed = packing.rows(table)
        packing.numbers(numbers)
        return { packed, count: numbers.length }
      })
      const { values, sent } = structuredClone({ values: packing.values, sent: tables })
      const unpacking = new Unpacking(values)
      const found = sent.map(({ packed, count }) => [unpacking.rows(packed), unpacking.numbers(count)])
      expect(found).toEqual(given)
    }),
    { numRuns: 500 },
  )
})

test('no rows are none', () => {
  const packing = new Packing()
  const packed = packing.rows([])
  expect(new Unpacking(structuredClone(packing.values)).rows(packed)).toEqual([])
})
