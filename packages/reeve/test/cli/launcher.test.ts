import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import {
  emptyFolder,
  ended,
  packageFolder,
  project,
  reeve,
  reeveJson,
  said,
  start,
  startOlder,
} from './reeve.ts'

test('with an older Node on the path a command runs in the newer one, and its exit code comes back', async () => {
  const folder = project()
  const done = await ended(startOlder(folder, ['run', 'greet', '--input', '{"name":"Ada"}', '--json']))
  expect(JSON.parse(done.stdout)).toMatchObject({ status: 'succeeded', output: { greeting: 'Hello Ada' } })
  expect(done.code).toBe(0)
  const { stdout } = await ended(startOlder(folder, ['doctor']))
  expect(stdout).toContain(`Node ${process.versions.node}`)
  expect(await ended(startOlder(folder, ['run', 'nobody']))).toMatchObject({ code: 2 })
})

test.each([
  ['dev', 'SIGINT', 'reeve serves'],
  ['start', 'SIGTERM', 'reeve is serving'],
  ['worker', 'SIGHUP', 'reeve is working'],
] as const)(
  'the launcher of %s passes %s on, and ends as the worker does',
  async (command, signal, ready) => {
    const folder = project()
    const launcher = startOlder(folder, [command])
    const finished = ended(launcher)
    await said(launcher.stdout, ready)
    launcher.kill(signal)
    expect(await finished).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('calls in progress may finish'),
    })
    expect((await reeve(folder, ['doctor'])).stdout).toMatch(/workers +none/)
  },
)

test('a worker whose shell npm ended stops as at SIGTERM', async () => {
  const folder = project()
  const line = `"${process.execPath}" "${join(packageFolder, 'bin/reeve.js')}" start; exit`
  const env = {
    PATH: process.env.PATH,
    REEVE_PORT: '0',
    npm_lifecycle_event: 'npx',
    npm_lifecycle_script: "'reeve'",
  }
  const shell = spawn('/bin/sh', ['-c', line], { cwd: folder, env, detached: true })
  onTestFinished(() => {
    try {
      process.kill(-shell.pid!, 'SIGKILL')
    } catch {
      // All of them have ended.
    }
  })
  // The worker has the shell's output: it ends with the worker.
  const finished = ended(shell)
  await said(shell.stdout, 'reeve is serving')
  shell.kill('SIGTERM')
  expect((await finished).stderr).toContain('calls in progress may finish')
  expect((await reeve(folder, ['doctor'])).stdout).toMatch(/workers +none/)
})

test('a signal that a terminal sends to both counts once', async () => {
  const folder = project()
  writeFileSync(
    join(folder, 'workflows/gate.ts'),
    `import { existsSync, writeFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { workflow } from 'reeve'
import { z } from 'zod'
export default workflow({
  input: z.object({}),
  async run(ctx) {
    await ctx.step('act', async () => {
      writeFileSync('acting', '')
      while (!existsSync('open')) await delay(20)
      return 'acted'
    })
    await ctx.sleep('1d')
  },
})`,
  )
  const launcher = startOlder(folder, ['run', 'gate'])
  const finished = ended(launcher)
  await vi.waitFor(() => expect(existsSync(join(folder, 'acting'))).toBe(true), 30_000)
  process.kill(-launcher.pid!, 'SIGINT')
  await said(launcher.stderr, 'calls in progress may finish')
  // A second signal would not wait for what acts.
  writeFileSync(join(folder, 'open'), '')
  expect((await finished).code).toBe(130)
  const { runs } = await reeveJson<{ runs: { id: string }[] }>(folder, ['runs'])
  expect((await reeve(folder, ['show', runs[0]!.id, '--events'])).stdout).toContain('acted')
})

test.each([
  ['dev', [], 'reeve serves'],
  ['start', [], 'reeve is serving'],
  ['worker', [], 'reeve is working'],
  ['run', ['nap', '--follow'], 'timer-set'],
] as const)('a launcher of %s that is killed leaves nobody who acts', async (command, args, ready) => {
  const folder = project()
  const launcher = startOlder(folder, [command, ...args])
  // Ended: when nobody holds its output any more, the worker neither.
  const finished = ended(launcher)
  await said(launcher.stdout, ready)
  launcher.kill('SIGKILL')
  expect((await finished).stderr).toContain('calls in progress may finish')
  expect((await reeve(folder, ['doctor'])).stdout).toMatch(/workers +none/)
})

test('a launcher ends by the signal that ended the command', async () => {
  const folder = project()
  writeFileSync(
    join(folder, 'workflows/die.ts'),
    `import { workflow } from 'reeve'
import { z } from 'zod'
export default workflow({ input: z.object({}), run: async () => process.kill(process.pid, 'SIGKILL') })`,
  )
  expect(await once(startOlder(folder, ['run', 'die']), 'exit')).toEqual([null, 'SIGKILL'])
})

test('a newer Node that is started directly heeds no launcher', async () => {
  const folder = project()
  const child = start(folder, ['worker'], { REEVE_LAUNCHER: 'v20.0.0' })
  await said(child.stdout, 'reeve is working')
  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([0, null])
})

/** The launcher alone, in a project whose package `node` is as given. */
function projectWith(node?: { version: string; binary?: string }): string {
  const folder = emptyFolder()
  const reeveFolder = join(folder, 'node_modules/reeve')
  cpSync(join(packageFolder, 'bin'), join(reeveFolder, 'bin'), { recursive: true })
  cpSync(join(packageFolder, 'package.json'), join(reeveFolder, 'package.json'))
  if (!node) return folder
  const place = join(folder, 'node_modules/node')
  mkdirSync(join(place, 'bin'), { recursive: true })
  writeFileSync(join(place, 'package.json'), JSON.stringify({ name: 'node', version: node.version }))
  if (node.binary !== undefined) writeFileSync(join(place, 'bin/node'), node.binary)
  if (node.binary?.startsWith('#!')) chmodSync(join(place, 'bin/node'), 0o755)
  return folder
}

test.each([
  [
    'there is none',
    undefined,
    /install Node 24 or newer \(https:\/\/nodejs\.org\), or .*npm install node@24/,
  ],
  [
    'it is too old itself',
    { version: '22.3.0' },
    /is 22\.3\.0, which is too old as well.*npm install node@24/,
  ],
  [
    'its install script did not run',
    { version: '24.21.0' },
    /no binary.*npm approve-scripts node && npm rebuild node/,
  ],
  [
    'it cannot be started',
    { version: '24.21.0', binary: 'damaged' },
    /does not start: .*EACCES.*npm rebuild node/,
  ],
])(
  'with an older Node and a package `node` of which %s, one sentence says what to do',
  async (_why, node, sentence) => {
    const folder = projectWith(node)
    const bin = join(folder, 'node_modules/reeve/bin/reeve.js')
    const { code, stdout, stderr } = await ended(startOlder(folder, ['runs'], bin))
    expect(stderr).toMatch(/^reeve: Reeve needs Node 24 or newer; this is v\d\d\.\S+ \(.*\)\. [^\n]+\n$/)
    expect(stderr).toMatch(sentence)
    expect(stdout).toBe('')
    expect(code).toBe(2)
    const json = await ended(startOlder(folder, ['runs', '--json'], bin))
    expect(JSON.parse(json.stdout)).toMatchObject({
      error: { code: 'node-too-old', message: expect.stringMatching(sentence) },
    })
  },
)

test('a pinned Node that starts a command is told what the command was', async () => {
  const folder = projectWith({ version: '24.21.0', binary: '#!/bin/sh\nshift\necho "$@"\nexit 7\n' })
  const bin = join(folder, 'node_modules/reeve/bin/reeve.js')
  const done = await ended(startOlder(folder, ['show', 'a b', '--json'], bin))
  expect(done).toMatchObject({ code: 7, stdout: 'show a b --json\n' })
  expect(await reeveJson(project(), ['runs'])).toMatchObject({ code: 0 })
})
