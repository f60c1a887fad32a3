import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/base/time/time.ts'
import { verifyRound } from '../../src/store/audit/audit-rounds.ts'
import { AuditThreads } from '../../src/store/audit/audit-threads.ts'
import type { Database } from '../../src/store/database.ts'
import { eventValues, insertEvents } from '../../src/store/journal/journal.ts'
import { checkIntegrity } from '../../src/store/keeping/integrity.ts'
import { emptyLog } from '../../src/store/keeping/space.ts'
import { migrate } from '../../src/store/migrations.ts'
import { openSqlite } from '../../src/store/sqlite/sqlite.ts'
import { addRuns, chainOf, newRun } from './contract/fixtures.ts'

async function openFile(): Promise<{ file: string; database: Database }> {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-integrity-'))
  const file = join(folder, 'reeve.db')
  const database = openSqlite({ file, clock: systemClock })
  onTestFinished(async () => {
    await database.close()
    rmSync(folder, { recursive: true })
  })
  await migrate(database, () => 'identity')
  return { file, database }
}

test('the check of a large file gives way when too much is written beside it, and says what it left out', async () => {
  const { file, database } = await openFile()
  expect(await checkIntegrity(database, { quick: 0 })).toEqual({ problems: [], unchecked: [] })
  // No growth at all is allowed: each check is ended at the first look.
  const { problems, unchecked } = await checkIntegrity(database, { quick: 0, growth: 0 })
  expect(problems).toEqual([])
  expect(unchecked).toEqual(expect.arrayContaining(['events', 'runs', 'meta']))
  await database.run('create table more (content)')
  emptyLog(file)
  expect(statSync(`${file}-wal`).size).toBe(0)
})

test('the check in a process of its own finds what is damaged', async () => {
  const { file, database } = await openFile()
  await database.run('create table filler (content text)')
  await database.run('create index filler_content on filler (content)')
  await database.run(`insert into filler values ('needle and thread')`)
  emptyLog(file)
  const bytes = readFileSync(file)
  bytes.write('noodle', bytes.indexOf('needle and thread'))
  writeFileSync(file, bytes)
  const { problems } = await checkIntegrity(database, { quick: 0 })
  expect(problems.join()).toContain('filler_content')
})

test('threads with connections of their own verify the parts, and a fault in one is told', async () => {
  const { file, database } = await openFile()
  const numbers = Array.from({ length: 2500 }, (_, index) => index + 1)
  await addRuns(database, ...numbers.map((no) => newRun(no, { status: 'succeeded' })))
  await database.bulk(
    insertEvents,
    numbers.map((no) => eventValues(chainOf(no)('run-started', '1'))),
  )
  await database.run(`update events set payload = '2' where run = 1234`)
  const threads = new AuditThreads({ kind: 'sqlite', file }, undefined, 2)
  onTestFinished(() => threads.close())
  const found = await verifyRound(database, 1, { verify: threads.verify, width: threads.width })
  expect(found).toMatchObject({
    runs: 2500,
    events: 2500,
    complete: true,
    faults: [{ runId: 'run1234', seq: 1 }],
  })
  const broken = new AuditThreads({ kind: 'sqlite', file: join(file, 'nowhere.db') }, undefined, 1)
  await expect(broken.verify({ runs: [1] })).rejects.toThrow()
  await expect(broken.verify({ runs: [1] })).rejects.toThrow()
  await broken.close()
})
