import { ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import { isRecord } from '../../base/json/record.ts'
import type { ChildEnd } from '../../base/process/bounded-child.ts'
import { parseBoundedJson, parseForeignJson } from '../bounded-json.ts'
import type { ResolvedLimits } from './limits.ts'

/** What a script gave and printed. */
export interface ScriptResult {
  value: Json
  /** What it printed, line by line. */
  logs: string[]
}

interface ScriptRequest {
  language: string
  limits: ResolvedLimits
  signal?: AbortSignal | undefined
}

/** The child may have been owned: this is read like anything else from outside. */
export function readReply({ language, limits, signal }: ScriptRequest, end: ChildEnd): ScriptResult {
  if (end.cause === 'aborted') throw signal?.reason
  if (end.cause === 'timeout') {
    throw new ReeveError('script-timeout', `The ${language} ran longer than ${limits.timeMs} ms.`)
  }
  const answer = end.stdout.toString('utf8')
  if (end.cause === 'output' || answer.length > limits.outputBytes * 2) throw tooMuch(language, limits)
  if (answer === '') {
    throw new ReeveError(
      'script-crashed',
      `The ${language} ended its process (${end.signal ?? `exit code ${end.exitCode}`}); most often it ran out of memory.`,
    )
  }
  const reply = parseBoundedJson(answer, `The answer of the ${language} sandbox`)
  if (!isRecord(reply)) throw forged(language)
  const logs = Array.isArray(reply.logs) ? reply.logs.map(String) : []
  if (reply.status === 'too-much') throw tooMuch(language, limits)
  if (reply.status === 'timeout') {
    throw new ReeveError('script-timeout', `The ${language} ran longer than ${limits.timeMs} ms.`)
  }
  if (reply.status === 'failed') {
    throw new ReeveError('script-failed', `The ${language} failed: ${String(reply.error)}`, {
      details: { logs },
    })
  }
  if (reply.status !== 'done' || typeof reply.json !== 'string') throw forged(language)
  return { value: parseForeignJson(reply.json, `The result of the ${language}`), logs }
}

function tooMuch(language: string, { outputBytes }: ResolvedLimits): ReeveError {
  return new ReeveError('script-output', `The ${language} gave more than ${outputBytes} bytes.`)
}

function forged(language: string): ReeveError {
  return new ReeveError('script-crashed', `The ${language} sandbox answered what its own code never would.`)
}
