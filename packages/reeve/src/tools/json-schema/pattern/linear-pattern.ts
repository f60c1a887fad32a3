import { RE2JS } from 're2js'
import { messageOf, ReeveError } from '../../../base/errors.ts'
import { shorten } from '../../../base/text/shorten.ts'
import { type ReadPattern, readPattern } from './read-pattern.ts'

/** A pattern as somebody else's schema has it, asked only whether a text has a match. */
export interface LinearPattern {
  /** What it takes to compile, in the same measure for all. */
  readonly size: number
  /** At most so many steps are taken for a text of this length. */
  cost(length: number): number
  test(text: string): boolean
}

/** Parts of a pattern, its repetitions written out. */
const largest = 2000

/**
 * A regular expression of JavaScript whose work is linear in the text, whatever either of them says. JavaScript's own
 * engine backtracks, so that `(a+)+b` on 40 letters takes hours; this one runs on RE2's automata (`re2js`), which give the
 * same answers. What those cannot express (references back, looking ahead but at the beginning) and what is too large for
 * them is refused.
 * @throws `bad-pattern`
 */
export function linearPattern(source: string): LinearPattern {
  const flags = flagsOf(source)
  const read = readPattern(source, flags, (why) => refused(source, why))
  if (read.isSimple) return native(new RegExp(source, flags), read)
  if (read.size > largest) {
    throw refused(source, `written out it has ${read.size} parts, and ${largest} are the most`)
  }
  const whole = compiled(source, read.body)
  const ahead = read.ahead.map(({ body, isWanted }) => ({ pattern: compiled(source, body), isWanted }))
  return {
    size: read.size,
    cost: (length) => (length + 1) * read.size,
    test: (text) =>
      ahead.every(({ pattern, isWanted }) => pattern.test(text) === isWanted) && whole.test(text),
  }
}

/** Anchored, and with one place alone where its length may differ: there is nothing to try twice. */
function native(pattern: RegExp, { fixed }: ReadPattern): LinearPattern {
  return {
    size: 1,
    cost: (length) => Math.ceil(((length + 1) * (fixed + 1)) / 10),
    test: (text) => pattern.test(text),
  }
}

/** JSON Schema wants the flag `u`; many that were written without it are no expressions under it. */
function flagsOf(source: string): '' | 'u' {
  if (source.length > 4096) throw refused(source, `it has ${source.length} characters, and 4096 are the most`)
  for (const flags of ['u', ''] as const) {
    try {
      new RegExp(source, flags)
      return flags
    } catch (error) {
      if (flags === '') throw refused(source, messageOf(error))
    }
  }
  return ''
}

function compiled(source: string, body: string): RE2JS {
  try {
    return RE2JS.compile(body, RE2JS.LOOKBEHINDS)
  } catch (error) {
    throw refused(source, messageOf(error))
  }
}

function refused(source: string, why: string): ReeveError {
  const shown = shorten(source, 120)
  return new ReeveError(
    'bad-pattern',
    `The pattern ${JSON.stringify(shown.toWellFormed())} cannot be checked in linear time: ${why}.`,
    { details: { pattern: shown.toWellFormed() } },
  )
}
