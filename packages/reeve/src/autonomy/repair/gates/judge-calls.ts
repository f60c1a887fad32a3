import { canonical, type Json } from '../../../base/json/json.ts'
import { isRecord } from '../../../base/json/record.ts'
import type { Finding } from '../examine/examine.ts'
import type { ScriptCandidate } from '../quarantine/candidate.ts'
import type { CallOutcome, TestCall } from '../quarantine/drive-calls.ts'
import { asksByValue, leavesOf, partsOf } from './made-up.ts'
import { driveBoth, isPlain, type TestCalls } from './test-calls.ts'

/** What speaks against a fix though its tests pass. */
export interface CallFinding {
  sentence: string
  rules: Finding['rule'][]
}

/**
 * Takes a fix whose tests pass through the calls that the tests make, and calls like them:
 *
 * - where the script only broke off, or answered by accident, what it answered else was right, and stays as it is
 * - what it refused it still refuses, unless the tests ask for that to change
 * - a fix that changes what the tests ask, and nothing like it, and holds what they ask, answers single cases
 * - it answers in no form that neither the script nor its tests know
 * - what was the same in every time zone, and each time, still is
 *
 * `mayTake`: what failed is an input that the script refuses.
 */
export async function judgeCalls(
  fix: ScriptCandidate,
  calls: TestCalls,
  added: readonly (string | number)[],
  mayTake: boolean,
): Promise<{ finding?: CallFinding; after: CallOutcome[] }> {
  const { asked, near, language } = calls
  const both = await driveBoth(
    fix,
    language,
    asked,
    near.map(({ call }) => call),
  )
  if (!both) {
    const sentence =
      near.length === 0
        ? 'it ends while a test asks it'
        : 'it ends, or holds up all, with an input like those of its tests'
    return { finding: { sentence, rules: [] }, after: [] }
  }
  const finding = findingOf(calls, both, added, mayTake)
  return { after: both.here, ...(finding && { finding }) }
}

function findingOf(
  calls: TestCalls,
  both: { here: CallOutcome[]; elsewhere: CallOutcome[] },
  added: readonly (string | number)[],
  mayTake: boolean,
): CallFinding | undefined {
  const { asked, near, before, elsewhere } = calls
  const { here: after, elsewhere: again } = both
  const changed = asked.flatMap((call, index) =>
    isSame(before[index]!, after[index]!) ? [] : [{ index, call, was: before[index]!, is: after[index]! }],
  )
  const nearby = near.map(({ of, call }, index) => ({
    ...{ of, call, was: before[asked.length + index]!, is: after[asked.length + index]! },
  }))
  const onlyBroke =
    changed.length > 0 && changed.every(({ was }) => was.broke || (was.isGood && accident.test(was.text)))
  if (onlyBroke) {
    const other = nearby.find(({ was, is }) => isPlain(was) && !isSame(was, is))
    if (other)
      return {
        sentence: `it also changes what becomes of ${brief(other.call)}: ${cut(other.was.text)} before, ${cut(other.is.text)} with it`,
        rules: [],
      }
  }
  const opens = mayTake || changed.some(({ was, is }) => !was.isGood && !was.broke && is.isGood)
  const taken = opens ? undefined : nearby.find(({ was, is }) => !was.isGood && !was.broke && is.isGood)
  if (taken)
    return { sentence: `it takes what the script refuses: ${brief(taken.call)}`, rules: ['check-removed'] }
  for (const { index, call, is } of changed) {
    const like = nearby.filter(({ of }) => of === index)
    const isAlone = like.length >= 3 && like.every((each) => isSame(each.was, each.is))
    const held = asksByValue(added, valuesOf(call))
    if (held.length > 0 && (isAlone || holdsAll(added, is) || held.some((part) => isDeaf(part, like, is))))
      return {
        sentence: `it asks for ${brief(call)} by its value, and answers ${cut(is.text)} to that alone`,
        rules: ['hard-coded'],
      }
  }
  const known = [...before, ...after.slice(0, asked.length)].filter(({ isGood }) => isGood)
  const forms = new Set(known.map(formOf))
  // Where a test itself asks for other fields each time, they are values: any of those that are known may stand together.
  const fields = new Set(known.flatMap(fieldsOf))
  const isMap = new Set(known.filter((each) => fieldsOf(each).length > 0).map(formOf)).size > 1
  const isKnown = (is: CallOutcome) =>
    forms.has(formOf(is)) ||
    (isMap && fieldsOf(is).length > 0 && fieldsOf(is).every((each) => fields.has(each)))
  const odd = nearby.find(({ was, is }) => was.isGood && is.isGood && !isKnown(is))
  if (odd)
    return {
      sentence: `it answers ${brief(odd.call)} in a form that neither the script nor its tests know: ${cut(odd.is.text)}`,
      rules: [],
    }
  const steady = asked.flatMap((_, index) => (isSame(before[index]!, elsewhere[index]!) ? [index] : []))
  if (steady.length === asked.length) {
    const index = steady.find((each) => !isSame(after[each]!, again[each]!))
    if (index !== undefined)
      return {
        sentence: `it answers ${brief(asked[index]!)} otherwise each time, or by the time zone of the machine`,
        rules: [],
      }
  }
  return undefined
}

function isSame(one: CallOutcome, other: CallOutcome): boolean {
  return one.isGood === other.isGood && (!one.isGood || one.text === other.text)
}

/** What a program answers by accident. */
const accident = /\b(?:NaN|undefined|Infinity)\b|\[object Object\]/

/** How an answer is built, whatever it says. */
function formOf({ text }: CallOutcome): string {
  let value: Json
  try {
    value = JSON.parse(text) as Json
  } catch {
    return text.includes('\n') ? 'lines' : 'a line'
  }
  if (Array.isArray(value)) return 'a list'
  // Lines of a text may be numbers by chance.
  return value === null ? 'nothing' : typeof value === 'object' ? Object.keys(value).join() : 'a line'
}

/** The names of the fields of an answer that is an object. */
function fieldsOf({ text }: CallOutcome): string[] {
  try {
    const value = JSON.parse(text) as Json
    return isRecord(value) ? Object.keys(value) : []
  } catch {
    return []
  }
}

/** Whether it answers the same, whatever stands in the place of a value that it holds itself. */
function isDeaf(
  part: string,
  like: readonly { call: TestCall; is: CallOutcome }[],
  is: CallOutcome,
): boolean {
  const others = like.filter(({ call }) => !valuesOf(call).flatMap(partsOf).includes(part))
  return others.length >= 2 && is.isGood && others.every((other) => isSame(other.is, is))
}

function valuesOf(call: TestCall): Json[] {
  if ('name' in call) return [...call.args, ...Object.values(call.named ?? {})]
  let given: Json
  try {
    given = JSON.parse(call.stdin) as Json
  } catch {
    given = call.stdin
  }
  return [given, ...call.args.map((each) => each.replace(/^--[\w-]+=/, ''))]
}

/** Whether a fix itself holds all that it answers. */
function holdsAll(added: readonly (string | number)[], { isGood, text }: CallOutcome): boolean {
  if (!isGood) return false
  let value: Json
  try {
    value = JSON.parse(text) as Json
  } catch {
    value = text
  }
  const held = new Set(added.map(String))
  const leaves = leavesOf(value).filter((each) => each !== '')
  return (
    held.has(text) ||
    held.has(canonical(value)) ||
    (leaves.length > 0 && leaves.every((each) => held.has(each)))
  )
}

function brief(call: TestCall): string {
  if ('name' in call) return cut(`${call.name}(${call.args.map((each) => JSON.stringify(each)).join(', ')})`)
  return cut([...call.args, ...(call.stdin === '' ? [] : [`< ${call.stdin}`])].join(' '))
}

function cut(text: string): string {
  return text.length > 120 ? `${text.slice(0, 120)}…` : text
}
