import { canonical, type Json } from '../../../base/json/json.ts'
import { isRecord } from '../../../base/json/record.ts'
import type { Inputs } from '../quarantine/candidate.ts'

/** Of the input that failed, and of what a fix answers to it. */
export interface Answer {
  /** Texts and numbers that the fix holds and the script does not. */
  added: readonly (string | number)[]
  inputs: Inputs
  output: Json
  /** What recorded runs came out with. */
  recorded: readonly Json[]
}

/** Too common to say anything: they are in most programs. */
const common = new Set(['0', '1', '', 'true', 'false', 'null'])
/** What guards ask for: such a call is a kind of its own. */
const guarded = new Set(['-1', '[]', '{}', '""'])

/** Whether a fix asks for this one input by its value, and holds what it then answers. */
export function answersByValue({ added, inputs, output }: Answer): boolean {
  const held = new Set(added.flatMap((each) => [String(each), ...read(each)]))
  const holds = (value: Json) => partsOf(value).some((part) => !common.has(part) && held.has(part))
  return holds(inputs as Json) && holds(output)
}

/** What a fix holds of what a call is given, but for values that many programs hold by chance. */
export function asksByValue(added: readonly (string | number)[], given: readonly Json[]): string[] {
  const held = new Set(added.flatMap((each) => [String(each), ...read(each)]))
  return given.flatMap(partsOf).filter((part) => !common.has(part) && !guarded.has(part) && held.has(part))
}

/** Longer lines hold more than one case of a test. */
const longestCase = 300

/** Words that tests of a shell use themselves: commands, formats, options. */
const spoken =
  /^(?:[%-].*|printf|echo|grep|sed|awk|jq|tr|cut|sort|head|tail|wc|cat|test|exit|return|true|false|date|basename|dirname|if|then|else|case|esac)$/

/** A shell's words need no quotes. */
const shell = /^#!.*\b(?:ba|da)?sh\b/

/** Two values that a fix adds and that stand in one case of a test: what is asked for, and what is answered. */
export function pairOfTests(
  added: readonly (string | number)[],
  tests: readonly string[],
): [string, string] | undefined {
  const held = new Set(added.map(String).filter((each) => !common.has(each) && !spoken.test(each)))
  if (held.size < 2) return undefined
  for (const [line, isShell] of tests.flatMap((text) =>
    text.split('\n').map((each) => [each, shell.test(text)] as const),
  )) {
    if (line.length > longestCase) continue
    const plain = line.replaceAll('\\', '')
    // What a colon follows is the name of a field, which a fix may well ask for.
    const patterns = [/-?\d+(?:\.\d+)?/g, /"([^"]*)"(?!\s*:)/g, /'([^']*)'(?!\s*:)/g]
    if (isShell) patterns.push(/[A-Za-z][\w.-]{3,}/g)
    const values = patterns.flatMap((pattern) => [...plain.matchAll(pattern)].flat())
    const [first, second] = new Set(values.filter((each) => each !== undefined && held.has(each)))
    if (first !== undefined && second !== undefined) return [first, second]
  }
  return undefined
}

/** A text that a program gives by accident, where it says a value that it has not. */
const accident = /^(?:undefined|nan|none|\[object object\])$/i

/** Why the answer is none that the input led to: `accident`, or `constant` where the fix itself holds it. */
export function madeUp({ added, inputs, output, recorded }: Answer): 'accident' | 'constant' | undefined {
  const known = new Set([inputs as Json, ...recorded].flatMap(leavesOf))
  const fresh = leavesOf(output).filter((leaf) => !known.has(leaf))
  if (fresh.some((leaf) => accident.test(leaf))) return 'accident'
  // Of a program inside of it (jq, awk, sed) the numbers.
  const numbers = (each: string | number) => String(each).match(/(?<![\w.])-?\d+(?:\.\d+)?(?![\w.])/g) ?? []
  const held = new Set(added.flatMap((each) => [String(each), ...numbers(each), ...read(each).slice(1)]))
  return fresh.some((leaf) => held.has(leaf)) ? 'constant' : undefined
}

/** What a text holds as JSON: the whole of it, and its parts. */
function read(literal: string | number): string[] {
  try {
    const value = JSON.parse(String(literal)) as Json
    return [canonical(value), ...leavesOf(value)]
  } catch {
    return []
  }
}

export function partsOf(value: Json): string[] {
  const inside = isRecord(value)
    ? Object.values(value as { [key: string]: Json })
    : Array.isArray(value)
      ? value
      : []
  return [canonical(value), ...inside.map((each) => canonical(each)), ...leavesOf(value)]
}

/** Texts and numbers, each as a text. */
export function leavesOf(value: Json): string[] {
  if (Array.isArray(value)) return value.flatMap(leavesOf)
  if (isRecord(value)) return Object.values(value as { [key: string]: Json }).flatMap(leavesOf)
  return value === null || typeof value === 'boolean' ? [] : [String(value)]
}
