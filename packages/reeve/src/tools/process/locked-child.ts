import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { codeFolder } from '../../base/package-files.ts'
import { BoundedChild, type ChildEnd } from '../../base/process/bounded-child.ts'
import { behindWalls, findWalls, lock, type Walls } from './walls.ts'

export interface LockedRequest {
  /** A module of ours: it writes the line `ready` when it is loaded, reads the request to its end, answers, and ends. */
  script: URL
  args: readonly string[]
  /** Patterns of the files that it may read besides its own folder and our code, until it is locked. */
  readable: readonly string[]
  /** Given to it when it is locked. */
  request: string
  heapBytes: number
  /** What it may take beside what it has when it is loaded. */
  memoryBytes: number
  /** To load. */
  loadMs: number
  /** For the request. */
  timeMs: number
  maxOutputBytes: number
  /** Whether it is asked even where this machine cannot lock it. */
  acceptUnlocked: boolean
  signal?: AbortSignal | undefined
  /** Default: what this machine has. */
  walls?: Walls | undefined
}

export type LockedAnswer =
  /** It ended while it loaded, or began with another line. */
  | { state: 'not-loaded'; loaded: ChildEnd | string }
  | { state: 'not-locked' }
  /** What it wrote is that behind its first line. */
  | { state: 'ended'; end: ChildEnd }

/**
 * Asks a process that is worthless to own, and thrown away after it:
 *
 *   start (no environment, Node's permissions, no privileges) → ready → lock (files, sockets, memory, CPU) → request → kill
 *
 * Nothing from outside is in the process before it is locked. What it answers is data, whoever wrote it.
 * @throws `not-started`; the signal's reason when aborted before
 */
export async function askLocked(asked: LockedRequest): Promise<LockedAnswer> {
  const { loadMs, timeMs, memoryBytes, walls = findWalls() } = asked
  const [file, ...args] = behindWalls(walls, commandOf(asked)) as [string, ...string[]]
  const child = await BoundedChild.start({
    file,
    args,
    env: {},
    cwd: '/',
    timeoutMs: loadMs + timeMs,
    maxOutputBytes: asked.maxOutputBytes,
    ...(asked.signal && { signal: asked.signal }),
  })
  let timer: NodeJS.Timeout | undefined
  try {
    const loaded = await Promise.race([firstLine(child), child.ended])
    if (loaded !== 'ready') return { state: 'not-loaded', loaded }
    const cpuSeconds = Math.ceil((loadMs + timeMs) / 1000)
    const isLocked = await lock(walls, child.process.pid!, { memoryBytes, cpuSeconds })
    if (!isLocked && !asked.acceptUnlocked) return { state: 'not-locked' }
    timer = setTimeout(() => child.kill('timeout'), timeMs)
    child.write(asked.request)
    const end = await child.ended
    return { state: 'ended', end: { ...end, stdout: end.stdout.subarray(end.stdout.indexOf('\n') + 1) } }
  } finally {
    clearTimeout(timer)
    child.kill('exit')
  }
}

function commandOf({ script, args, readable, heapBytes }: LockedRequest): string[] {
  const file = fileURLToPath(script)
  return [
    process.execPath,
    '--permission',
    ...[`${dirname(file)}/*`, `${fileURLToPath(codeFolder)}*`, ...readable].map(
      (pattern) => `--allow-fs-read=${pattern}`,
    ),
    '--no-addons',
    '--disable-sigusr1',
    '--disable-warning=SecurityWarning',
    '--disable-warning=ExperimentalWarning',
    '--disallow-code-generation-from-strings',
    '--disable-proto=delete',
    `--max-old-space-size=${Math.ceil(heapBytes / 1_048_576)}`,
    file,
    ...args,
  ]
}

function firstLine(child: BoundedChild): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  let text = ''
  const onData = (chunk: Buffer) => {
    text += chunk.toString('latin1')
    const end = text.indexOf('\n')
    if (end < 0) return
    child.process.stdout.off('data', onData)
    resolve(text.slice(0, end))
  }
  child.process.stdout.on('data', onData)
  return promise
}
