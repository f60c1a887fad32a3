import { expect, test } from 'vitest'
import { systemClock } from '../../src/base/time/time.ts'
import { migrate } from '../../src/store/migrations.ts'
import { RunNumbers } from '../../src/store/numbers.ts'
import { openSqlite } from '../../src/store/sqlite/sqlite.ts'

test('a number that cannot be reserved now is told of and waited for', async () => {
  const database = openSqlite({ file: ':memory:', clock: systemClock })
  await migrate(database, () => 'numbers')
  const full = Object.assign(new Error('database or disk is full'), { errcode: 13 })
  let failures = 1
  const refusing = Object.create(database, {
    transaction: {
      value: (body: Parameters<typeof database.transaction>[0]) =>
        failures-- > 0 ? Promise.reject(full) : database.transaction(body),
    },
    classify: { value: (error: unknown) => database.classify(error) },
  })
  const told: unknown[] = []
  const numbers = new RunNumbers(refusing, (error) => told.push(error))
  expect(await numbers.take()).toBe(1)
  expect(told).toEqual([full])
  await database.close()
})
