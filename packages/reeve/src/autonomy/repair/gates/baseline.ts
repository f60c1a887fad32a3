import { canonical, type Json } from '../../../base/json/json.ts'
import { validate } from '../../../base/schema/schema.ts'
import { inputsCheck } from '../../inputs/input.ts'
import type { Script } from '../../scripts/script.ts'
import type { ExaminedFix } from '../examine/examine.ts'
import type { Language } from '../examine/shape.ts'
import {
  type InputResult,
  type Inputs,
  type ScriptCandidate,
  type TestedFile,
  tryTests,
} from '../quarantine/candidate.ts'
import type { TestCall } from '../quarantine/drive-calls.ts'
import { tryInputs } from '../quarantine/try-inputs.ts'
import { nearInputs } from './near-inputs.ts'
import { recordedCalls, type TestCalls, testCallsOf } from './test-calls.ts'

/** A recorded run that went well. */
export interface RecordedGood {
  inputs: Inputs
  output: Json
  /** The run and the number of the call. */
  run: string
  call: number
}

/** What a script does as it is: what fixes of it are compared with. */
export interface Baseline {
  project: string
  script: Pick<Script, 'name' | 'file' | 'manifest' | 'manifestFile' | 'manifestHash' | 'tests'>
  source: string
  /** The input that failed; undefined: its tests alone show what is wrong. */
  failing: Inputs | undefined
  failed: InputResult | undefined
  /** Recorded runs that come out the same today. */
  good: { recorded: RecordedGood; tried: InputResult }[]
  /** Recorded ones that cannot be compared: they come out otherwise, in the same script, today. */
  incomparable: number
  /** Inputs that it refused on purpose. */
  refused: Inputs[]
  /** Inputs like the recorded ones that it takes, with what it does. */
  near: { inputs: Inputs; tried: InputResult }[]
  tests: TestedFile[]
  /** What the script is made of, once a fix was read beside it. */
  shape?: ExaminedFix['shape']
  /** What its tests ask it, with what it does with that, by what they ask. */
  calls: Map<string, Promise<TestCalls | undefined>>
  /** What its tests ask, once a fix passed them that could be recorded whole. */
  asked?: TestCall[]
  /** Fields of its input whose values it checks, once they were looked for. */
  checked?: Promise<string[]>
}

const mostNear = 6

/** Runs the script as it is with everything that fixes will be tried with. */
export async function baselineOf(
  on: Pick<Baseline, 'project' | 'script' | 'source' | 'failing'>,
  recorded: { good: readonly RecordedGood[]; refused: readonly Inputs[] },
  signal?: AbortSignal,
): Promise<Baseline> {
  const candidate: ScriptCandidate = { ...on, signal }
  const given = [...recorded.good.map(({ inputs }) => inputs), ...(on.failing ? [on.failing] : [])]
  const all = await tryInputs(candidate, [...given, ...recorded.refused])
  const good = recorded.good.flatMap((each, index) =>
    all[index]!.output === canonical(each.output) ? [{ recorded: each, tried: all[index]! }] : [],
  )
  const failed = on.failing && all[recorded.good.length]!
  const refused = recorded.refused.filter((_, index) => all[given.length + index]!.output === undefined)
  const check = inputsCheck(on.script.manifest.inputs, 'input')
  const isFit = (inputs: Inputs) => validate(check, inputs).ok
  // Where it fails by breaking off, what it still does is right: a fix must not change that. Where it answered wrongly, it says nothing.
  const breaks = failed !== undefined && failed.output === undefined
  const like = breaks
    ? nearInputs([...good.map((each) => each.recorded.inputs), on.failing!], mostNear, isFit)
    : []
  const nearTried = await tryInputs(candidate, like)
  const near = like.flatMap((inputs, index) =>
    nearTried[index]!.output === undefined ? [] : [{ inputs, tried: nearTried[index]! }],
  )
  const tests = await tryTests(candidate)
  const incomparable = recorded.good.length - good.length
  return { ...on, failed, good, incomparable, refused, near, tests, calls: new Map() }
}

/**
 * What the tests ask is seen with a fix that passes them all: with the script as it stands most end at the first that fails. Tests ask the
 * same of each: it is recorded once.
 */
export async function callsFor(
  base: Baseline,
  fix: ScriptCandidate,
  language: Language,
): Promise<TestCalls | undefined> {
  let asked = base.asked
  if (asked === undefined) {
    const recorded = await recordedCalls(fix, language)
    asked = recorded.asked
    if (recorded.isWhole) base.asked = asked
  }
  if (asked.length === 0) return undefined
  const { calls, project, script, source } = base
  const key = canonical(asked as unknown as Json)
  const known = calls.get(key) ?? testCallsOf({ ...fix, project, script, source }, language, asked)
  calls.set(key, known)
  return known
}
