import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { ReaderProcess } from '../../src/tools/process/reader-process.ts'
import { hasEnded, pidIn } from './processes.ts'

const module = new URL('../fixtures/reader/reader.ts', import.meta.url)
const readerProcess = fileURLToPath(new URL('../../src/tools/process/reader-process.ts', import.meta.url))

function reader(options: { timeout?: number; maxBytes?: number; memoryBytes?: number } = {}) {
  const built = new ReaderProcess<{ text: string; bytes?: Uint8Array; file?: string }, { text: string }>({
    what: 'letter',
    module,
    timeout: '60s',
    ...options,
  })
  onTestFinished(() => built.close())
  return built
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-reader-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

afterEach(() => vi.unstubAllEnvs())

test('reads one input after the other, and knows nothing of the environment', async () => {
  vi.stubEnv('MY_SECRET', 'canary')
  const letters = reader()
  const read = ['a', 'b', 'c'].map((text) => letters.read({ text, bytes: Buffer.from('\u0000ÿ') }))
  expect(await Promise.all(read)).toEqual(['A', 'B', 'C'].map((text) => ({ text, bytes: 3, secrets: [] })))
})

test('what cannot be read costs that input alone', async () => {
  const letters = reader({ memoryBytes: 64 * 1_048_576 })
  const all = await Promise.allSettled(
    ['a', 'broken', 'hoard', 'b', 'crash', 'c'].map((text) => letters.read({ text })),
  )
  expect(all).toMatchObject([
    { value: { text: 'A' } },
    { reason: { code: 'not-read', message: 'This letter could not be read: it is broken.' } },
    { reason: { code: 'not-read', message: expect.stringContaining('too much memory') } },
    { value: { text: 'B' } },
    { reason: { code: 'not-read' } },
    { value: { text: 'C' } },
  ])
})

test('what takes long because its process gets no time is read, up to twelve times as late', async () => {
  const letters = reader({ timeout: 500 })
  expect(await letters.read({ text: 'rest 2000' })).toMatchObject({ text: 'REST 2000' })
  await expect(letters.read({ text: 'rest 600000' })).rejects.toMatchObject({ code: 'not-read' })
})

test('the time that the process takes to start is not that of the first input', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const folder = newFolder()
  const [begun, go, slow] = ['begun', 'go', 'slow.ts'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  writeFileSync(
    slow,
    `import { existsSync, writeFileSync } from 'node:fs'
    import { serveReader } from ${JSON.stringify(readerProcess)}
    writeFileSync(${JSON.stringify(begun)}, String(process.pid))
    const cell = new Int32Array(new SharedArrayBuffer(4))
    while (!existsSync(${JSON.stringify(go)})) Atomics.wait(cell, 0, 0, 10)
    serveReader((text) => text.toUpperCase())`,
  )
  const letters = new ReaderProcess<string, string>({
    what: 'letter',
    module: pathToFileURL(slow),
    timeout: 1000,
  })
  onTestFinished(() => letters.close())
  const answer = letters.read('a')
  await pidIn(begun)
  vi.advanceTimersByTime(5000)
  writeFileSync(go, '')
  expect(await answer).toBe('A')
})

test('a reader that is kept busy is ended, and nothing else waits meanwhile', async () => {
  const letters = reader({ timeout: 1500 })
  const before = process.threadCpuUsage()
  await expect(letters.read({ text: 'endless' })).rejects.toMatchObject({
    code: 'not-read',
    message: expect.stringContaining('1500 ms'),
  })
  const { user, system } = process.threadCpuUsage(before)
  expect((user + system) / 1000).toBeLessThan(1000)
})

test('what is too large is refused before it is sent, and a closed reader reads nothing', async () => {
  const letters = reader({ maxBytes: 10 })
  await expect(letters.read({ text: 'a' }, 11)).rejects.toMatchObject({ code: 'input-too-large' })
  const waiting = letters.read({ text: 'endless' })
  letters.close()
  await expect(waiting).rejects.toMatchObject({ code: 'not-read' })
  await expect(letters.read({ text: 'a' })).rejects.toMatchObject({ code: 'not-read' })
})

test('what a reader was made to start ends with it', async () => {
  const file = join(newFolder(), 'left')
  await expect(reader().read({ text: 'leave', file })).rejects.toMatchObject({ code: 'not-read' })
  expect(await hasEnded(await pidIn(file))).toBe(true)
})

test('a reader that is kept busy ends with its owner, even when that is killed', async () => {
  const folder = newFolder()
  const file = join(folder, 'busy')
  const program = join(folder, 'owner.ts')
  const code = JSON.stringify(readerProcess)
  writeFileSync(
    program,
    `import { ReaderProcess } from ${code}
    const letters = new ReaderProcess({ what: 'letter', module: new URL(${JSON.stringify(module.href)}), timeout: '10m' })
    await letters.read({ text: 'endless', file: ${JSON.stringify(file)} })`,
  )
  const owner = spawn(process.execPath, ['--conditions=reeve-source', program], { stdio: 'inherit' })
  const pid = await pidIn(file)
  owner.kill('SIGKILL')
  await once(owner, 'exit')
  expect(await hasEnded(pid)).toBe(true)
})
