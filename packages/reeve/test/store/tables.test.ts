import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { systemClock } from '../../src/base/time/time.ts'
import { listTables } from '../../src/store/dialect.ts'
import { migrate } from '../../src/store/migrations.ts'
import { openSqlite } from '../../src/store/sqlite/sqlite.ts'

test('for every table the documentation says what removes its rows', async () => {
  const database = openSqlite({ file: ':memory:', clock: systemClock })
  await migrate(database, () => 'identity')
  const tables = await database.all<{ name: string }>(listTables.sqlite)
  await database.close()
  const text = readFileSync(join(import.meta.dirname, '../../../../docs/retention.md'), 'utf8')
  const rules = text.slice(text.indexOf('## Every table'), text.indexOf('## The file'))
  const named = [...rules.matchAll(/^\| `(\w+)` \| (.+) \|$/gm)].map(([, name, rule]) => ({
    name: name!,
    rule,
  }))
  expect(named.map(({ name }) => name).sort()).toEqual(tables.map(({ name }) => name).sort())
  for (const { rule } of named) expect(rule!.length).toBeGreaterThan(10)
})
