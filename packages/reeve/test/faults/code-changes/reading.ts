import { sha256 } from '../../../src/base/hash.ts'
import { canonical, type Json } from '../../../src/base/json/json.ts'
import type { JournalEvent } from '../../../src/store/journal/journal.ts'
import { type Code, isOdd, type Leaf, type Part } from './program.ts'

/** How a journal looks to a code: it goes on from it, or parts from it at a call. */
export type Reading =
  | { fits: true; output: Json | undefined }
  | { fits: false; at: number; journal: { kind: string; name: string | null } }

interface KnownCall {
  kind: string
  name: string | null
  args: string | null
}

interface MadeCall extends KnownCall {
  /** What the workflow makes of the journaled result. */
  result(payload: Json): Json
}

type Wish = { make: MadeCall[]; until: 'all' | 'one' } | { patched: string }
type Answer = { results: Json[] } | { patched: boolean }

/** Which call an event belongs to. Written out here, so that the engine cannot redefine it. */
const kinds: [prefix: string, kind: string][] = [
  ['step-', 'step'],
  ['effect-', 'effect'],
  ['timer-', 'timer'],
  ['signal-', 'signal'],
  ['approval-', 'approval'],
  ['child-started', 'child'],
  ['child-', 'child-result'],
]
const settling =
  /^(step|effect|signal|approval|child)-(completed|failed|received|timed-out|decided|started|finished)$/

/**
 * Reads a journal with a code, as a person with much patience would: calls in their order, completions in that of the
 * journal, each when the code has come to rest after the one before.
 */
export function readWith(code: Code, events: JournalEvent[]): Reading {
  const calls = new Map<number, KnownCall>()
  const completions: { step: number; payload: Json }[] = []
  const patches = new Set<string | null>()
  for (const event of events) {
    if (event.type === 'patch-marked') patches.add(event.name)
    const kind = kinds.find(([prefix]) => event.type.startsWith(prefix))?.[1]
    if (event.step === null || kind === undefined) continue
    const { step, name, args } = event
    if (!calls.has(step)) calls.set(step, { kind, name, args })
    if (settling.test(event.type) || event.type === 'timer-fired')
      completions.push({ step, payload: JSON.parse(event.payload ?? 'null') as Json })
  }
  const last = Math.max(0, ...calls.keys())
  const misfit = (at: number): Reading => {
    const { kind, name } = calls.get(at)!
    return { fits: false, at, journal: { kind, name } }
  }
  const unmade = (from: number) => misfit(Math.min(...[...calls.keys()].filter((step) => step >= from)))

  const results: Json[] = []
  const made: MadeCall[] = []
  const settled = new Map<number, Json>()
  const player = play(code.parts, results)
  let wish = player.next()
  while (!wish.done) {
    if ('patched' in wish.value) {
      const patched = patches.has(wish.value.patched) || last <= made.length
      wish = player.next({ patched })
      continue
    }
    const group: number[] = []
    for (const call of wish.value.make) {
      made.push(call)
      group.push(made.length)
      const known = calls.get(made.length)
      if (known && (known.kind !== call.kind || known.name !== call.name || known.args !== call.args))
        return misfit(made.length)
    }
    const isDone = wish.value.until === 'all' ? 'every' : 'some'
    while (!group[isDone]((step) => settled.has(step))) {
      const next = completions.shift()
      if (!next) return last > made.length ? unmade(made.length + 1) : { fits: true, output: undefined }
      if (next.step > made.length) return misfit(next.step)
      settled.set(next.step, made[next.step - 1]!.result(next.payload))
    }
    // A map keeps the order in which they settled.
    const first = [...settled.keys()].find((step) => group.includes(step))!
    const answered = wish.value.until === 'all' ? group : [first]
    wish = player.next({ results: answered.map((step) => settled.get(step)!) })
  }
  if (last > made.length) return unmade(made.length + 1)
  return { fits: true, output: { by: code.tag, results } }
}

function* play(parts: Part[], results: Json[]): Generator<Wish, void, Answer> {
  for (const part of parts) {
    switch (part.do) {
      case 'all':
        results.push(resultsIn(yield { make: part.parts.map(callOf), until: 'all' }))
        break
      case 'race':
        results.push(resultsIn(yield { make: part.parts.map(callOf), until: 'one' })[0]!)
        break
      case 'branch':
        yield* play(isOdd(results) ? part.odd : part.even, results)
        break
      case 'marked': {
        const answer = yield { patched: part.id }
        if ('patched' in answer && answer.patched) yield* play(part.parts, results)
        break
      }
      case 'child': {
        const name = 'helper'
        const start = { kind: 'child', name, args: digest(part.value), result: idOf }
        const [id] = resultsIn(yield { make: [start], until: 'all' })
        const finish = { kind: 'child-result', name: id as string, args: null, result: valueIn }
        results.push(resultsIn(yield { make: [finish], until: 'all' })[0]!)
        break
      }
      case 'log':
        break
      default:
        results.push(resultsIn(yield { make: [callOf(part)], until: 'all' })[0]!)
    }
  }
}

function resultsIn(answer: Answer): Json[] {
  return 'results' in answer ? answer.results : []
}

function callOf(leaf: Leaf): MadeCall {
  switch (leaf.do) {
    case 'step':
      return { kind: 'step', name: leaf.name, args: null, result: (payload) => payload }
    case 'effect':
      return {
        kind: 'effect',
        name: leaf.name,
        args: digest({ amount: leaf.amount }),
        result: () => leaf.name,
      }
    case 'sleep':
      return { kind: 'timer', name: String(leaf.ms), args: null, result: () => null }
    case 'wait':
      return { kind: 'signal', name: leaf.name, args: null, result: (payload) => payload }
    case 'approve':
      return { kind: 'approval', name: leaf.name, args: digest(leaf.shown), result: statusOf }
  }
}

function digest(args: Json): string {
  return sha256(canonical(args))
}

function statusOf(payload: Json): Json {
  return (payload as { status: string }).status
}

function idOf(payload: Json): Json {
  return (payload as { run: string }).run
}

function valueIn(payload: Json): Json {
  return (payload as { value: Json }).value
}
