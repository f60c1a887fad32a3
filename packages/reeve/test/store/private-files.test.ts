import { chmodSync, mkdirSync, mkdtempSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openSqlite } from '../../src/store/sqlite/sqlite.ts'
import { FakeClock } from '../../src/testing/fake-clock.ts'

const isUnix = process.platform !== 'win32'

async function open(file: string): Promise<{ tightened: string[] }> {
  const tightened: string[] = []
  const database = openSqlite({
    file,
    clock: new FakeClock(),
    onTightened: (paths) => tightened.push(...paths),
  })
  onTestFinished(() => database.close())
  await database.run('create table if not exists written (a integer)')
  return { tightened }
}

function rights(path: string): string {
  return (statSync(path).mode & 0o777).toString(8)
}

const folder = () => mkdtempSync(join(tmpdir(), 'reeve-private-'))

test.runIf(isUnix)('a new .reeve and its files are for their owner alone, whatever the umask', async () => {
  const before = process.umask(0)
  onTestFinished(() => void process.umask(before))
  const own = join(folder(), '.reeve')
  expect((await open(join(own, 'reeve.db'))).tightened).toEqual([])
  expect(['', 'reeve.db', 'reeve.db-wal', 'reeve.db-shm'].map((name) => rights(join(own, name)))).toEqual([
    '700',
    '600',
    '600',
    '600',
  ])
})

test.runIf(isUnix)(
  'a .reeve that others could read is tightened with what is in it, and that is said once',
  async () => {
    const own = join(folder(), '.reeve')
    mkdirSync(join(own, 'receivers'), { recursive: true })
    for (const name of ['reeve.db', 'worker.log']) writeFileSync(join(own, name), '')
    for (const name of ['reeve.db', 'worker.log']) chmodSync(join(own, name), 0o644)
    for (const name of ['', 'receivers']) chmodSync(join(own, name), 0o755)
    const { tightened } = await open(join(own, 'reeve.db'))
    expect(tightened.toSorted()).toEqual(
      ['', 'receivers', 'reeve.db', 'worker.log'].map((name) => join(own, name)).toSorted(),
    )
    expect(rights(own)).toBe('700')
    expect(rights(join(own, 'reeve.db-wal'))).toBe('600')
    expect(rights(join(own, 'worker.log'))).toBe('600')
    expect((await open(join(own, 'reeve.db'))).tightened).toEqual([])
  },
)

test.runIf(isUnix)(
  'a database in another folder is made for its owner alone; the folder stays as it is',
  async () => {
    const shared = folder()
    chmodSync(shared, 0o755)
    expect((await open(join(shared, 'data.db'))).tightened).toEqual([])
    expect([rights(shared), rights(join(shared, 'data.db')), rights(join(shared, 'data.db-wal'))]).toEqual([
      '755',
      '600',
      '600',
    ])
  },
)
