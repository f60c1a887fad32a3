import type { Json } from '../../../base/json/json.ts'
import { argumentsFor } from '../../scripts/run-script.ts'
import type { Language } from '../examine/shape.ts'
import { driveCalls, type TestCall } from '../quarantine/drive-calls.ts'
import type { Inputs, OnTrial } from '../quarantine/trial.ts'
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
  fix: OnTrial,
  language: Language,
): Promise<{ field: string } | undefined> {
  const { failing, good, project, script, source } = base
  const recorded = good[0]?.recorded.inputs
  if (failing === undefined || recorded === undefined) return undefined
  const fields = Object.keys(failing).filter((field) => field in recorded)
  const like = (inputs: Inputs, field: string): TestCall[] =>
    changesOf(inputs[field]!)
      .slice(0, perField)
      .map((value) => ({ ...inputs, [field]: value }))
      .map((changed: { [name: string]: Json }) => ({
        args: argumentsFor(script, changed),
        stdin: JSON.stringify(changed),
      }))
  const asked = fields.flatMap((field) => like(recorded, field).map((call) => ({ field, call })))
  const before = await driveCalls(
    { ...fix, project, script, source },
    language,
    asked.map(({ call }) => call),
  )
  const checked = new Set(
    asked.flatMap(({ field }, index) => {
      const was = before?.[index]
      return was && !was.isGood && !was.broke ? [field] : []
    }),
  )
  for (const field of checked) {
    const calls = like(failing, field)
    const after = await driveCalls(fix, language, calls)
    if (after && after.length >= least && after.every(({ isGood }) => isGood)) return { field }
  }
  return undefined
}
