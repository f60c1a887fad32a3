import { canonical, type Json } from '../../../base/json/json.ts'
import type { Language } from '../examine/shape.ts'
import { type ScriptCandidate, tryTests } from '../quarantine/candidate.ts'
import { type CallOutcome, driveCalls, type TestCall } from '../quarantine/drive-calls.ts'
import { recorderOf } from '../quarantine/recorder.ts'
import { interiorChanges } from './near-inputs.ts'

/** What the tests ask a script, and what it does with that and with calls like it, as it stands. */
export interface TestCalls {
  language: Language
  asked: TestCall[]
  /** Each like the one of `asked` at `of`, with one value changed. */
  near: { of: number; call: TestCall }[]
  /** Of `asked` and then `near`. */
  before: CallOutcome[]
  /** Of `asked`, in another time zone. */
  elsewhere: CallOutcome[]
}

const mostAsked = 40
const mostNear = 80
/** A process for each: they cost more. */
const mostNearProcesses = 24
const perCall = 8
const mostFurther = 32

/** As far from where most tests are written as a time zone can be. */
const otherZone = 'Pacific/Kiritimati'

/** Makes `asked` and `near`, and `asked` once more in another time zone. Undefined: one of them ended or held up all. */
export async function driveBoth(
  candidate: ScriptCandidate,
  language: Language,
  asked: readonly TestCall[],
  near: readonly TestCall[],
): Promise<{ here: CallOutcome[]; elsewhere: CallOutcome[] } | undefined> {
  const calls = [...asked, ...near]
  // A process knows its time zone from its beginning: those can be made in one quarantine.
  const isOfProcesses = asked.every((call) => 'stdin' in call)
  const other = isOfProcesses ? asked.map((call): TestCall => ({ ...call, zone: otherZone })) : []
  const all = await driveCalls(candidate, language, [...calls, ...other])
  if (all?.length !== calls.length + other.length) return undefined
  const here = all.slice(0, calls.length)
  if (isOfProcesses) return { here, elsewhere: all.slice(calls.length) }
  const elsewhere = await driveCalls(candidate, language, asked, { TZ: otherZone })
  return elsewhere?.length === asked.length ? { here, elsewhere } : undefined
}

/**
 * What the tests ask: they are run with a recorder in the place of the script. `isWhole`: they pass with it too, so that nothing is missing.
 */
export async function recordedCalls(
  candidate: ScriptCandidate,
  language: Language,
): Promise<{ asked: TestCall[]; isWhole: boolean }> {
  const { project, script, source } = candidate
  const recorder = await recorderOf(project, script.file, source, language)
  if (recorder === undefined || script.tests.length === 0) return { asked: [], isWhole: true }
  const tested = await tryTests({ ...candidate, source: recorder })
  return {
    asked: readCalls(tested.map(({ calls }) => calls).join('\n')),
    isWhole: tested.every(({ passed }) => passed),
  }
}

/** What a script does with what its tests ask, and with calls like that. Undefined: one of them ends or holds up all. */
export async function testCallsOf(
  candidate: ScriptCandidate,
  language: Language,
  asked: TestCall[],
): Promise<TestCalls | undefined> {
  const near = nearCalls(asked, mostNear)
  const both = await driveBoth(
    candidate,
    language,
    asked,
    near.map(({ call }) => call),
  )
  if (!both) {
    // What holds it up is among what no test asks.
    const few = await driveBoth(candidate, language, asked, [])
    return few && { language, asked, near: [], before: few.here, elsewhere: few.elsewhere }
  }
  const { here: before, elsewhere } = both
  const more = furtherCalls(asked, near, before)
  const beyond = await driveCalls(
    candidate,
    language,
    more.map(({ call }) => call),
  )
  if (beyond?.length !== more.length) return { language, asked, near, before, elsewhere }
  return { language, asked, near: [...near, ...more], before: [...before, ...beyond], elsewhere }
}

/** Where it fails with what a test asks and not with something like it: what is like that in turn. */
function furtherCalls(
  asked: readonly TestCall[],
  near: TestCalls['near'],
  before: readonly CallOutcome[],
): TestCalls['near'] {
  const turns = near.filter(
    ({ of }, index) => !isPlain(before[of]!) && isPlain(before[asked.length + index]!),
  )
  const most = asked.some((call) => 'name' in call) ? mostFurther : mostFurther / 4
  return nearCalls(
    turns.map(({ call }) => call),
    most,
  ).map(({ of, call }) => ({ of: turns[of]!.of, call }))
}

/** It answers, and not by accident. */
export function isPlain({ isGood, text }: CallOutcome): boolean {
  return isGood && !/\b(?:NaN|undefined|Infinity|null|None|nan|inf)\b|\[object Object\]/.test(text)
}

function readCalls(text: string): TestCall[] {
  const found = new Map<string, TestCall>()
  for (const line of text.split('\n')) {
    try {
      const { hex, ...call } = JSON.parse(line) as { hex?: boolean } & TestCall
      if (hex && 'stdin' in call) {
        const plain = (digits: string) => Buffer.from(digits, 'hex').toString('utf8')
        call.args = call.args.map(plain)
        call.stdin = plain(call.stdin)
      }
      found.set(canonical(call as unknown as Json), call)
    } catch {
      // Cut off, or none of ours.
    }
  }
  return [...found.values()].slice(0, mostAsked)
}

function nearCalls(asked: readonly TestCall[], mostOfAll: number): TestCalls['near'] {
  const seen = new Set(asked.map((call) => canonical(call as unknown as Json)))
  const found: TestCalls['near'] = []
  const lists = asked.map((call) => changedCalls(call).slice(0, perCall))
  const most = asked.some((call) => 'name' in call) ? mostOfAll : Math.min(mostOfAll, mostNearProcesses)
  for (let round = 0; round < perCall; round++)
    for (const [of, list] of lists.entries()) {
      const call = list[round]
      if (call === undefined || found.length >= most) continue
      const key = canonical(call as unknown as Json)
      if (seen.has(key)) continue
      seen.add(key)
      found.push({ of, call })
    }
  return found
}

function changedCalls(call: TestCall): TestCall[] {
  if ('name' in call) {
    const lists = call.args.map((each, index) =>
      interiorChanges(each).map((other): TestCall => ({ ...call, args: call.args.with(index, other) })),
    )
    return inTurn(lists)
  }
  const given = jsonIn(call.stdin)
  const ofInput = (given === undefined ? interiorChanges(call.stdin) : interiorChanges(given)).map(
    (other): TestCall => ({
      ...call,
      stdin: typeof other === 'string' && given === undefined ? other : JSON.stringify(other),
    }),
  )
  const ofWords = call.args.map((word, index) => {
    const [, option = '', value = word] = /^(--[\w-]+=)(.*)$/s.exec(word) ?? []
    return interiorChanges(value).map(
      (other): TestCall => ({ ...call, args: call.args.with(index, `${option}${String(other)}`) }),
    )
  })
  // Both say the same where Reeve gives a script its inputs; one is changed at a time.
  return inTurn(call.stdin === '' ? ofWords : [ofInput, ...ofWords])
}

function inTurn<T>(lists: readonly (readonly T[])[]): T[] {
  const longest = Math.max(0, ...lists.map(({ length }) => length))
  return Array.from({ length: longest }, (_, index) =>
    lists.flatMap((list) => list.slice(index, index + 1)),
  ).flat()
}

function jsonIn(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}
