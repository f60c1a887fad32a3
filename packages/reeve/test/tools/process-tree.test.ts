import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { z } from 'zod'
import type { Duration } from '../../src/base/time/time.ts'
import { processTool } from '../../src/tools/process/process.ts'
import { hasEnded, pidIn } from './processes.ts'
import { callTool } from './tool-call.ts'

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'reeve-tree-')))
afterAll(() => rmSync(folder, { recursive: true }))

/** Ways to get away from the process that started one: each starts a process that writes its id to `$0` and stays. */
const escapes = {
  'a session of its own': `setsid sh -c 'echo $$ > "$0"; exec sleep 600' "$0" &`,
  'a session of its own that holds the pipes': `setsid sh -c 'echo $$ > "$0"; echo here; sleep 600' "$0" & wait`,
  'a cleared environment and closed files': `setsid env -i /bin/sh -c 'echo $$ > "$0"; exec /bin/sleep 600 0<&- 1>&- 2>&-' "$0" </dev/null >/dev/null 2>&1 &`,
  'another limit on its real-time CPU use': `prlimit --rttime=1000000000 setsid env -i /bin/sh -c 'echo $$ > "$0"; exec /bin/sleep 600 0<&- 1>&- 2>&-' "$0" </dev/null >/dev/null 2>&1 &`,
  'other limits, two forks and a session': `(prlimit --rttime=1000000000 --locks=4096 setsid env -i /bin/sh -c '(/bin/sh -c "echo \\$\\$ > \\"\\$0\\"; exec /bin/sleep 600" "$0" </dev/null >/dev/null 2>&1 &) &' "$0" &)`,
  'two forks': `(setsid sh -c '(setsid sh -c "echo \\$\\$ > \\"\\$0\\"; exec sleep 600" "$0" &) &' "$0" &)`,
}

function shell(name: string, timeout: Duration) {
  return processTool({
    name: 'run.shell',
    description: 'Run it',
    executable: '/bin/sh',
    input: z.object({ script: z.string() }),
    args: ({ script }) => ['-c', script, join(folder, name)],
    folder,
    timeout,
    env: { PATH: '/usr/bin:/bin' },
    effect: 'idempotent',
  })
}

test.each(Object.entries(escapes))(
  'a process with %s is killed with the tool that started it',
  async (how, start) => {
    const name = how.replaceAll(' ', '-')
    const wait = `${start}\nuntil [ -s "$0" ]; do :; done`
    const { exitCode } = await callTool(shell(name, '60s'), { script: wait.replace('& wait\n', '&\n') })
    expect(exitCode).toBe(0)
    expect(await hasEnded(await pidIn(join(folder, name)))).toBe(true)
  },
)

test.each(Object.entries(escapes))(
  'a process with %s does not hold a call beyond its time',
  async (how, start) => {
    const name = `${how.replaceAll(' ', '-')}-late`
    const stay = `${start}\nuntil [ -s "$0" ]; do :; done; exec sleep 600`
    const call = callTool(shell(name, '2s'), { script: stay })
    await expect(call).rejects.toMatchObject({ code: 'process-timeout' })
    expect(await hasEnded(await pidIn(join(folder, name)))).toBe(true)
  },
)

test('an aborted call ends what its program started in a session of its own', async () => {
  const stop = new AbortController()
  const script = `${escapes['a session of its own that holds the pipes']}`
  const call = callTool(shell('aborted', '60s'), { script }, { signal: stop.signal })
  const pid = await pidIn(join(folder, 'aborted'))
  stop.abort(new Error('the run was cancelled'))
  await expect(call).rejects.toThrow('the run was cancelled')
  expect(await hasEnded(pid)).toBe(true)
})

test('the tree of a call ends with the worker that made it, even when that is killed', async () => {
  const file = join(folder, 'orphan')
  const program = join(folder, 'worker.ts')
  const url = (name: string) => JSON.stringify(fileURLToPath(new URL(`../../src/${name}`, import.meta.url)))
  writeFileSync(
    program,
    `import { BoundedChild } from ${url('base/process/bounded-child.ts')}
    const script = ${JSON.stringify(`${escapes['a cleared environment and closed files']}\nexec sleep 600`)}
    await BoundedChild.start({ file: '/bin/sh', args: ['-c', script, ${JSON.stringify(file)}],
      env: { PATH: '/usr/bin:/bin' }, cwd: '/', timeoutMs: 600_000, maxOutputBytes: 1000 })`,
  )
  const worker = spawn(process.execPath, [program], { stdio: 'inherit' })
  const pid = await pidIn(file)
  worker.kill('SIGKILL')
  await once(worker, 'exit')
  expect(await hasEnded(pid)).toBe(true)
})
