import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/base/time/time.ts'
import type { Database } from '../../src/store/database.ts'
import { emptyLog, giveBackSpace, spaceOf } from '../../src/store/keeping/space.ts'
import { openSqlite } from '../../src/store/sqlite/sqlite.ts'

const mib = 1024 * 1024

function openFile(): { file: string; database: Database } {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-space-'))
  const file = join(folder, 'reeve.db')
  const database = openSqlite({ file, clock: systemClock })
  onTestFinished(async () => {
    await database.close()
    rmSync(folder, { recursive: true })
  })
  return { file, database }
}

async function fill(database: Database, mebibytes: number): Promise<void> {
  for (let count = 0; count < mebibytes; count++)
    await database.run('insert into filler values (zeroblob(?))', [mib])
}

test('pages that hold nothing are given back in small transactions, but for those that new runs soon take', async () => {
  const { file, database } = openFile()
  await database.run('create table filler (content)')
  await fill(database, 30)
  await database.run('delete from filler')
  const before = await spaceOf(database)
  expect(before).toMatchObject({ inSlices: true, pageBytes: 4096 })
  expect(before.free).toBeGreaterThan(7_600)
  const slices: string[] = []
  const watched: Database = {
    ...database,
    kind: 'sqlite',
    get: (sql, parameters) => database.get(sql, parameters),
    transaction: (body) =>
      database.transaction((session) =>
        body({
          ...session,
          all: (sql, parameters) => {
            slices.push(sql)
            return session.all(sql, parameters)
          },
        }),
      ),
  }
  expect(await giveBackSpace(watched)).toBe(before.free - 2_500)
  expect((await spaceOf(database)).free).toBe(2_500)
  expect(slices.length).toBeGreaterThanOrEqual((before.free - 2_500) / 200)
  expect(new Set(slices.slice(0, -1))).toEqual(new Set(['pragma incremental_vacuum(200)']))
  expect(await giveBackSpace(database)).toBe(0)
  expect(await giveBackSpace(database, { all: true, signal: AbortSignal.abort() })).toBe(0)
  expect(await giveBackSpace(database, { all: true })).toBe(2_500)
  emptyLog(file)
  expect(statSync(file).size).toBeLessThan(mib)
  expect(statSync(`${file}-wal`).size).toBe(0)
})

test('a log that grew while somebody read is cut as soon as nobody holds it any more', async () => {
  const { file, database } = openFile()
  await database.run('create table filler (content)')
  const reader = new DatabaseSync(file, { readOnly: true })
  reader.exec('begin')
  reader.prepare('select count(*) from filler').get()
  await fill(database, 60)
  const log = () => statSync(`${file}-wal`).size
  expect(log()).toBeGreaterThan(55 * mib)
  reader.close()
  // The first brings the log into the file; the second begins it anew.
  await fill(database, 2)
  expect(log()).toBeLessThanOrEqual(32 * mib)
})
