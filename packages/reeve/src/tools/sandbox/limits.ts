import { ReeveError } from '../../base/errors.ts'
import { type Duration, toMs } from '../../base/time/time.ts'

/** The languages that a script may be written in. */
export type SandboxLanguage = 'javascript' | 'python'

/** What a script may use; beyond it, its process is killed. */
export interface SandboxLimits {
  /** Of the script alone, on the wall. Default `5s`. */
  time?: Duration
  /** What the script may take beyond the language itself. Default 128 MiB. */
  memoryBytes?: number
  /** Of its result and what it printed. Default 256 KiB. */
  outputBytes?: number
  /**
   * Runs even where the operating system gives no means to take files and sockets away from the process for good.
   * Then only the language's own isolation and Node's permissions stand. Default false.
   */
  acceptWeaker?: boolean
}

export interface ResolvedLimits {
  timeMs: number
  memoryBytes: number
  outputBytes: number
  acceptWeaker: boolean
}

/** @throws `bad-duration` `bad-limit` */
export function resolveLimits(limits: SandboxLimits): ResolvedLimits {
  const { time = '5s', memoryBytes = 134_217_728, outputBytes = 262_144, acceptWeaker = false } = limits
  for (const [name, value] of Object.entries({ memoryBytes, outputBytes })) {
    if (!Number.isSafeInteger(value) || value <= 0) {
      throw new ReeveError('bad-limit', `${name} is ${value}; it must be a whole number of bytes.`)
    }
  }
  return { timeMs: toMs(time, '`time` of a sandbox'), memoryBytes, outputBytes, acceptWeaker }
}
