import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { messageOf, ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import { siblingScript } from '../../base/package-files.ts'
import { BoundedChild, type ChildEnd } from '../../base/process/bounded-child.ts'
import { firstCharacters } from '../../base/text/shorten.ts'
import type { ResolvedLimits, SandboxLanguage } from './limits.ts'
import { readReply, type ScriptResult } from './script-reply.ts'
import { behindWalls, findWalls, lock, type Walls } from './walls.ts'

export interface Script {
  /** `javascript` or `python`: names the child's file. */
  language: SandboxLanguage
  code: string
  input: Json
  /** The interpreter's entry, given to the child. */
  interpreter: string
  /** Folders that the child may read until it is locked. */
  readable: readonly string[]
  limits: ResolvedLimits
  signal?: AbortSignal
  walls?: Walls
}

/** For what the process itself does beside the script: the limit that a script meets first should be the one that can say so. */
const headroomBytes = 128 * 1_048_576
/** Loading an interpreter on a busy machine. */
const loadMs = 60_000

/**
 * Runs a script in a process that is worthless to own, and thrown away after it:
 *
 *   start (no environment, Node's permissions, no privileges) → ready → lock (files, sockets, memory, CPU) → script → kill
 *
 * Nothing from outside is in the process before it is locked. What it answers is data, whoever wrote it.
 * @throws `script-failed` `script-timeout` `script-crashed` `script-output` `sandbox-unavailable`; the signal's reason
 */
export async function runIsolated(script: Script): Promise<ScriptResult> {
  const { limits, walls = findWalls() } = script
  const child = await startChild(script, walls)
  let timer: NodeJS.Timeout | undefined
  try {
    const loaded = await Promise.race([firstLine(child), child.ended])
    if (loaded !== 'ready') throw unavailable(script, endOf(loaded), script.signal)
    const { memoryBytes, timeMs } = limits
    const cpuSeconds = Math.ceil((loadMs + timeMs) / 1000)
    const locked = await lock(walls, child.process.pid!, {
      memoryBytes: memoryBytes + headroomBytes,
      cpuSeconds,
    })
    if (!locked && !limits.acceptWeaker) {
      throw unavailable(
        script,
        'this machine cannot lock a process (it needs Linux with prlimit)',
        script.signal,
      )
    }
    timer = setTimeout(() => child.kill('timeout'), timeMs)
    const { code, input } = script
    child.write(`${JSON.stringify({ code, input, memoryBytes, timeMs, outputBytes: limits.outputBytes })}\n`)
    const end = await child.ended
    const { stdout } = end
    return readReply(script, { ...end, stdout: stdout.subarray(stdout.indexOf('\n') + 1) })
  } finally {
    clearTimeout(timer)
    child.kill('exit')
  }
}

async function startChild(script: Script, walls: Walls): Promise<BoundedChild> {
  const file = fileURLToPath(siblingScript(import.meta.url, `${script.language}-child`))
  const readable = [dirname(file), ...script.readable]
  const command = [
    process.execPath,
    '--permission',
    ...readable.map((folder) => `--allow-fs-read=${folder}/*`),
    '--no-addons',
    '--disable-sigusr1',
    '--disable-warning=SecurityWarning',
    '--disallow-code-generation-from-strings',
    '--disable-proto=delete',
    `--max-old-space-size=${Math.max(64, Math.ceil(script.limits.memoryBytes / 1_048_576))}`,
    file,
    script.interpreter,
  ]
  const [program, ...args] = behindWalls(walls, command) as [string, ...string[]]
  try {
    return await BoundedChild.start({
      file: program,
      args,
      env: {},
      cwd: '/',
      timeoutMs: loadMs + script.limits.timeMs,
      maxOutputBytes: script.limits.outputBytes * 2 + 65_536,
      ...(script.signal && { signal: script.signal }),
    })
  } catch (error) {
    throw unavailable(script, messageOf(error), script.signal)
  }
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

function endOf(loaded: string | ChildEnd): string {
  if (typeof loaded === 'string') return `its process began with "${firstCharacters(loaded, 200)}"`
  const said = firstCharacters(loaded.stderr.toString('utf8').trim(), 500)
  return `its process ended while loading (${loaded.signal ?? loaded.exitCode})${said ? `: ${said}` : ''}`
}

function unavailable(script: Script, why: string, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted) return signal.reason
  return new ReeveError(
    'sandbox-unavailable',
    `The ${script.language} sandbox cannot run here: ${why}. Nothing was run. Use Docker, or set acceptWeaker for code that you trust.`,
    { details: { sent: false } },
  )
}
