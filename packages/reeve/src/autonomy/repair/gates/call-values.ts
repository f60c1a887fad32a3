import type { Json } from '../../../base/json/json.ts'
import type { CallOutcome, TestCall } from '../quarantine/drive-calls.ts'

/** A call that is known to be right with a fix, or one like it, with what the script and the fix make of it. */
export interface KnownCall {
  call: TestCall
  was: CallOutcome
  is: CallOutcome
}

/** What a call of a script hands it: what it reads, then its arguments. */
export function valuesOf(call: TestCall): Json[] {
  if ('name' in call) return [...call.args, ...Object.values(call.named ?? {})]
  return [jsonOf(call.stdin), ...call.args.map((each) => each.replace(/^--[\w-]+=/, ''))]
}

/** A text that is no JSON is itself. */
export function jsonOf(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    return text
  }
}
