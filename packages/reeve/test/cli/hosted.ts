import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { type Finished, reeve as spawned, variables } from './reeve.ts'

export type { Finished }

/** A command as the host does it. */
export interface Asked {
  folder: string
  args: string[]
  environment: NodeJS.ProcessEnv
}

let host: ChildProcess | undefined
let next = 0

afterAll(() => {
  host?.kill('SIGKILL')
  host = undefined
})

function theHost(): ChildProcess {
  host ??= fork(join(import.meta.dirname, 'command-host.ts'), {
    execArgv: ['--conditions=reeve-source'],
    env: variables({ NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE }),
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  host.setMaxListeners(0)
  return host
}

/**
 * Runs a command to its end, as the binary does, in a process that all commands of a test file share: starting one for each
 * takes most of their time. What is about processes (signals, two at a time, standard input) takes `reeve.ts`.
 */
export async function reeve(
  folder: string,
  args: string[],
  options: { input?: string; environment?: NodeJS.ProcessEnv } = {},
): Promise<Finished> {
  if (options.input !== undefined) return spawned(folder, args, options)
  const shared = theHost()
  const id = next++
  const ended = new AbortController()
  const answer = new Promise<Finished>((resolve) => {
    const hear = (told: { id: number; finished: Finished }) => {
      if (told.id !== id) return
      shared.off('message', hear)
      resolve(told.finished)
    }
    shared.on('message', hear)
  })
  const died = once(shared, 'exit', { signal: ended.signal }).then(([code]) => {
    host = undefined
    throw new Error(`The process of the commands ended with ${code} in: reeve ${args.join(' ')}`)
  })
  died.catch(() => {})
  shared.send({ id, folder, args, environment: variables(options.environment) })
  try {
    return await Promise.race([answer, died])
  } finally {
    ended.abort()
  }
}

/** Runs a command with `--json`; answers its exit code beside what it printed. */
export async function reeveJson<T = Record<string, unknown>>(
  folder: string,
  args: string[],
  options: { environment?: NodeJS.ProcessEnv } = {},
): Promise<T & { code: number | null }> {
  const { code, stdout, stderr } = await reeve(folder, [...args, '--json'], options)
  try {
    return { ...(JSON.parse(stdout) as T), code }
  } catch (cause) {
    throw new Error(`reeve ${args.join(' ')} printed no JSON: ${stdout}${stderr}`, { cause })
  }
}
