import { statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { reeve, reeveJson } from './hosted.ts'
import { ended, project, said, start } from './reeve.ts'

const greet = ['run', 'greet', '--input', '{"name":"Ada"}']
const mib = 1024 * 1024

interface Compacted {
  code: number
  way: string
  before: number
  after: number
  complete: boolean
}

/** A project whose database holds 24 MiB of nothing, as after pruning. `old`: its file was made without slices. */
async function spacious({ old = false } = {}): Promise<{ folder: string; file: string }> {
  const folder = project()
  await reeveJson(folder, greet)
  const file = join(folder, '.reeve/reeve.db')
  const database = new DatabaseSync(file)
  if (old) database.exec('pragma auto_vacuum = none; vacuum')
  database.exec('create table filler (content)')
  const insert = database.prepare('insert into filler values (zeroblob(?))')
  for (let count = 0; count < 24; count++) insert.run(mib)
  database.exec('drop table filler; pragma wal_checkpoint(truncate)')
  database.close()
  expect(statSync(file).size).toBeGreaterThan(24 * mib)
  return { folder, file }
}

test('compact asks first, then writes the file anew and says how many bytes are left', async () => {
  const { folder, file } = await spacious({ old: true })
  const refused = await reeve(folder, ['compact'])
  expect(refused.code).toBe(2)
  expect(refused.stderr).toMatch(/has \d+ bytes, 24\.\d MiB of them empty.*reeve compact --yes/s)
  expect(statSync(file).size).toBeGreaterThan(24 * mib)
  const { code, way, before, after } = await reeveJson<Compacted>(folder, ['compact', '--yes'])
  expect([code, way]).toEqual([0, 'whole'])
  expect(before).toBeGreaterThan(24 * mib)
  expect(after).toBeLessThan(mib)
  expect(statSync(file).size).toBe(after)
  expect(await reeveJson(folder, greet)).toMatchObject({ status: 'succeeded' })
  // From now on it can be done in slices.
  const database = new DatabaseSync(file, { readOnly: true })
  expect(database.prepare('pragma auto_vacuum').get()).toEqual({ auto_vacuum: 2 })
  database.close()
})

test('beside a worker it goes in slices, and the worker goes on; an old file must be written anew without one', async () => {
  for (const old of [false, true]) {
    const { folder, file } = await spacious({ old })
    const child = start(folder, ['worker'])
    const finished = ended(child)
    await said(child.stdout, 'reeve is working')
    if (old) {
      const refused = await reeve(folder, ['compact', '--yes'])
      expect(refused.stderr).toMatch(/made by an older Reeve.*process \d+ on .*Stop every worker/s)
      expect(refused.code).toBe(2)
      expect(statSync(file).size).toBeGreaterThan(24 * mib)
    } else {
      const compacted = await reeveJson<Compacted>(folder, ['compact', '--yes'])
      expect(compacted).toMatchObject({ code: 0, way: 'slices', complete: true })
      expect(compacted.after).toBeLessThan(2 * mib)
    }
    expect(await reeveJson(folder, [...greet, '--detach'])).toMatchObject({ code: 0 })
    child.kill('SIGTERM')
    expect((await finished).code).toBe(0)
    expect(await reeveJson(folder, ['audit', 'verify'])).toMatchObject({ ok: true })
  }
})
