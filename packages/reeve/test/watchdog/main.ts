import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startWatchdog, type Watched } from './watched.ts'

/**
 * `npm run test:watchdog`: the watchdog on the real thing. `reeve start` of a project with an SQLite database is killed, stopped,
 * blocked by a run that never yields, and kept from writing (a limit on the size of files in the place of a full disk).
 */
const root = join(import.meta.dirname, '../../../..')
const program = join(root, 'packages/reeve/bin/reeve.js')
const folder = mkdtempSync(join(tmpdir(), 'reeve-watchdog-'))
const options = ['--every', '0.5', '--timeout', '2', '--grace', '3', '--stall', '8', '--starting', '60']

function makeProject(): void {
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  mkdirSync(join(folder, 'workflows'))
  writeFileSync(join(folder, 'package.json'), '{"name":"watched","type":"module","private":true}')
  writeFileSync(
    join(folder, 'reeve.config.ts'),
    `import { defineConfig } from 'reeve'\nexport default defineConfig({ knowledge: [] })\n`,
  )
  const workflow = (name: string, body: string) =>
    writeFileSync(
      join(folder, `workflows/${name}.ts`),
      `import { existsSync, writeFileSync } from 'node:fs'\nimport { workflow } from 'reeve'\nimport { z } from 'zod'\n
export default workflow({ input: z.any(), run: (ctx) => ctx.step('work', () => { ${body} }) })\nvoid [existsSync, writeFileSync]\n`,
    )
  workflow('block', `if (existsSync('blocked')) return 'done'; writeFileSync('blocked', ''); for (;;);`)
  workflow('fill', `return 'x'.repeat(200_000)`)
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  return port
}

async function reeve(...args: string[]): Promise<void> {
  const child = spawn(process.execPath, [program, ...args], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`reeve ${args.join(' ')} ended with ${code}`)
}

const up = (dog: Watched) => dog.says(/it is up/, 90_000)
const pid = async (dog: Watched) => Number((await dog.says(/\(pid (\d+)\)/, 90_000))[1])
const say = (words: string) => process.stdout.write(`${words}\n`)

async function outlives(): Promise<void> {
  const port = String(await freePort())
  const serve = [process.execPath, program, 'start', '--port', port, '--no-open']
  const dog = startWatchdog([...options, '--health', `http://127.0.0.1:${port}/healthz`, '--', ...serve], {
    cwd: folder,
  })
  try {
    const killed = await pid(dog)
    await up(dog)
    process.kill(killed, 'SIGKILL')
    const stopped = await pid(dog)
    await up(dog)
    say('killed: it was started again')
    process.kill(stopped, 'SIGSTOP')
    await dog.says(/it has not answered 3 times in a row/, 60_000)
    await pid(dog)
    await up(dog)
    say('stopped: it was started again')
    await reeve('run', 'block', '--detach')
    await dog.says(/it has not answered 3 times in a row/, 60_000)
    await pid(dog)
    await up(dog)
    say('blocked by a run: it was started again')
  } finally {
    dog.process.kill('SIGTERM')
    const code = await dog.ended
    if (code !== 0) process.exitCode = 1
    say(`told to stop: ended with ${code}`)
  }
}

/** What it writes beyond the limit fails as on a full disk. */
async function cannotWrite(): Promise<void> {
  const port = String(await freePort())
  const limited = `ulimit -f 3000; exec "${process.execPath}" "${program}" start --port ${port} --no-open`
  const then = 'echo "a person was told: $REEVE_WATCHDOG_WHY"'
  const counts = ['--crashes', '2', '--then', then, '--health', `http://127.0.0.1:${port}/healthz`]
  const dog = startWatchdog([...options, ...counts, '--', 'bash', '-c', limited], { cwd: folder })
  try {
    await pid(dog)
    await up(dog)
    for (let run = 0; run < 20; run++) await reeve('run', 'fill', '--detach')
    await dog.says(/it ended with|no progress/, 120_000)
    say('a full disk: it was noticed')
    await dog.says(/a person was told: it ended 2 times/, 240_000)
    say(`a full disk: given up with ${await dog.ended}, and a person was told`)
  } finally {
    dog.process.kill('SIGTERM')
    await dog.ended
  }
}

makeProject()
try {
  await outlives()
  await cannotWrite()
} finally {
  rmSync(folder, { recursive: true, force: true })
}
