import { ReeveError } from '../base/errors.ts'

/** A repetition without an upper bound ends here: ids, amounts and dates are short. */
const longestRepeat = 32
/** How many ways a pattern may have to match from one place. Work is at most this times the text's length. */
const mostWays = 2048
/** The longest text that a pattern may match: so much may be read again from each place. */
const longestMatch = 4096

/**
 * A caller's pattern as one whose work is linear in the text, whatever the text says: JavaScript's own matching
 * backtracks, so that `(a+)+b` on 40 letters takes hours. Repetitions without an end get one (32), and a pattern that
 * could still match from one place in more than 2,048 ways is refused, as are references back to a group.
 * The result is global, and otherwise has the pattern's flags.
 * @throws `slow-pattern`
 */
export function boundedPattern(pattern: RegExp): RegExp {
  if (pattern.unicodeSets) throw slowPattern(pattern, 'the v flag is not supported; use u')
  const reader = new PatternReader(pattern)
  const { ways, length } = reader.alternatives()
  if (length > longestMatch)
    throw slowPattern(pattern, `it can match ${length > 1e6 ? 'millions of' : length} characters`)
  if (ways > mostWays) {
    throw slowPattern(
      pattern,
      `it can match in ${ways > 1e6 ? 'millions of' : Math.ceil(ways)} ways from one place`,
    )
  }
  return new RegExp(reader.bounded, [...new Set(`${pattern.flags.replace('y', '')}g`)].join(''))
}

/** In how many ways a part can match from one place, and how many characters at most. */
interface Reach {
  ways: number
  length: number
}

const oneCharacter: Reach = { ways: 1, length: 1 }
const quantifierHere = /[*+?]|\{(\d+)(?:(,)(\d*))?\}/y

/** Walks over a pattern's source once, counts the ways to match, and writes the bounded source. */
class PatternReader {
  bounded = ''
  #at = 0
  readonly #source: string
  readonly #pattern: RegExp

  constructor(pattern: RegExp) {
    this.#pattern = pattern
    this.#source = pattern.source
  }

  /** Up to the end of the group, or of the pattern. */
  alternatives(): Reach {
    const all: Reach = { ways: 0, length: 0 }
    let one: Reach = { ways: 1, length: 0 }
    const close = () => {
      all.ways += one.ways
      all.length = Math.max(all.length, one.length)
      one = { ways: 1, length: 0 }
    }
    while (this.#at < this.#source.length && this.#source[this.#at] !== ')') {
      if (this.#source[this.#at] === '|') {
        close()
        this.#take(1)
      } else {
        const { ways, length } = this.#repeated()
        one = { ways: capped(one.ways * ways), length: capped(one.length + length) }
      }
    }
    close()
    return all
  }

  #repeated(): Reach {
    const once = this.#atom()
    // However many digits it has: one that is taken for a text here would still be a repetition to JavaScript.
    quantifierHere.lastIndex = this.#at
    const quantifier = quantifierHere.exec(this.#source)
    if (!quantifier) {
      if (this.#source[this.#at] === '{' && this.#pattern.unicode) {
        throw slowPattern(this.#pattern, 'a quantifier of it is not understood')
      }
      return once
    }
    const [whole, lower, comma, upper] = quantifier
    const least = lower === undefined ? (whole === '+' ? 1 : 0) : Number(lower)
    const most =
      lower === undefined
        ? whole === '?'
          ? 1
          : longestRepeat
        : comma
          ? Number(upper || least + longestRepeat)
          : least
    this.#at += whole.length
    this.bounded += `{${least},${most}}`
    if (this.#source[this.#at] === '?') this.#take(1)
    const ways = once.ways <= 1 ? most - least + 1 : once.ways ** Math.max(1, most) * (most - least + 1)
    return { ways: capped(ways), length: capped(once.length * most) }
  }

  #atom(): Reach {
    const first = this.#source[this.#at]
    if (first === '\\') {
      const next = this.#source[this.#at + 1]!
      if (/[1-9k]/.test(next)) throw slowPattern(this.#pattern, `it refers back to a group (\\${next})`)
      // Without the flag u, the braces of `\p{2,}` and `\u{2,}` are quantifiers.
      const escapes = this.#pattern.unicode
        ? /^\\(?:[pPu]\{[^}]{0,64}\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|c[A-Za-z])/
        : /^\\(?:u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|c[A-Za-z])/
      const long = escapes.exec(this.#source.slice(this.#at, this.#at + 70))
      this.#take(long ? long[0].length : 2)
      return oneCharacter
    }
    if (first === '[') {
      let end = this.#at + 1
      while (end < this.#source.length && this.#source[end] !== ']') end += this.#source[end] === '\\' ? 2 : 1
      this.#take(end + 1 - this.#at)
      return oneCharacter
    }
    if (first === '(') {
      const opening = /^\((?:\?(?:[:=!]|<[=!]|<[^>]{1,64}>|[a-z-]{1,8}:))?/.exec(
        this.#source.slice(this.#at, this.#at + 70),
      )!
      this.#take(opening[0].length)
      const ways = this.alternatives()
      this.#take(1)
      return ways
    }
    this.#take(1)
    return oneCharacter
  }

  #take(length: number): void {
    this.bounded += this.#source.slice(this.#at, this.#at + length)
    this.#at += length
  }
}

function slowPattern(pattern: RegExp, why: string): ReeveError {
  return new ReeveError(
    'slow-pattern',
    `The pattern ${pattern} could take too long on a hostile text: ${why}. Give its repetitions small bounds, such as \\d{4,8} for \\d+, and do not nest them.`,
  )
}

function capped(count: number): number {
  return Math.min(count, Number.MAX_SAFE_INTEGER)
}
