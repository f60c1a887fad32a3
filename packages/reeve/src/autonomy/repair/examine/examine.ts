import { sha256 } from '../../../base/hash.ts'
import type { Json } from '../../../base/json/json.ts'
import { isRecord } from '../../../base/json/record.ts'
import { visibleText } from '../../../base/text/visible-text.ts'
import { LineProblems } from '../../line-problems.ts'
import { headManifest } from '../../scripts/manifest-file.ts'
import { manifestText, readManifest } from '../../scripts/read-manifest.ts'
import { compareShapes, type Finding } from './compare-shapes.ts'
import { javascriptShape } from './javascript-shape.ts'
import { pythonShape } from './python-shape.ts'
import { type Language, languageOf, type Shape } from './shape.ts'
import { shellShape } from './shell-shape.ts'

export type { Finding }

export interface Examined {
  /** Undefined: nothing here reads it. */
  language: Language | undefined
  findings: Finding[]
  /** Texts and numbers that it holds and the script does not. */
  added: (string | number)[]
}

/** What a fix is looked at with. */
export interface ExaminedFix {
  /** Relative to the project. */
  file: string
  /** Whether its manifest stands in its head. */
  hasHead: boolean
  manifestHash: string
  before: string
  after: string
  /** Values that a fix may not answer with, for they are of single cases: recorded inputs and results. */
  cases: readonly Json[]
  /** Texts of its tests. */
  tests: readonly string[]
  /** The program that runs Python. */
  python: string
  /** Of `before`. Absent: it is read, and put here. */
  shape?: Promise<Shape> | undefined
}

const mostBytes = 262_144

/**
 * Reads a fix beside the script, without running either. What is found says that it may not be taken, whatever it does when it is
 * tried: it may more, checks less, hides failures, or answers single cases by their values.
 */
export async function examineFix(fix: ExaminedFix): Promise<Examined> {
  const { file, before, after } = fix
  const language = languageOf(file, before)
  const findings: Finding[] = []
  const add = (rule: Finding['rule'], sentence: string) => findings.push({ rule, sentence })
  if (Buffer.byteLength(after) > mostBytes)
    return {
      ...{ language, added: [] },
      findings: [{ rule: 'payload', sentence: `it has more than ${mostBytes} bytes` }],
    }
  if (firstLine(before) !== firstLine(after))
    add('protected', 'it changes the first line, which says what runs it')
  if (fix.hasHead && (await headHash(after)) !== fix.manifestHash)
    add('widens', 'it changes what the script declares: its manifest stays as it is')
  if (unseen(after) > unseen(before)) add('payload', 'it holds characters that nobody sees')
  const longest = (text: string) => Math.max(...text.split('\n').map((line) => line.length))
  if (longest(after) > Math.max(500, longest(before)))
    add('payload', 'it has a line of more than 500 characters')
  if (escapes(after) > escapes(before)) add('payload', 'it spells plain letters as escapes')
  if (language === undefined) return { language, findings, added: [] }
  fix.shape ??= shapeOf(before, language, fix.python)
  const [old, now] = [await fix.shape, await shapeOf(after, language, fix.python)]
  if (now.problem !== undefined) {
    add('unreadable', `its syntax is wrong: ${now.problem}`)
    return { language, findings, added: [] }
  }
  // What could not be parsed says nothing of what the script may: then a fix may only compute.
  findings.push(...compareShapes(old, now, language))
  const hard = hardCodedIn(old, now, fix)
  if (hard !== undefined) add('hard-coded', `it answers a single case by its value: ${hard}`)
  return { language, findings, added: beyond(old.literals, now.literals) }
}

/** What is there more often than before: a value that a script holds already may be asked for once more. */
function beyond(before: Shape['literals'], now: Shape['literals']): Shape['literals'] {
  const left = Map.groupBy(before, String)
  return now.filter((each) => left.get(String(each))?.pop() === undefined)
}

function shapeOf(source: string, language: Language, python: string): Promise<Shape> {
  if (language === 'python') return pythonShape(source, python)
  if (language === 'shell') return Promise.resolve(shellShape(source))
  return javascriptShape(source, language === 'typescript')
}

/** A value of a recorded case that the script did not hold, and that no other program would have by chance. */
function hardCodedIn(old: Shape, now: Shape, { cases, tests }: ExaminedFix): string | undefined {
  const known = new Set(old.literals.map(String))
  const values = new Set(cases.flatMap(leavesOf))
  const inTests = tests.join('\n')
  for (const literal of new Set(now.literals)) {
    const text = String(literal)
    if (known.has(text) || !isSpecific(literal)) continue
    if (values.has(text)) return JSON.stringify(literal)
    const quoted =
      typeof literal === 'number'
        ? new RegExp(`(?<![\\w.])${text.replaceAll('.', '\\.')}(?![\\w.])`)
        : undefined
    if (quoted ? quoted.test(inTests) : inTests.includes(text)) return JSON.stringify(literal)
  }
  return undefined
}

/** Numbers of three digits and more that are not round, and texts that are no word. */
function isSpecific(literal: string | number): boolean {
  if (typeof literal === 'number')
    return (
      Math.abs(literal) >= 100 &&
      !/^[1-9]0+$/.test(String(Math.abs(literal))) &&
      ![1024, 3600, 86400, 86400000, 1440, 365, 366, 400, 404, 255, 127, 128, 256, 360, 180].includes(literal)
    )
  // The name of a character in HTML is in many programs.
  if (/^&#?\w{1,8};$/.test(literal)) return false
  if (literal.length < 4 || /^[%YymdHMS\-/: TZ.,]+$/.test(literal) || /^\W+$/.test(literal)) return false
  return (
    (/\d/.test(literal) && literal.length >= 5) ||
    /@/.test(literal) ||
    (literal.length >= 12 && /\s/.test(literal))
  )
}

function leavesOf(value: Json): string[] {
  if (Array.isArray(value)) return value.flatMap(leavesOf)
  if (isRecord(value)) return Object.values(value as { [key: string]: Json }).flatMap(leavesOf)
  return value === null || typeof value === 'boolean' ? [] : [String(value)]
}

async function headHash(source: string): Promise<string | undefined> {
  const problems = new LineProblems('')
  const read = await headManifest(Buffer.from(source), problems)
  const manifest = read && readManifest(read.value, read.lineOf, problems)
  return manifest && problems.found.length === 0 ? sha256(manifestText(manifest)) : undefined
}

function firstLine(source: string): string {
  const [first = ''] = source.split('\n', 1)
  return first.startsWith('#!') ? first : ''
}

function unseen(text: string): number {
  return (
    visibleText(text.replaceAll('\t', '  ')).length -
    text.replaceAll('\t', '  ').replaceAll('\r\n', '\n').length
  )
}

function escapes(text: string): number {
  return (
    text.match(/\\x[2-7][0-9a-f]|\\u00[2-7][0-9a-f]|\\u\{[2-7][0-9a-f]\}|\\0?[01][0-7][0-7](?!\d)/gi)
      ?.length ?? 0
  )
}
