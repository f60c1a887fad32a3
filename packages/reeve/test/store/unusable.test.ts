import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, expect, test } from 'vitest'
import type { Database } from '../../src/store/database.ts'
import { identityOf, migrate, schemaVersion, versionOf } from '../../src/store/migrations.ts'
import { openSqlite } from '../../src/store/sqlite/sqlite.ts'
import { FakeClock } from '../../src/testing/fake-clock.ts'

const folder = mkdtempSync(join(tmpdir(), 'reeve-unusable-'))
let files = 0

afterAll(() => rmSync(folder, { recursive: true }))

const newFile = () => join(folder, `${files++}.db`)

/** Opens and migrates, as the runtime does; closes again. */
async function use(file: string, sqliteVersion?: string): Promise<void> {
  const clock = new FakeClock()
  const database = openSqlite({ file, clock, ...(sqliteVersion === undefined ? {} : { sqliteVersion }) })
  try {
    await migrate(database, () => 'identity')
  } finally {
    await database.close()
  }
}

test('a database of a newer version is refused and left as it was', async () => {
  const file = newFile()
  await use(file)
  const raw = new DatabaseSync(file)
  raw.exec(`update meta set value = '99' where name = 'schema'`)
  raw.close()
  await expect(use(file)).rejects.toMatchObject({
    code: 'database-newer',
    message: expect.stringMatching(/version 99.*up to \d+.*Update Reeve/),
  })
  const after = new DatabaseSync(file)
  expect(after.prepare(`select value from meta where name = 'schema'`).get()).toEqual({ value: '99' })
  after.close()
})

test('a file that is no database is refused and left as it was', async () => {
  const file = newFile()
  const content = 'these are my notes, not a database. '.repeat(200)
  writeFileSync(file, content)
  await expect(use(file)).rejects.toMatchObject({
    code: 'database-unusable',
    message: expect.stringMatching(/damaged or is not a Reeve database.*Nothing was changed/),
  })
  expect(readFileSync(file, 'utf8')).toBe(content)
})

test('a database whose pages are damaged is refused, or its audit says so; never silently used', async () => {
  const file = newFile()
  await use(file)
  const bytes = readFileSync(file)
  bytes.fill(0xa5, 100, Math.min(bytes.length, 4096))
  writeFileSync(file, bytes)
  await expect(use(file)).rejects.toMatchObject({ code: 'database-unusable' })
})

test('a database with somebody else’s tables is refused and left as it was', async () => {
  const file = newFile()
  const raw = new DatabaseSync(file)
  raw.exec('create table customers (name text)')
  raw.close()
  await expect(use(file)).rejects.toMatchObject({
    code: 'database-foreign',
    message: expect.stringContaining('customers'),
  })
  const after = new DatabaseSync(file)
  expect(after.prepare(`select name from sqlite_schema where type = 'table'`).all()).toEqual([
    { name: 'customers' },
  ])
  after.close()
})

test('a place that cannot be written is refused with what to do', async () => {
  const blocked = newFile()
  writeFileSync(blocked, 'a file where a folder should be')
  await expect(use(join(blocked, 'reeve.db'))).rejects.toMatchObject({
    code: 'database-unusable',
    message: expect.stringContaining(blocked),
  })
  const asFolder = newFile()
  mkdirSync(asFolder)
  await expect(use(asFolder)).rejects.toMatchObject({
    code: 'database-unusable',
    message: expect.stringContaining('cannot write'),
  })
  expect(statSync(asFolder).isDirectory()).toBe(true)
})

test('a SQLite that can corrupt its log is refused; the oldest good one and newer ones are not', async () => {
  for (const version of ['3.51.2', '3.50.9', '2.99.99', '3.9.0']) {
    await expect(use(newFile(), version)).rejects.toMatchObject({
      code: 'sqlite-too-old',
      message: expect.stringContaining(version),
    })
  }
  for (const version of ['3.51.3', '3.51.10', '3.100.0', '4.0.0']) await use(newFile(), version)
})

test('a full disk fails what it must and loses nothing; with room again it goes on', async () => {
  const file = newFile()
  await use(file)
  const database = openSqlite({ file, clock: new FakeClock() })
  await limitPages(database, 0)
  const write = (name: string) =>
    database.transaction(async (session) => {
      for (let index = 0; index < 50; index++) {
        await session.run('insert into blobs (hash, content) values (?, ?)', [
          `${name}${index}`,
          'x'.repeat(5000),
        ])
      }
    })
  const error = await write('a').catch((cause) => cause)
  expect(error).toBeInstanceOf(Error)
  expect(database.classify(error)).toBe('retry')
  expect(await database.all('select * from blobs')).toEqual([])
  await limitPages(database, 100_000)
  await write('b')
  expect(await database.all('select hash from blobs')).toHaveLength(50)
  expect(await database.integrity()).toEqual([])
  await database.close()
})

/** Lets the database grow by no more than `pages`: SQLite then says that the disk is full. */
async function limitPages(database: Database, pages: number): Promise<void> {
  const size = await database.get<{ page_count: number }>('pragma page_count')
  await database.transaction((session) => session.get(`pragma max_page_count = ${size!.page_count + pages}`))
}

test('two processes that open a new database at one moment both can use it', async () => {
  const database = openSqlite({ file: ':memory:', clock: new FakeClock() })
  let first = true
  const overtaken: Database = Object.create(database, {
    kind: { value: database.kind },
    place: { value: database.place },
    all: { value: database.all.bind(database) },
    get: { value: database.get.bind(database) },
    transaction: {
      async value(body: Parameters<Database['transaction']>[0]) {
        if (first) {
          first = false
          await migrate(database, () => 'of the other process')
        }
        return database.transaction(body)
      },
    },
  })
  await migrate(overtaken, () => 'of this process')
  expect(await versionOf(database)).toBe(schemaVersion)
  expect(await identityOf(database)).toBe('of the other process')
  await database.close()
})

test('a closed database says so', async () => {
  const database = openSqlite({ file: newFile(), clock: new FakeClock() })
  await database.close()
  await expect(database.transaction(async () => 1)).rejects.toMatchObject({ code: 'database-closed' })
})

test('a log that has no room for its index is a full disk, and is tried again', () => {
  const database = openSqlite({ file: ':memory:', clock: new FakeClock() })
  const ioError = (errcode: number) => Object.assign(new Error('disk I/O error'), { errcode })
  expect(database.classify(ioError(4874))).toBe('retry')
  expect(database.classify(ioError(1034))).toBe('fatal')
})
