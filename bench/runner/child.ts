import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { dirname } from 'node:path'

export interface ChildOptions {
  /** The child's one argument, as JSON. */
  spec: unknown
  limitMs: number
  nodeFlags?: string[]
  env?: NodeJS.ProcessEnv
}

/**
 * Runs a program of the bench in its own process, which ends with this one at the latest.
 * @returns the last line of its stdout, read as JSON
 * @throws when it ends with another code than 0 (with the end of its stderr) or takes longer than `limitMs`
 */
export async function runChild<Report>(program: string, options: ChildOptions): Promise<Report> {
  const { spec, limitMs, nodeFlags = [], env = {} } = options
  const child = spawn(
    process.execPath,
    ['--conditions=reeve-source', ...nodeFlags, program, JSON.stringify(spec)],
    {
      cwd: dirname(program),
      env: { ...process.env, NODE_ENV: 'production', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  const stopWithBench = () => child.kill('SIGKILL')
  process.once('exit', stopWithBench)
  let out = ''
  let complaints = ''
  child.stdout.on('data', (chunk: Buffer) => {
    out = (out + chunk.toString()).slice(-100_000)
  })
  child.stderr.on('data', (chunk: Buffer) => {
    complaints = (complaints + chunk.toString()).slice(-4000)
  })
  let late = false
  const timer = setTimeout(() => {
    late = true
    child.kill('SIGKILL')
  }, limitMs)
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
  clearTimeout(timer)
  process.off('exit', stopWithBench)
  if (late) throw new Error(`not done after ${Math.round(limitMs / 1000)} s`)
  if (code !== 0) throw new Error(`ended with ${signal ?? code}: ${complaints.trim() || 'it said nothing'}`)
  return JSON.parse(out.trim().split('\n').at(-1) ?? '') as Report
}
