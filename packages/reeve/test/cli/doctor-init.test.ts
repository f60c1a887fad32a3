import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { reeve, reeveJson } from './hosted.ts'
import { project, type Rested, tamper, temporaryFolder } from './reeve.ts'

interface Doctor {
  findings: { what: string; state: string; found: string; advice?: string }[]
}

test('doctor tells what is there and what is missing, and drives nothing', async () => {
  const folder = project()
  await reeveJson(folder, ['run', 'greet', '--input', '{"name":"Ada"}', '--detach'])
  const report = await reeveJson<Doctor>(folder, ['doctor'])
  expect(report).toMatchObject({ code: 0, ok: true, errors: 0 })
  const found = (what: string) => report.findings.find((finding) => finding.what === what)
  expect(found('node')?.found).toContain(process.versions.sqlite)
  expect(found('route')).toMatchObject({
    state: 'warning',
    found: expect.stringContaining('ANTHROPIC_API_KEY'),
  })
  expect(found('knowledge')).toMatchObject({ state: 'ok', found: '1 documents, 1 passages' })
  expect(found('workers')).toMatchObject({ state: 'warning', found: 'none, and 1 runs could continue' })
  expect(found('runs')?.found).toBe('1 queued')
})

test('doctor ends with 1 at a broken project, and still checks the rest', async () => {
  const folder = project()
  writeFileSync(join(folder, 'workflows/broken.ts'), 'export default {')
  const { code, stdout } = await reeve(folder, ['doctor'])
  expect(stdout).toMatch(/✗ project +.*broken\.ts/)
  expect(stdout).toMatch(/✓ integrity/)
  expect(code).toBe(1)
})

test('doctor warns of a clock that went back', async () => {
  const folder = project()
  await reeveJson(folder, ['run', 'greet', '--input', '{"name":"Ada"}'])
  tamper(folder, 'update events set at = at + 3600000')
  const { findings } = await reeveJson<Doctor>(folder, ['doctor'])
  expect(findings.find(({ what }) => what === 'clock')).toMatchObject({ state: 'warning' })
})

test('numbers that are beyond what is safe keep no command from answering, and doctor finds them', async () => {
  const folder = project()
  const { runId: run } = await reeveJson<{ runId: string }>(folder, [
    'run',
    'greet',
    '--input',
    '{"name":"Ada"}',
    '--detach',
  ])
  tamper(
    folder,
    'update runs set available_at = 9007201000000000, priority = 9007201000000000, wake_at = 1.5e18',
  )
  for (const args of [
    ['runs'],
    ['show', run],
    ['show', run, '--events'],
    ['approvals'],
    ['queues'],
    ['audit', 'verify'],
  ]) {
    expect((await reeve(folder, args)).code, args.join(' ')).toBeLessThan(4)
    expect((await reeveJson(folder, args)).code, args.join(' ')).toBeLessThan(4)
  }
  const { code, findings } = await reeveJson<Doctor>(folder, ['doctor'])
  expect(code).toBe(1)
  expect(findings.find(({ what }) => what === 'numbers')).toMatchObject({
    state: 'error',
    found: expect.stringContaining(run),
  })
  expect(await reeveJson(folder, ['cancel', run])).toMatchObject({ code: 0, status: 'cancelled' })
})

test('init makes a project that runs and whose test passes', async () => {
  const parent = temporaryFolder()
  expect(await reeveJson(parent, ['init', 'My Shop', '--yes'])).toMatchObject({ code: 0 })
  const folder = join(parent, 'My Shop')
  expect(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))).toMatchObject({ name: 'my-shop' })
  const input = '{"message":"Where is my order A-12345?"}'
  const waiting = await reeveJson<Rested>(folder, ['run', 'order-question', '--input', input])
  expect(waiting).toMatchObject({ code: 3, approvals: [{ shown: { order: 'A-12345' } }] })
  expect(await reeveJson(folder, ['approve', waiting.approvals[0]!.id, '--work'])).toMatchObject({
    output: { answered: true },
  })
  const tested = spawnSync(process.execPath, ['--test'], {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, NODE_OPTIONS: '--conditions=reeve-source' },
  })
  expect(tested.stdout).toMatch(/pass 1/)
  expect(tested.status).toBe(0)
})

test('init refuses a folder that is not empty', async () => {
  expect(await reeveJson(project(), ['init'])).toMatchObject({ code: 2, error: { code: 'not-empty' } })
})

test('help tells the exit codes and the version is the package’s', async () => {
  const { code, stdout } = await reeve(temporaryFolder(), ['--help'])
  expect(stdout).toMatch(/Exit codes:.*3 +the run waits: for a person/s)
  expect(code).toBe(0)
  const manifest = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as {
    version: string
  }
  expect((await reeve(temporaryFolder(), ['--version'])).stdout.trim()).toBe(manifest.version)
})
