import { canonical, type Json } from '../../../base/json/json.ts'
import { isRecord } from '../../../base/json/record.ts'
import { argumentsFor } from '../../scripts/run-script.ts'
import type { Language } from '../examine/shape.ts'
import { type ScriptCandidate, testLimits, tryTests } from '../quarantine/candidate.ts'
import { type CallOutcome, driveCalls, type TestCall } from '../quarantine/drive-calls.ts'
import { driveVariants } from '../quarantine/drive-variants.ts'
import type { Baseline } from './baseline.ts'
import { jsonOf, type KnownCall, valuesOf } from './call-values.ts'
import { disordersDates, holdsDate } from './date-order.ts'
import { leavesOf } from './made-up.ts'
import { type Mutant, mutantsOf } from './mutants.ts'
import type { TestCalls } from './test-calls.ts'

/**
 * Why what is known of a fix that passed all gates is too little to promote it without a person:
 *
 * - it holds what a test asks with, or all that it answers: it may know those cases alone
 * - what it answers to what failed lies before a date that all its other answers lie behind, or the other way round
 * - it makes no difference any more between inputs that the script told apart
 * - with one thing of it otherwise all that is known comes out the same, and something else does not: the checks do not say which is right
 * - without a part of it nothing comes out otherwise: no check asks for that part
 *
 * Undefined: nothing is lacking.
 */
export async function lackingFor(
  base: Baseline,
  fix: ScriptCandidate,
  language: Language,
  added: readonly (string | number)[],
  calls: TestCalls | undefined,
  after: readonly CallOutcome[],
): Promise<string | undefined> {
  // Both scripts are run with all that was recorded: only where that tells something.
  const tellsOrder = base.failing !== undefined && holdsDate(base.failing)
  const recorded = calls && !tellsOrder ? noCalls : await recordedCalls(base, fix, language)
  const { asked, near } = calls ? testedCalls(calls, after) : recorded
  const mutants = mutantsOf(base.source, fix.source, language)
  // What needs files that only its tests make, or is no function: its tests themselves are asked.
  if (asked.every(({ is }) => !is.isGood || is.text === '')) return unnoticed(base, fix, mutants)
  const first =
    borrowed(
      base.source,
      added,
      asked.map(({ call }) => call),
    ) ??
    constantAnswer(added, asked) ??
    disordersDates(recorded.asked, recorded.near) ??
    (calls && noLongerToldApart(calls, after))
  if (first !== undefined) return first
  const changedFirst = asked.toSorted((one, other) => Number(isSame(one)) - Number(isSame(other)))
  const outcomes = await driveVariants(
    fix,
    language,
    mutants.map(({ source }) => source),
    changedFirst,
    near,
  )
  if (!outcomes) return 'what its checks ask for cannot be seen here'
  let tested = 0
  for (const [index, { source, from, to, isOmission }] of mutants.entries()) {
    const outcome = outcomes[index]
    if (!outcome) return 'not all that may be otherwise in it could be tried in the time for it'
    if (outcome.killedBy !== undefined) continue
    const { differsAt } = outcome
    if ((differsAt === undefined && !isOmission) || ++tested > mostTested) continue
    // Tests see more than what they ask: files that are there for them alone.
    if (!(await pass(base, { ...fix, source }))) continue
    return differsAt === undefined
      ? `nothing that is known of it comes out otherwise without ${short(from)}: no check asks for that`
      : `what is known of it would come out the same with ${short(to)} in the place of ${short(from)}, and ${brief(near[differsAt]!.call)} would not: nothing says which is right`
  }
  return undefined
}

/** Each costs a run of its tests. */
const mostTested = 8

/** Something of it that may be otherwise, and its tests pass too. */
async function unnoticed(
  base: Baseline,
  fix: ScriptCandidate,
  mutants: readonly Mutant[],
): Promise<string | undefined> {
  for (const { source, from, to } of mutants.slice(0, mostTested))
    if (base.script.tests.length > 0 && (await pass(base, { ...fix, source })))
      return `its tests pass with ${short(to)} in the place of ${short(from)} too: nothing says which is right`
  return undefined
}

async function pass(base: Baseline, variant: ScriptCandidate): Promise<boolean> {
  const tests = await tryTests(variant, testLimits(base.tests))
  return tests.every(({ passed }) => passed)
}

interface KnownCalls {
  asked: KnownCall[]
  /** What is like it. */
  near: KnownCall[]
}

const noCalls: KnownCalls = { asked: [], near: [] }

function testedCalls(calls: TestCalls, after: readonly CallOutcome[]): KnownCalls {
  const all = [...calls.asked, ...calls.near.map(({ call }) => call)].map((call, index) => ({
    ...{ call, was: calls.before[index]!, is: after[index]! },
  }))
  return { asked: all.slice(0, calls.asked.length), near: all.slice(calls.asked.length) }
}

async function recordedCalls(base: Baseline, fix: ScriptCandidate, language: Language): Promise<KnownCalls> {
  const { failing, good, script, project, source } = base
  const callOf = (inputs: Readonly<Record<string, Json>>): TestCall => ({
    args: argumentsFor(script, inputs),
    stdin: JSON.stringify(inputs),
  })
  const recorded = [...(failing ? [failing] : []), ...good.map((each) => each.recorded.inputs)].map(callOf)
  const all = [...recorded, ...base.near.map(({ inputs }) => callOf(inputs))]
  const was = await driveCalls({ ...fix, project, script, source }, language, all)
  const is = await driveCalls(fix, language, all)
  if (was?.length !== all.length || is?.length !== all.length) return { asked: [], near: [] }
  const known = all.map((call, index) => ({ call, was: was[index]!, is: is[index]! }))
  return { asked: known.slice(0, recorded.length), near: known.slice(recorded.length) }
}

function isSame({ was, is }: Pick<KnownCall, 'was' | 'is'>): boolean {
  return was.isGood === is.isGood && (!was.isGood || was.text === is.text)
}

/** A value that it adds, and that is a value, or a word of one, that a check asks with. */
export function borrowed(
  before: string,
  added: readonly (string | number)[],
  asked: readonly TestCall[],
): string | undefined {
  const given = asked.flatMap(valuesOf)
  const leaves = new Set(given.flatMap(leavesOf))
  const numbers = new Set(given.flatMap(numbersOf))
  const fields = new Set(given.flatMap(fieldsOf))
  // A program in a text (jq, awk) holds values of its own.
  const inside = added.flatMap((each) =>
    [...String(each).matchAll(/"([^"\\]+)"|'([^'\\]+)'/g)].flatMap(([, a, b]) => {
      const value = (a ?? b)!
      return [`"${value}"`, `'${value}'`].some((each) => before.includes(each)) ? [] : [value]
    }),
  )
  for (const each of new Set([...added, ...inside])) {
    const text = String(each).trim()
    if (fields.has(text)) continue
    const isNumber = /^-?\d+(?:\.\d+)?$/.test(text)
    const isBorrowed = isNumber
      ? Math.abs(Number(text)) > 2 &&
        (numbers.has(Number(text)) || (text.length > 2 && hasWord(leaves, text)))
      : /^[^\p{ASCII}]$/u.test(text)
        ? [...leaves].some((leaf) => leaf.includes(text))
        : /[\p{L}\p{N}]/u.test(text) &&
          ((text.length > 1 && leaves.has(text)) || (text.length > 2 && hasWord(leaves, text)))
    if (isBorrowed)
      return `it holds ${JSON.stringify(each)}, which a check asks with: it may know that case alone`
  }
  return undefined
}

/** Whether a text stands at the beginning of a value, or in it by itself. */
function hasWord(leaves: ReadonlySet<string>, text: string): boolean {
  const escaped = text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}])${escaped}(?![\\p{L}\\p{N}])`, 'u')
  return [...leaves].some((leaf) => pattern.test(leaf))
}

/** An answer that the script did not give, and that stands in the fix. */
export function constantAnswer(
  added: readonly (string | number)[],
  asked: readonly KnownCall[],
): string | undefined {
  const held = new Set(added.map((each) => String(each).trim()))
  for (const { call, was, is } of asked) {
    if (!is.isGood || isSame({ was, is })) continue
    const text = is.text.trim()
    const leaves = leavesOf(jsonOf(text)).filter((each) => each !== '')
    const isHeld = held.has(text) || (leaves.length > 0 && leaves.every((each) => held.has(each.trim())))
    if (isHeld && leaves.some(isTelling))
      return `its answer to ${brief(call)} is written into the code: it may know that case alone`
  }
  return undefined
}

function isTelling(leaf: string): boolean {
  return /^-?\d+(?:\.\d+)?$/.test(leaf) ? Math.abs(Number(leaf)) > 1 : /[\d\n]|\S\s\S/.test(leaf)
}

/** Inputs like those of a check that it answers as before: where the script told most of them apart from it, and it does not. */
function noLongerToldApart(calls: TestCalls, after: readonly CallOutcome[]): string | undefined {
  // Where it broke off, what it does instead may well be what it does without that part.
  const breaks = calls.asked.some((_, index) => calls.before[index]!.broke)
  for (const [of, call] of calls.asked.entries()) {
    const [was, is] = [calls.before[of]!, after[of]!]
    // Of what says more than yes or no, much may be the same by right.
    if (!/^(?:true|false)$/i.test(was.text) || !was.isGood || !isSame({ was, is })) continue
    const told = calls.near.flatMap((each, index) => {
      const at = calls.asked.length + index
      const [wasLike, isLike] = [calls.before[at]!, after[at]!]
      if (each.of !== of || (breaks && !wasLike.isGood) || isSame({ was, is: wasLike })) return []
      return [{ place: placeOf(call, each.call), isLost: isSame({ was: is, is: isLike }) }]
    })
    for (const [, some] of Map.groupBy(told, ({ place }) => place)) {
      const lost = some.filter(({ isLost }) => isLost).length
      if (lost >= 2 && lost * 2 > some.length)
        return `it answers what is like ${brief(call)} as it answers that, and the script told them apart`
    }
  }
  return undefined
}

/** Which of its arguments is another. */
function placeOf(one: TestCall, other: TestCall): string {
  const [a, b] = [valuesOf(one), valuesOf(other)]
  return String(a.findIndex((each, index) => canonical(each) !== canonical(b[index] ?? null)))
}

function numbersOf(value: Json): number[] {
  if (typeof value === 'number') return [value]
  if (Array.isArray(value)) return value.flatMap(numbersOf)
  return isRecord(value) ? Object.values(value as { [key: string]: Json }).flatMap(numbersOf) : []
}

function fieldsOf(value: Json): string[] {
  if (Array.isArray(value)) return value.flatMap(fieldsOf)
  return isRecord(value)
    ? Object.entries(value as { [key: string]: Json }).flatMap(([key, part]) => [key, ...fieldsOf(part)])
    : []
}

function brief(call: TestCall): string {
  if ('name' in call)
    return short(`${call.name}(${call.args.map((each) => JSON.stringify(each)).join(', ')})`)
  return short([...call.args, ...(call.stdin === '' ? [] : [`< ${call.stdin}`])].join(' '))
}

function short(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text
}
