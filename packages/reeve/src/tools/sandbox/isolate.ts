import { messageOf, ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import { moduleUrl } from '../../base/package-files.ts'
import type { ChildEnd } from '../../base/process/bounded-child.ts'
import { firstCharacters } from '../../base/text/shorten.ts'
import { askLocked } from '../process/locked-child.ts'
import type { Walls } from '../process/walls.ts'
import type { ResolvedLimits, SandboxLanguage } from './limits.ts'
import { readReply, type ScriptResult } from './script-reply.ts'

export interface Script {
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
const interpreters: Record<SandboxLanguage, URL> = {
  javascript: moduleUrl('tools/sandbox/javascript-child'),
  python: moduleUrl('tools/sandbox/python-child'),
}
/** Loading an interpreter on a busy machine. */
const loadMs = 60_000

/**
 * Runs a script in a process that is locked before it gets it (`askLocked`).
 * @throws `script-failed` `script-timeout` `script-crashed` `script-output` `sandbox-unavailable`; the signal's reason
 */
export async function runIsolated(script: Script): Promise<ScriptResult> {
  const { code, input, limits, signal } = script
  const { memoryBytes, timeMs, outputBytes } = limits
  const answer = await askLocked({
    script: interpreters[script.language],
    args: [script.interpreter],
    readable: script.readable.map((folder) => `${folder}/*`),
    request: `${JSON.stringify({ code, input, memoryBytes, timeMs, outputBytes })}\n`,
    heapBytes: Math.max(64 * 1_048_576, memoryBytes),
    memoryBytes: memoryBytes + headroomBytes,
    loadMs,
    timeMs,
    maxOutputBytes: outputBytes * 2 + 65_536,
    acceptUnlocked: limits.acceptWeaker,
    signal,
    walls: script.walls,
  }).catch((error: unknown) => {
    throw unavailable(script, messageOf(error))
  })
  switch (answer.state) {
    case 'not-loaded':
      throw unavailable(script, endOf(answer.loaded))
    case 'not-locked':
      throw unavailable(script, 'this machine cannot lock a process (it needs Linux with prlimit)')
    case 'ended':
      return readReply(script, answer.end)
  }
}

function endOf(loaded: string | ChildEnd): string {
  if (typeof loaded === 'string') return `its process began with "${firstCharacters(loaded, 200)}"`
  const said = firstCharacters(loaded.stderr.toString('utf8').trim(), 500)
  return `its process ended while loading (${loaded.signal ?? loaded.exitCode})${said ? `: ${said}` : ''}`
}

function unavailable(script: Script, why: string): unknown {
  if (script.signal?.aborted) return script.signal.reason
  return new ReeveError(
    'sandbox-unavailable',
    `The ${script.language} sandbox cannot run here: ${why}. Nothing was run. Use Docker, or set acceptWeaker for code that you trust.`,
    { details: { sent: false } },
  )
}
