import { statSync } from 'node:fs'
import module from 'node:module'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { runCommand } from '../../src/cli/run-command.ts'
import type { Asked, Finished } from './hosted.ts'

// Does commands one after another in one process, so that Node and the sources are loaded once and not for each of them.

const places = `file://${tmpdir()}/`

// A file of a project that a test changed is another module: a process of its own would read it anew.
module.registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context)
    if (!found.url.startsWith(places) || found.url.includes('/node_modules/')) return found
    const { mtimeMs, size } = statSync(fileURLToPath(found.url))
    return { ...found, url: `${found.url}?${mtimeMs}-${size}` }
  },
})
for (const stream of [process.stdout, process.stderr]) stream.setMaxListeners(0)

async function finished({ folder, args, environment }: Asked): Promise<Finished> {
  for (const name of Object.keys(process.env)) delete process.env[name]
  Object.assign(process.env, environment)
  process.chdir(folder)
  const said = { stdout: '', stderr: '' }
  const write = { stdout: process.stdout.write, stderr: process.stderr.write }
  for (const name of ['stdout', 'stderr'] as const) {
    process[name].write = ((part: string | Uint8Array, ...more: unknown[]) => {
      said[name] += typeof part === 'string' ? part : Buffer.from(part).toString()
      const done = more.at(-1)
      if (typeof done === 'function') process.nextTick(done as () => void)
      return true
    }) as typeof process.stdout.write
  }
  try {
    return { code: await runCommand(args), ...said }
  } finally {
    process.stdout.write = write.stdout
    process.stderr.write = write.stderr
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.removeAllListeners(signal)
  }
}

let last = Promise.resolve()
process.on('message', (asked: Asked & { id: number }) => {
  last = last.then(async () => {
    process.send!({ id: asked.id, finished: await finished(asked) })
  })
})
process.on('disconnect', () => process.exit())
