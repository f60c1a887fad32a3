import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { type DockerSandbox, runInDocker } from '../../src/tools/sandbox/docker.ts'

const folder = mkdtempSync(join(tmpdir(), 'reeve-docker-'))
afterAll(() => rmSync(folder, { recursive: true }))
const image = `python@sha256:${'a'.repeat(64)}`

/** Stands in for docker: it writes down its arguments, knows one runtime, and runs what follows the image. */
function fakeDocker(name: string, run: string): DockerSandbox & { calls: () => string[][] } {
  const executable = join(folder, name)
  const log = join(folder, `${name}.log`)
  writeFileSync(
    executable,
    `#!${process.execPath}
const { appendFileSync } = require('node:fs')
const { spawnSync } = require('node:child_process')
const args = process.argv.slice(2)
appendFileSync(${JSON.stringify(log)}, JSON.stringify(args) + '\\n')
if (args[0] === 'info') { console.log('{"runc":{},"runsc":{}}'); process.exit(0) }
if (args[0] === 'rm') process.exit(0)
const command = args.slice(args.indexOf(${JSON.stringify(image)}) + 1)
${run}
`,
    { mode: 0o700 },
  )
  const calls = () =>
    existsSync(log)
      ? readFileSync(log, 'utf8')
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line))
      : []
  return { executable, image, runtime: 'runsc', calls }
}

const node = `const found = command[0] === 'node' ? process.execPath : '/usr/bin/python3'
process.exit(spawnSync(found, command.slice(1), { stdio: 'inherit' }).status)`

test('runs code in a container that has nothing', async () => {
  const docker = fakeDocker('docker-works', node)
  const code = 'console.log("adding"); return input.a + 1'
  const result = await runInDocker(docker, 'javascript', code, { a: 1 }, { memoryBytes: 1_048_576 })
  expect(result).toEqual({ value: 2, logs: ['adding'] })
  const [, run] = docker.calls()
  const flags = run!.slice(0, run!.indexOf(image)).join(' ')
  for (const flag of [
    '--rm',
    '--pull never',
    '--runtime runsc',
    '--network none',
    '--read-only',
    '--cap-drop ALL',
    '--security-opt no-new-privileges',
    '--user 65534:65534',
    '--pids-limit 64',
    '--memory 68157440b',
    '--memory-swap 68157440b',
  ]) {
    expect(flags).toContain(flag)
  }
  expect(run!.join(' ')).not.toContain('adding')
})

test.runIf(existsSync('/usr/bin/python3'))('runs Python and keeps its mistakes apart', async () => {
  const docker = fakeDocker('docker-python', node)
  const ran = await runInDocker(docker, 'python', 'print("x")\nresult = input["a"] + 1', { a: 1 })
  expect(ran).toEqual({ value: 2, logs: ['x'] })
  await expect(runInDocker(docker, 'python', 'raise ValueError("no")')).rejects.toMatchObject({
    code: 'script-failed',
  })
})

test('a container that floods is removed by its name', async () => {
  const docker = fakeDocker(
    'docker-floods',
    `const line = 'x'.repeat(65536); for (;;) require('node:fs').writeSync(1, line)`,
  )
  await expect(runInDocker(docker, 'javascript', 'return 1')).rejects.toMatchObject({ code: 'script-output' })
  const [, run, removal] = docker.calls()
  expect(removal).toEqual(['rm', '--force', run![run!.indexOf('--name') + 1]])
})

test.each([
  [{ executable: 'docker' }, 'sandbox-unavailable', /absolute/],
  [{ executable: '/nowhere/docker' }, 'sandbox-unavailable', /could not be started/],
  [{ runtime: 'kata' }, 'sandbox-unavailable', /no runtime "kata"/],
  [{ image: 'python:3' }, 'bad-image', /digest/],
])('refuses %j before anything runs', async (part, code, message) => {
  const docker = fakeDocker('docker-refuses', node)
  const running = runInDocker({ ...docker, ...part }, 'javascript', 'return 1')
  await expect(running).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
  expect(docker.calls().every(([command]) => command === 'info')).toBe(true)
})
