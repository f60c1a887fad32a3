import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** The running oracle, shared by all trials of one test run. */
export interface OracleProcess {
  port: number
  stop(): Promise<void>
}

export async function startOracle(folder: string): Promise<OracleProcess> {
  const child: ChildProcess = spawn(process.execPath, [join(import.meta.dirname, 'oracle.ts'), folder], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: childEnvironment(folder),
  })
  const lines = createInterface({ input: child.stdout! })
  const [line] = (await once(lines, 'line')) as [string]
  return {
    port: Number(line),
    async stop() {
      const gone = once(child, 'exit')
      child.stdin!.end()
      await gone
    },
  }
}

/** Nothing of the caller's environment but what a process needs; compiled code is kept, so that victims start fast. */
export function childEnvironment(folder: string): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, NODE_COMPILE_CACHE: join(folder, 'compiled') }
}
