import { ReeveError } from './errors.ts'
import { isRecord } from './json/record.ts'
import { nameAdvice } from './text/nearest-name.ts'
import { describeValue } from './text/shorten.ts'

const kinds = {
  text: ['a text', (value: unknown) => typeof value === 'string'],
  number: ['a number', (value: unknown) => typeof value === 'number'],
  flag: ['true or false', (value: unknown) => typeof value === 'boolean'],
  function: ['a function', (value: unknown) => typeof value === 'function'],
  object: ['an object', isRecord],
  schema: ['a schema (Zod, or any Standard Schema)', isSchema],
  list: ['an array', Array.isArray],
  texts: ['an array of texts', (value: unknown) => isListOf(value, (each) => typeof each === 'string')],
  numbers: ['an array of numbers', (value: unknown) => isListOf(value, (each) => typeof each === 'number')],
  objects: ['an array of objects', (value: unknown) => isListOf(value, isRecord)],
} as const satisfies Record<string, readonly [string, (value: unknown) => boolean]>

export type OptionKind = keyof typeof kinds

/** What an option may be; a `!` behind it: it may not be left out. */
export type OptionRule = OptionKind | `${OptionKind}!` | readonly OptionKind[]

/**
 * Checks what code hands over, where types do not reach: a value read from data, or plain JavaScript. Only the kinds are
 * checked; what a number or a text must be is for whoever uses it.
 * @param what whose options they are, for the error: `tool "pay"`
 * @throws `code` (default `bad-option`), which names the option
 */
export function checkOptions(
  options: unknown,
  what: string,
  rules: Readonly<Record<string, OptionRule>>,
  code = 'bad-option',
): void {
  if (!isRecord(options)) {
    throw new ReeveError(
      code,
      `The options of ${what} are ${describeValue(options)}; they must be an object.`,
    )
  }
  for (const [name, rule] of Object.entries(rules))
    checkOption(options[name], `\`${name}\` of ${what}`, rule, code)
}

/**
 * Refuses names that mean nothing: a misspelt option would be left out in silence.
 * @throws `code`, which names the option and one that is spelt alike
 */
export function refuseUnknownOptions(
  options: unknown,
  what: string,
  known: readonly string[],
  code = 'bad-option',
): void {
  if (!isRecord(options)) return
  const unknown = Object.keys(options).find((name) => !known.includes(name) && options[name] !== undefined)
  if (unknown === undefined) return
  const advice = nameAdvice(unknown, known)
  throw new ReeveError(code, `${what} has an option \`${unknown}\`, which does not exist. ${advice}`)
}

/**
 * The names of all options of a type, for `refuseUnknownOptions`. One that is left out here does not compile.
 * @param all each name, with `true`
 */
export function optionNames<T extends object>(all: Readonly<Record<keyof T, true>>): readonly string[] {
  return Object.keys(all)
}

/** Checks what is given by kind, and refuses what is not `known`. @throws `bad-option`, which names the option */
export function checkKnownOptions(
  options: unknown,
  what: string,
  rules: Readonly<Record<string, OptionRule>>,
  known: readonly string[],
): void {
  checkOptions(options, what, rules)
  refuseUnknownOptions(options, what, known)
}

/** The same for one value. @throws `code` */
export function checkOption(value: unknown, what: string, rule: OptionRule, code = 'bad-option'): void {
  const isNeeded = typeof rule === 'string' && rule.endsWith('!')
  if (value === undefined && !isNeeded) return
  const allowed = typeof rule === 'string' ? [rule.replace('!', '') as OptionKind] : rule
  if (allowed.some((kind) => kinds[kind][1](value))) return
  const wanted = allowed.map((kind) => kinds[kind][0]).join(' or ')
  const is = value === undefined ? 'is missing' : `is ${describeValue(value)}`
  throw new ReeveError(code, `${what} ${is}; it must be ${wanted}.`)
}

/** Some schemas are functions. */
function isSchema(value: unknown): boolean {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false
  const { '~standard': standard } = value as { '~standard'?: { validate?: unknown } }
  return typeof standard?.validate === 'function'
}

function isListOf(value: unknown, isOne: (each: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isOne)
}
