import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { migrate } from '../../src/store/migrations.ts'
import { openSqlite } from '../../src/store/sqlite/sqlite.ts'
import { FakeClock } from '../../src/testing/fake-clock.ts'
import { doEverything, largeTables, leaps, smallIndexes, wanted } from './plans.ts'

test('no statement of the engine walks through a large table on SQLite, nor sorts what it finds there', async () => {
  const statements = new Set<string>()
  const prepare = DatabaseSync.prototype.prepare
  DatabaseSync.prototype.prepare = function (sql, ...more) {
    statements.add(sql)
    return prepare.call(this, sql, ...more)
  }
  onTestFinished(() => {
    DatabaseSync.prototype.prepare = prepare
  })
  const clock = new FakeClock()
  const database = openSqlite({ file: ':memory:', clock })
  await migrate(database, () => 'identity')
  statements.clear()
  await doEverything(database, clock)
  expect(statements.size).toBeGreaterThan(60)
  const found: string[] = []
  for (const text of [...statements]) {
    const sql = text.replace(/\s+/g, ' ').trim()
    if (/^(pragma|create|alter|drop)/i.test(sql)) continue
    if (wanted.some((pattern) => pattern.test(sql))) continue
    const isLarge = largeTables.some((table) => new RegExp(`\\b${table}\\b`).test(sql))
    for (const { detail } of await database.all<{ detail: string }>(`explain query plan ${sql}`)) {
      const [, table, index] = /^SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?/.exec(detail) ?? []
      const mayWalk = smallIndexes.includes(index!) || (index && leaps.test(sql))
      const walks = largeTables.includes(table!) && !mayWalk
      if (walks || (isLarge && detail.includes('TEMP B-TREE'))) found.push(`${detail}: ${sql}`)
    }
  }
  await database.close()
  expect(found).toEqual([])
})
