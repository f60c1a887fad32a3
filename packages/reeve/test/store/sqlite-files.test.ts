import { copyFileSync, mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { migrate } from '../../src/store/migrations.ts'
import { openSqlite } from '../../src/store/sqlite/sqlite.ts'
import { FakeClock } from '../../src/testing/fake-clock.ts'

async function opened() {
  const file = join(mkdtempSync(join(tmpdir(), 'reeve-files-')), '.reeve', 'reeve.db')
  const clock = new FakeClock()
  const broken: unknown[] = []
  const database = openSqlite({ file, clock, onBroken: (error) => broken.push(error) })
  onTestFinished(() => database.close().catch(() => undefined))
  await migrate(database, () => 'identity')
  return { file, clock, database, broken }
}

const write = `insert into counters (name, value) values ('a', 1)`

test.each<[string, (file: string) => void]>([
  ['its folder is deleted', (file) => rmSync(dirname(file), { recursive: true })],
  ['its file is deleted', (file) => rmSync(file)],
  ['its log is deleted', (file) => rmSync(`${file}-wal`)],
  ['the index of its log is deleted', (file) => rmSync(`${file}-shm`)],
  ['its folder is moved', (file) => renameSync(dirname(file), `${dirname(file)}-old`)],
  [
    'a backup takes its place',
    (file) => {
      copyFileSync(file, `${file}.backup`)
      renameSync(`${file}.backup`, file)
    },
  ],
])(
  'nothing more is acknowledged once %s, and whoever must stop the process hears of it',
  async (_what, change) => {
    for (const isOld of [false, true]) {
      const { file, database, broken } = await opened()
      // Nothing changed in its folder for long: one look at the folder is all that a write costs.
      if (isOld) utimesSync(dirname(file), 1, 1)
      expect(await database.run(write)).toBe(1)
      change(file)
      const error = await database.run(write.replace("'a'", "'b'")).catch((cause) => cause)
      expect(error).toMatchObject({ code: 'database-gone' })
      expect(error.message).toContain(file)
      expect(broken).toEqual([error])
    }
  },
)

test('a file that is reached by a link is looked at itself', async () => {
  const { file, database: target } = await opened()
  const link = join(mkdtempSync(join(tmpdir(), 'reeve-link-')), 'reeve.db')
  await target.close()
  symlinkSync(file, link)
  const database = openSqlite({ file: link, clock: new FakeClock() })
  onTestFinished(() => database.close().catch(() => undefined))
  utimesSync(dirname(link), 1, 1)
  expect(await database.run(write)).toBe(1)
  rmSync(file)
  const error = await database.run(write.replace("'a'", "'b'")).catch((cause) => cause)
  expect(error).toMatchObject({ code: 'database-gone' })
})

test('a process that only watches notices it with its next look', async () => {
  const { file, clock, database, broken } = await opened()
  onTestFinished(database.onOutsideChange(() => {}))
  await clock.advance(1_000)
  expect(broken).toEqual([])
  rmSync(dirname(file), { recursive: true })
  await clock.advance(100)
  expect(broken).toMatchObject([{ code: 'database-gone' }])
})

test('processes that come and go, and a log that was emptied, are nothing unusual', async () => {
  const { file, clock, database, broken } = await opened()
  onTestFinished(database.onOutsideChange(() => {}))
  for (let round = 0; round < 3; round++) {
    const other = new DatabaseSync(file)
    other.exec(`insert into counters (name, value) values ('o${round}', 1)`)
    other.exec('pragma wal_checkpoint(truncate)')
    other.close()
    await clock.advance(100)
    await database.run(`insert into counters (name, value) values ('m${round}', 1)`)
  }
  expect(broken).toEqual([])
})
