import type { ReeveError } from '../../../base/errors.ts'
import { categories, classes, literal } from './pattern-characters.ts'

/** A pattern of JavaScript in the syntax of RE2. */
export interface ReadPattern {
  body: string
  /** What must, or must not, follow its beginning: lookaheads that stand right behind `^`. */
  ahead: { body: string; isWanted: boolean }[]
  /** Single characters, with all repetitions written out. */
  size: number
  /** It begins with `^`, is made of single characters, and repeats at most one of them without a fixed count. */
  isSimple: boolean
  /** How many characters have a fixed count. */
  fixed: number
}

const mostRepeats = 1000
/** Of a simple pattern: they may be tried again at every place where its one repetition may end. */
const mostFixed = 256
const controls: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13, 0: 0 }
const anything = String.raw`[\x{0}-\x{10ffff}]`
const nothing = String.raw`[^\x{0}-\x{10ffff}]`
const anyOnLine = String.raw`[^\n\r\x{2028}\x{2029}]`

/**
 * Translates a pattern that JavaScript accepts. The two differ in what `.`, `\s`, `^` and `$` mean, in escapes, and in
 * quantifiers: `a{0001,}` is a repetition here and a text there. Whatever is not understood is refused.
 */
export function readPattern(
  source: string,
  flags: '' | 'u',
  refused: (why: string) => ReeveError,
): ReadPattern {
  return new Reader(source, flags === 'u', refused).whole()
}

class Reader {
  #at = 0
  #depth = 0
  readonly #source: string
  readonly #isUnicode: boolean
  readonly #refused: (why: string) => ReeveError
  #isSimple: boolean
  #varying = 0
  #fixed = 0
  /** A quantifier that only a simple pattern may have. */
  #tooMany: string | undefined
  #sawAlternative = false

  constructor(source: string, isUnicode: boolean, refused: (why: string) => ReeveError) {
    this.#source = source
    this.#isUnicode = isUnicode
    this.#refused = refused
    this.#isSimple = source.startsWith('^')
  }

  whole(): ReadPattern {
    const ahead: ReadPattern['ahead'] = []
    const start = this.#eat('^') ? String.raw`\A` : ''
    let aheadSize = 0
    while (start !== '' && /^\(\?[=!]/.test(this.#rest(3))) {
      const isWanted = this.#source[this.#at + 2] === '='
      this.#at += 3
      const { body, size } = this.#group()
      ahead.push({ body: `${start}(?:${body})`, isWanted })
      aheadSize += size
      if (/^[*+?{]/.test(this.#rest(1))) throw this.#refused('it repeats a look ahead')
    }
    if (ahead.length > 0 && this.#hasAlternatives()) {
      throw this.#refused('it looks ahead in one of several alternatives')
    }
    const { body, size } = this.#alternatives(start)
    const isSimple = this.#isSimple && ahead.length === 0 && this.#varying <= 1 && this.#fixed <= mostFixed
    if (!isSimple && this.#tooMany !== undefined) {
      throw this.#refused(`it repeats a part ${this.#tooMany}; ${mostRepeats} times are the most`)
    }
    return { body, ahead, size: size + aheadSize, isSimple, fixed: this.#fixed }
  }

  /** Behind the beginning: whether a `|` stands outside all groups. */
  #hasAlternatives(): boolean {
    const at = this.#at
    this.#alternatives()
    this.#at = at
    return this.#sawAlternative
  }

  #alternatives(start = ''): { body: string; size: number } {
    if (++this.#depth > 50) throw this.#refused('its groups are nested more than 50 deep')
    const outermost = this.#depth === 1
    let body = start
    let size = 1
    if (outermost) this.#sawAlternative = false
    while (this.#at < this.#source.length && this.#source[this.#at] !== ')') {
      if (this.#eat('|')) {
        body += '|'
        this.#isSimple = false
        if (outermost) this.#sawAlternative = true
      } else {
        const part = this.#repeated()
        body += part.body
        size += part.size
      }
    }
    this.#depth--
    return { body, size }
  }

  /** Up to the end of a group that is open. */
  #group(): { body: string; size: number } {
    this.#isSimple = false
    const inside = this.#alternatives()
    if (!this.#eat(')')) throw this.#refused('a group has no end')
    return inside
  }

  #repeated(): { body: string; size: number } {
    const atom = this.#atom()
    const quantifier = /^(?:[*+?]|\{(\d+)(?:(,)(\d*))?\})/.exec(this.#source.slice(this.#at))
    if (!quantifier) {
      this.#fixed++
      return atom
    }
    const [whole, lower, comma, upper] = quantifier
    const { least, most } = countsOf(whole, lower, comma, upper)
    this.#at += whole.length
    this.#eat('?')
    if (least === most) this.#fixed += least
    else this.#varying++
    const largest = Math.max(least, most ?? 0)
    if (largest > mostRepeats) this.#tooMany = whole
    const size = Math.min(Number.MAX_SAFE_INTEGER, atom.size * Math.max(1, most ?? least + 1))
    return { body: `(?:${atom.body}){${least},${most ?? ''}}`, size }
  }

  #atom(): { body: string; size: number } {
    const first = this.#character()
    switch (first) {
      case '^':
        this.#isSimple = false
        return { body: String.raw`\A`, size: 1 }
      case '$':
        return { body: String.raw`\z`, size: 1 }
      case '.':
        return { body: anyOnLine, size: 1 }
      case '(':
        return this.#opened()
      case '[':
        return { body: this.#characterClass(), size: 1 }
      case '\\':
        return { body: this.#escape(), size: 1 }
      default:
        return { body: literal(first.codePointAt(0)!), size: 1 }
    }
  }

  #opened(): { body: string; size: number } {
    const opening = /^\?(?:([:=!]|<[=!])|<[^>]+>|([a-z-]+):)/.exec(this.#rest(100))
    if (!opening) {
      if (this.#source[this.#at] === '?') throw this.#refused(`a group "(${this.#rest(3)}" is not understood`)
      return this.#bracketed('(?:')
    }
    const [whole, kind, modifiers] = opening
    if (kind === '=' || kind === '!') {
      throw this.#refused(`it looks ahead ("(?${kind}") elsewhere than right behind a "^" at its beginning`)
    }
    if (modifiers !== undefined && !/^-?i$/.test(modifiers)) {
      throw this.#refused(`the modifiers "(?${modifiers}:" are not supported`)
    }
    this.#at += whole.length
    return this.#bracketed(
      modifiers === undefined ? (kind?.startsWith('<') ? `(?${kind}` : '(?:') : `(?${modifiers}:`,
    )
  }

  #bracketed(opening: string): { body: string; size: number } {
    const { body, size } = this.#group()
    return { body: `${opening}${body})`, size }
  }

  /** Behind a backslash, outside of `[]`. */
  #escape(): string {
    const next = this.#source[this.#at]!
    if (/[bB]/.test(next)) {
      this.#at++
      this.#isSimple = false
      return `\\${next}`
    }
    if (/[1-9]/.test(next) || (next === 'k' && this.#source[this.#at + 1] === '<')) {
      throw this.#refused(`it refers back to a group (\\${next})`)
    }
    const part = this.#escaped()
    return typeof part === 'number' ? literal(part) : `[${part}]`
  }

  /** A character, or what stands for several inside `[]`. */
  #escaped(): number | string {
    const next = this.#character()
    if (classes[next] !== undefined) return classes[next]
    if (controls[next] !== undefined && !/^\d/.test(next === '0' ? this.#rest(1) : '')) return controls[next]
    if (next === 'p' || next === 'P') {
      const property = this.#isUnicode
        ? /^\{(?:(?:sc|scx|gc|Script|Script_Extensions|General_Category)=)?(\w+)\}/.exec(this.#rest(80))
        : null
      if (property) {
        this.#at += property[0].length
        return `\\${next}{${categories[property[1]!] ?? property[1]}}`
      }
      if (this.#isUnicode) throw this.#refused(`the property \\${next}${this.#rest(20)} is not supported`)
    }
    const hex = this.#hexadecimal(next)
    if (hex !== undefined) return hex
    const control = next === 'c' ? /^[A-Za-z]/.exec(this.#rest(1)) : null
    if (control) {
      this.#at++
      return control[0].charCodeAt(0) % 32
    }
    if (/\d/.test(next)) throw this.#refused('it has an octal escape')
    return next.codePointAt(0)!
  }

  #hexadecimal(kind: string): number | undefined {
    const written =
      kind === 'x'
        ? /^([\da-f]{2})/i.exec(this.#rest(2))
        : kind === 'u'
          ? (/^([\da-f]{4})/i.exec(this.#rest(4)) ??
            (this.#isUnicode ? /^\{([\da-f]+)\}/i.exec(this.#rest(20)) : null))
          : null
    if (!written) return
    this.#at += written[0].length
    const high = Number.parseInt(written[1]!, 16)
    if (kind !== 'u' || high < 0xd800 || high > 0xdfff) return high
    if (!this.#isUnicode) throw this.#refused('it has halves of characters')
    const low = /^\\u(d[c-f][\da-f]{2})/i.exec(this.#rest(6))
    if (!low) return high
    this.#at += low[0].length
    return (high - 0xd800) * 0x400 + (Number.parseInt(low[1]!, 16) - 0xdc00) + 0x10000
  }

  #characterClass(): string {
    const isNegated = this.#eat('^')
    if (this.#eat(']')) return isNegated ? anything : nothing
    let body = ''
    while (!this.#eat(']')) {
      const from = this.#member()
      if (this.#source[this.#at] === '-' && this.#source[this.#at + 1] !== ']' && typeof from === 'number') {
        this.#at++
        const to = this.#member()
        if (typeof to === 'number') body += `${literal(from)}-${literal(to)}`
        else body += `${literal(from)}${literal(0x2d)}${to}`
      } else body += typeof from === 'number' ? literal(from) : from
    }
    return `[${isNegated ? '^' : ''}${body}]`
  }

  #member(): number | string {
    const first = this.#character()
    if (first !== '\\') return first.codePointAt(0)!
    if (this.#source[this.#at] === 'b') {
      this.#at++
      return 8
    }
    return this.#escaped()
  }

  #character(): string {
    const point = this.#source.codePointAt(this.#at)
    if (point === undefined) throw this.#refused('it ends too early')
    const character = String.fromCodePoint(point)
    if (!this.#isUnicode && point >= 0xd800 && (point <= 0xdfff || point > 0xffff)) {
      throw this.#refused(
        'it is not an expression under the flag u and has characters that only that flag reads whole',
      )
    }
    this.#at += character.length
    return character
  }

  #eat(sign: string): boolean {
    if (this.#source[this.#at] !== sign) return false
    this.#at++
    return true
  }

  #rest(length: number): string {
    return this.#source.slice(this.#at, this.#at + length)
  }
}

function countsOf(
  whole: string,
  lower: string | undefined,
  comma: string | undefined,
  upper: string | undefined,
): { least: number; most: number | undefined } {
  if (lower === undefined) return { least: whole === '+' ? 1 : 0, most: whole === '?' ? 1 : undefined }
  if (!comma) return { least: Number(lower), most: Number(lower) }
  return { least: Number(lower), most: upper === '' ? undefined : Number(upper) }
}
