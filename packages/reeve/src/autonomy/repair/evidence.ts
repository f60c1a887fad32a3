import { canonical, type Json } from '../../base/json/json.ts'
import { isRecord } from '../../base/json/record.ts'
import { type RecordedToolCall, recordedToolCalls, toolCallAt } from '../../store/autonomy/repairs.ts'
import type { Session } from '../../store/database.ts'
import { scriptToolName } from '../scripts/script.ts'
import { diagnose } from './diagnose/diagnose.ts'
import type { RecordedGood } from './gates/baseline.ts'
import type { Inputs } from './quarantine/candidate.ts'

/** What the journals know of a script's calls. */
export interface Recorded {
  good: RecordedGood[]
  /** Inputs that it refused on purpose. */
  refused: Inputs[]
}

/** The newest calls that went well and those that were refused, each input once. */
export async function recordedOf(session: Session, script: string, most: number): Promise<Recorded> {
  const tool = scriptToolName(script)
  const done = await recordedToolCalls(session, tool, 'effect-completed', most * 3)
  const good: RecordedGood[] = []
  const seen = new Set<string>()
  for (const call of done) {
    const inputs = argsIn(call)
    if (inputs === undefined || good.length >= most) continue
    const key = canonical(inputs as Json)
    if (seen.has(key)) continue
    seen.add(key)
    good.push({ inputs, output: valueIn(call.outcome), run: call.run, call: call.call })
  }
  const failed = await recordedToolCalls(session, tool, 'effect-failed', most)
  const refused = failed.flatMap((call) => {
    const inputs = argsIn(call)
    return inputs !== undefined && quickDiagnosis(failureIn(call.outcome)) === 'input' ? [inputs] : []
  })
  return { good, refused: refused.slice(0, 3) }
}

/** A call that failed, with what it was given. */
export async function failedCall(
  session: Session,
  run: string,
  call: number,
): Promise<{ tool: string; inputs: Inputs; failure: Failure } | undefined> {
  const found = await toolCallAt(session, run, call)
  const inputs = found && argsIn(found)
  if (!found || inputs === undefined || found.type !== 'effect-failed') return undefined
  return { tool: found.name, inputs, failure: failureIn(found.outcome) }
}

/** How a call failed. Foreign text. */
export interface Failure {
  code: string
  message: string
  exitCode: number | null
}

export function failureIn(outcome: string | null): Failure {
  const read = valueIn(outcome)
  if (!isRecord(read)) return { code: 'failed', message: '', exitCode: null }
  const details = isRecord(read.details) ? read.details : {}
  const stderr = typeof details.stderr === 'string' ? details.stderr : ''
  return {
    code: typeof read.code === 'string' ? read.code : 'failed',
    message: `${String(read.message ?? '')}${stderr === '' ? '' : `\n${stderr}`}`.slice(0, 4000),
    exitCode: typeof details.exitCode === 'number' ? details.exitCode : null,
  }
}

/** By what it said alone, without trying anything. */
export function quickDiagnosis({ code, message, exitCode }: Failure): ReturnType<typeof diagnose>['kind'] {
  const seen = { code, said: message, exitCode, again: undefined, testsPass: undefined, mayReach: false }
  return diagnose({ ...seen, good: { tried: 0, failing: 0 } }).kind
}

function argsIn({ intent }: Pick<RecordedToolCall, 'intent'>): Inputs | undefined {
  const read = valueIn(intent)
  const args = isRecord(read) ? read.args : undefined
  return isRecord(args) ? (args as Inputs) : undefined
}

function valueIn(text: string | null): Json {
  try {
    return text === null ? null : (JSON.parse(text) as Json)
  } catch {
    return null
  }
}
