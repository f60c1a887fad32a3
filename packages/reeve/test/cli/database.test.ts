import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { reeve, reeveJson } from './hosted.ts'
import { project, type Rested, said, start, tamper } from './reeve.ts'

const reply = ['run', 'reply', '--input', '{"to":"bo@example.com","text":"Hi"}']

test('migrate says from which version to which it brought the database', async () => {
  const folder = project()
  const first = await reeveJson<{ to: number }>(folder, ['migrate'])
  expect(first).toMatchObject({ code: 0, from: 0, database: join(folder, '.reeve/reeve.db') })
  expect(first.to).toBeGreaterThan(0)
  expect(await reeveJson(folder, ['migrate'])).toMatchObject({ code: 0, from: first.to, to: first.to })
  tamper(folder, `update meta set value = '99' where name = 'schema'`)
  expect(await reeveJson(folder, ['migrate'])).toMatchObject({ code: 2, error: { code: 'database-newer' } })
})

test('db copy moves a run that waits for a person, and it goes on in the copy', async () => {
  const folder = project()
  const waiting = await reeveJson<Rested>(folder, reply)
  const copied = await reeve(folder, ['db', 'copy', '--yes', 'file:.reeve/reeve.db', 'file:copy.db'])
  expect(copied.stdout).toMatch(/1 runs with \d+ events; every row is the same and every chain holds/)
  expect(copied.stdout).toContain('1 waiting: they continue there')
  expect(copied.stderr).toMatch(/events: (\d+) of \1\n/)
  expect(copied.code).toBe(0)
  const environment = { DATABASE_URL: 'file:copy.db' }
  const { code, stdout } = await reeve(folder, ['approve', waiting.approvals[0]!.id, '--work'], {
    environment,
  })
  expect(stdout).toMatch(/effect-completed.*succeeded/s)
  expect(code).toBe(0)
  expect((await reeve(folder, ['audit', 'verify'], { environment })).code).toBe(0)
})

test('db copy refuses a source at work, a target with data, and places that are none, each with what to do', async () => {
  const folder = project()
  const child = start(folder, ['worker'])
  await said(child.stdout, 'reeve is working')
  const copy = (from: string, to: string) => reeveJson(folder, ['db', 'copy', '--yes', from, to])
  expect(await copy('file:.reeve/reeve.db', 'file:copy.db')).toMatchObject({
    code: 2,
    error: { code: 'copy-source-busy', message: expect.stringContaining(`process ${child.pid} on `) },
  })
  child.kill('SIGKILL')
  await new Promise((resolve) => child.once('exit', resolve))
  expect(await copy('file:.reeve/reeve.db', 'file:copy.db')).toMatchObject({ code: 0, runs: 0 })
  expect(await copy('file:.reeve/reeve.db', 'file:second.db')).toMatchObject({
    code: 2,
    error: { code: 'database-moved' },
  })
  expect(await reeveJson(folder, ['db', 'reopen'])).toMatchObject({ code: 0, reopened: true })
  await reeveJson<Rested>(folder, reply)
  expect(await copy('file:copy.db', 'file:.reeve/reeve.db')).toMatchObject({
    code: 2,
    error: { code: 'copy-target-not-empty' },
  })
  expect(await copy('file:nowhere.db', 'file:other.db')).toMatchObject({
    code: 2,
    error: { code: 'copy-source', message: expect.stringContaining('there is no file') },
  })
  expect(await copy('mysql://root:secret@host/db', 'file:other.db')).toMatchObject({
    code: 2,
    error: { code: 'bad-database-url', message: expect.not.stringContaining('secret') },
  })
})

test('a second project on one database is refused until it is said to be the same; doctor shows whose it is', async () => {
  const [shop, store] = [project(), project()]
  writeFileSync(join(shop, 'package.json'), '{"name":"shop"}')
  writeFileSync(join(store, 'package.json'), '{"name":"store"}')
  const environment = { DATABASE_URL: `file:${join(shop, 'shared.db')}` }
  expect((await reeve(shop, ['run', 'greet', '--input', '{"name":"Ada"}'], { environment })).code).toBe(0)
  const refused = await reeve(store, ['worker'], { environment })
  expect(refused.stderr).toMatch(/belongs to the project "shop", and this one is "store".*reeve db adopt/)
  expect(refused.code).toBe(2)
  expect((await reeve(store, ['doctor'], { environment })).stdout).toMatch(
    /✗ project .*"shop".*of the project shop\n/s,
  )
  const adopted = await reeve(store, ['db', 'adopt'], { environment })
  expect(adopted.stdout).toMatch(/belongs now to the project "store", known before as "shop"/)
  const checked = await reeve(store, ['doctor'], { environment })
  expect(checked.stdout).toContain('of the project store (before: shop)')
  expect(checked.code).toBe(0)
  expect((await reeve(shop, ['run', 'greet', '--input', '{"name":"Ada"}'], { environment })).code).toBe(0)
})

test('a name in the configuration that is none is refused', async () => {
  const folder = project()
  writeFileSync(join(folder, 'reeve.config.ts'), "export default { name: ' ' }")
  expect(await reeveJson(folder, ['migrate'])).toMatchObject({ code: 0 })
  expect(await reeveJson(folder, ['db', 'adopt'])).toMatchObject({ code: 2, error: { code: 'bad-config' } })
})

test('after db copy the old database can be read; all else is refused with where it went, until it is reopened', async () => {
  const folder = project()
  const { runId: run, approvals } = await reeveJson<Rested>(folder, reply)
  expect((await reeve(folder, ['db', 'copy', '--yes', 'file:.reeve/reeve.db', 'file:copy.db'])).code).toBe(0)
  const approve = ['approve', approvals[0]!.id, '--work']
  for (const args of [['worker'], ['start'], ['dev'], reply, approve, ['cancel', run], ['retry', run]]) {
    expect(await reeveJson(folder, args)).toMatchObject({
      code: 2,
      error: {
        code: 'database-moved',
        message: expect.stringContaining(`was copied to ${join(folder, 'copy.db')}, where its runs go on`),
      },
    })
  }
  for (const args of [['runs'], ['show', run], ['audit', 'verify']]) {
    expect((await reeve(folder, args)).code).toBe(0)
  }
  const checked = await reeve(folder, ['doctor'])
  expect(checked.stdout).toMatch(/✗ database .* was copied to .*copy\.db\n.*reeve db reopen/)
  expect(checked.code).not.toBe(0)
  const opened = await reeve(folder, ['db', 'reopen'])
  expect(opened.stdout).toMatch(/is open again\. Start no worker on its copy .*copy\.db/)
  expect((await reeve(folder, ['db', 'reopen'])).stdout).toContain('is open: it was not copied')
  expect((await reeve(folder, approve)).code).toBe(0)
})
