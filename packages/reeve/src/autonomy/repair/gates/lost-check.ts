import type { Json } from '../../../base/json/json.ts'
import { argumentsFor } from '../../scripts/run-script.ts'
import type { Language } from '../examine/shape.ts'
import type { Inputs, ScriptCandidate } from '../quarantine/candidate.ts'
import { type CallOutcome, driveCalls, type TestCall } from '../quarantine/drive-calls.ts'
import type { Baseline } from './baseline.ts'
import { changesOf } from './near-inputs.ts'

const perField = 6
const least = 3

/**
 * A field whose value the script checks in a recorded call, and a fix does not where it failed: there it takes whatever stands in it.
 * Undefined: nothing speaks for that.
 */
export async function lostCheck(
  base: Baseline,
  fix: ScriptCandidate,
  language: Language,
): Promise<{ field: string } | undefined> {
  base.checked ??= checkedFields(base, fix, language)
  const asked = (await base.checked).map((field) => ({ field, calls: like(base, base.failing!, field) }))
  const after = await driveCalls(
    fix,
    language,
    asked.flatMap(({ calls }) => calls),
  )
  let from = 0
  for (const { field, calls } of asked) {
    const of = after?.slice(from, from + calls.length)
    from += calls.length
    if (of && of.length >= least && of.every(({ isGood }) => isGood)) return { field }
  }
  return undefined
}

/** Fields that the script as it stands checks on purpose. */
async function checkedFields(base: Baseline, fix: ScriptCandidate, language: Language): Promise<string[]> {
  const { failing, good, project, script, source } = base
  const recorded = good[0]?.recorded.inputs
  if (failing === undefined || recorded === undefined) return []
  const fields = Object.keys(failing).filter((field) => field in recorded)
  const asked = fields.flatMap((field) => like(base, recorded, field).map((call) => ({ field, call })))
  const before = await driveCalls(
    { ...fix, project, script, source },
    language,
    asked.map(({ call }) => call),
  )
  const refuses = (field: string) =>
    asked.some((each, index) => each.field === field && isRefused(before?.[index]))
  return fields.filter(refuses)
}

function isRefused(was: CallOutcome | undefined): boolean {
  return was !== undefined && !was.isGood && !was.broke
}

/** Calls with inputs that differ in one field. */
function like({ script }: Baseline, inputs: Inputs, field: string): TestCall[] {
  return changesOf(inputs[field]!)
    .slice(0, perField)
    .map((value) => ({ ...inputs, [field]: value }))
    .map((changed: { [name: string]: Json }) => ({
      args: argumentsFor(script, changed),
      stdin: JSON.stringify(changed),
    }))
}
