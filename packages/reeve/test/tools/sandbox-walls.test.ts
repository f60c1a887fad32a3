import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { BoundedChild } from '../../src/base/process/bounded-child.ts'
import { behindWalls, findWalls, lock } from '../../src/tools/process/walls.ts'
import { runIsolated } from '../../src/tools/sandbox/isolate.ts'
import { resolveLimits } from '../../src/tools/sandbox/limits.ts'
import { LoopbackServer } from './loopback-server.ts'

const folder = mkdtempSync(join(tmpdir(), 'reeve-walls-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Runs the attacker in a process with the walls of this machine, locked as a sandbox is. */
async function attack(
  lockIt: boolean,
): Promise<{ outcomes: Record<string, string>; reached: number; file: string }> {
  const server = await LoopbackServer.start((_request, response) => void response.end('reached'))
  const file = join(folder, `written-${lockIt}`)
  const walls = findWalls()
  const script = fileURLToPath(new URL('./owned-child.ts', import.meta.url))
  const command = behindWalls(walls, [process.execPath, script, String(server.port), file])
  const child = await BoundedChild.start({
    file: command[0]!,
    args: command.slice(1),
    env: {},
    cwd: '/',
    timeoutMs: 15_000,
    maxOutputBytes: 100_000,
  })
  await new Promise((resolve) => child.process.stdout.once('data', resolve))
  if (lockIt) {
    const locked = await lock(walls, child.process.pid!, { memoryBytes: 64 * 1_048_576, cpuSeconds: 20 })
    expect(locked).toBe(true)
  }
  child.write('go')
  const { stdout, stderr } = await child.ended
  const text = stdout.toString().split('\n')[1] ?? ''
  await server.close()
  if (!text.startsWith('{')) throw new Error(`the attacker died: ${text}${stderr}`)
  return { outcomes: JSON.parse(text), reached: server.received.length, file }
}

test.runIf(findWalls().prlimit)('whoever owns a locked process gains nothing', async () => {
  const { outcomes, reached, file } = await attack(true)
  expect(Object.keys(outcomes)).toHaveLength(13)
  expect(Object.entries(outcomes).filter(([, outcome]) => !outcome.startsWith('held'))).toEqual([])
  expect(reached).toBe(0)
  expect(existsSync(file)).toBe(false)
})

test('the same attacker gets through where nothing is locked', async () => {
  const { outcomes, reached, file } = await attack(false)
  expect(outcomes).toMatchObject({ 'read a file': 'escaped', 'run a program': 'escaped', fetch: 'escaped' })
  expect(reached).toBeGreaterThan(0)
  expect(existsSync(file)).toBe(true)
})

test('without a lock nothing runs, unless that is accepted', async () => {
  const walls = { prlimit: undefined, setpriv: undefined, dropsCapabilities: false }
  const interpreter = import.meta.resolve('quickjs-emscripten')
  const readable = [fileURLToPath(interpreter).split('/quickjs-emscripten/')[0]!]
  const script = {
    language: 'javascript',
    code: 'return 7',
    input: null,
    interpreter,
    readable,
    walls,
  } as const
  await expect(runIsolated({ ...script, limits: resolveLimits({}) })).rejects.toMatchObject({
    code: 'sandbox-unavailable',
    details: { sent: false },
  })
  const weaker = await runIsolated({ ...script, limits: resolveLimits({ acceptWeaker: true }) })
  expect(weaker.value).toBe(7)
})
