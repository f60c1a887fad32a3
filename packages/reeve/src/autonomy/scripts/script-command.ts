import { accessSync, closeSync, constants, openSync, readSync } from 'node:fs'
import { delimiter, dirname, extname, join } from 'node:path'
import { readVariables } from '../../base/config.ts'
import { systemProgram } from '../../base/process/system-program.ts'
import type { ScriptManifest } from './script.ts'

/** Node maps more than it uses before the first line of a program runs. */
const nodeOwnBytes = 1_073_741_824

/** The command that runs a program: JavaScript and TypeScript by the Node that runs this, others by their first line. */
export function interpreterFor(path: string, { memoryBytes }: Pick<ScriptManifest, 'memoryBytes'>): string[] {
  const ending = extname(path)
  if (['.mjs', '.js', '.ts'].includes(ending)) {
    const heap = `--max-old-space-size=${Math.max(16, Math.floor(memoryBytes / 1_048_576))}`
    return [process.execPath, heap, '--disable-warning=ExperimentalWarning', path]
  }
  if (isExecutable(path) && beginsWithShebang(path)) return [path]
  if (ending === '.py') return [onPath('python3') ?? '/usr/bin/python3', path]
  if (ending === '.sh') return ['/bin/sh', path]
  return [path]
}

/** What it may take: memory, and no core dumps, no new privileges; it ends with this process. */
export function limitsFor(path: string, { memoryBytes, timeoutMs }: ScriptManifest): string[] {
  const prlimit = systemProgram('prlimit')
  const setpriv = systemProgram('setpriv')
  const isNode = ['.mjs', '.js', '.ts'].includes(extname(path))
  const data = memoryBytes + (isNode ? nodeOwnBytes : 0)
  const cpu = Math.ceil(timeoutMs / 1000) * 4 + 10
  return [
    ...(prlimit ? [prlimit, '--core=0:0', `--data=${data}:${data}`, `--cpu=${cpu}:${cpu}`] : []),
    ...(setpriv ? [setpriv, '--no-new-privs', '--pdeathsig', 'KILL'] : []),
  ]
}

/** The PATH that scripts see: programs are found as the worker finds them, and `node` is the one that runs this. */
export function scriptPath(): string {
  const { PATH = '/usr/local/bin:/usr/bin:/bin' } = readVariables()
  return [dirname(process.execPath), PATH].join(delimiter)
}

function onPath(program: string): string | undefined {
  return scriptPath()
    .split(delimiter)
    .map((folder) => join(folder, program))
    .find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function beginsWithShebang(path: string): boolean {
  const file = openSync(path, 'r')
  try {
    const start = Buffer.alloc(2)
    readSync(file, start, 0, 2, 0)
    return start.toString('latin1') === '#!'
  } finally {
    closeSync(file)
  }
}
