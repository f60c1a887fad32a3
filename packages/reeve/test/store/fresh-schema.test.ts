import { afterEach, expect, test } from 'vitest'
import { systemClock } from '../../src/base/time/time.ts'
import type { Database } from '../../src/store/database.ts'
import { migrate, schemaVersion, versionOf } from '../../src/store/migrations.ts'
import { freshSchemaOf } from '../../src/store/schema/fresh-schema.ts'
import { openSqlite } from '../../src/store/sqlite/sqlite.ts'

const opened: Database[] = []

afterEach(async () => {
  for (const database of opened.splice(0)) await database.close()
})

async function made(identity: string): Promise<Database> {
  const database = openSqlite({ file: ':memory:', clock: systemClock })
  opened.push(database)
  await migrate(database, () => identity)
  return database
}

const schemaOf = (database: Database) =>
  database.all('select type, name, tbl_name, sql from sqlite_schema order by name')
const metaOf = (database: Database) =>
  database.all(`select name, value from meta where name <> 'identity' order by name`)

test('a file that is made at once is as one that went through all versions', async () => {
  const first = await made('first')
  // Without this the next one goes through all versions, too.
  expect(await freshSchemaOf(first)).toBeDefined()
  const later = await made('later')
  expect(await schemaOf(later)).toEqual(await schemaOf(first))
  expect(await metaOf(later)).toEqual(await metaOf(first))
  expect(await versionOf(later)).toBe(schemaVersion)
  expect(await later.get(`select value from meta where name = 'identity'`)).toEqual({ value: 'later' })
  expect(await schemaOf(first)).not.toHaveLength(0)
})
