/**
 * Reads one JSON value out of a text that a model wrote, allowing only what loses nothing and adds nothing:
 * comments, trailing commas and raw line breaks inside strings. Anything else is a fault with its position.
 *
 * The reader does not build the value itself. It checks the grammar, collects the text without what it allowed,
 * and leaves the rest to `JSON.parse`, so that an accepted value means what JSON says it means.
 */
export const maxJsonDepth = 64

export interface JsonFault {
  /** Index into the text. */
  at: number
  message: string
  /** The text ended before the value did. */
  cut: boolean
}

export type JsonRead =
  | { ok: true; end: number; json: string; repairs: string[]; hasObject: boolean }
  | { ok: false; fault: JsonFault; hasObject: boolean }

type Expecting = 'value' | 'value-or-close' | 'key-or-close' | 'colon' | 'comma-or-close' | 'done'

const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const literal = /true|false|null/y
const blank = /[ \t\n\r]*/y
const plainRun = /[^"\\\p{Cc}]*/uy
const escapeSequence = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y

/** Reads the value that begins at `start`. Linear in the length of the text. */
export function readJson(text: string, start: number): JsonRead {
  return new Reader(text, start).read()
}

class Reader {
  readonly #text: string
  readonly #start: number
  #at: number
  /** What to leave out or replace; nothing overlaps. */
  readonly #edits: Array<{ from: number; to: number; by: string }> = []
  readonly #open: Array<'{' | '['> = []
  readonly #repairs = new Set<string>()
  #expecting: Expecting = 'value'
  #commaAt = -1
  #hasObject = false
  #fault: JsonFault | undefined

  constructor(text: string, start: number) {
    this.#text = text
    this.#start = start
    this.#at = start
  }

  read(): JsonRead {
    while (this.#expecting !== 'done' && !this.#fault) {
      this.#skipBlanksAndComments()
      if (this.#fault) break
      if (this.#at >= this.#text.length) this.#cutOff()
      else this.#readToken(this.#text[this.#at]!)
    }
    if (this.#fault) return { ok: false, fault: this.#fault, hasObject: this.#hasObject }
    return {
      ok: true,
      end: this.#at,
      json: this.#edited(),
      repairs: [...this.#repairs],
      hasObject: this.#hasObject,
    }
  }

  #edited(): string {
    // A trailing comma is found only at the bracket after it, past any comment in between: hence the sorting.
    const edits = this.#edits.sort((a, b) => a.from - b.from)
    let json = ''
    let copied = this.#start
    for (const { from, to, by } of edits) {
      json += this.#text.slice(copied, from) + by
      copied = to
    }
    return json + this.#text.slice(copied, this.#at)
  }

  #readToken(char: string): void {
    if (this.#expecting === 'colon') {
      if (char !== ':') this.#fail('expected ":" after the property name')
      this.#at++
      this.#expecting = 'value'
    } else if (this.#expecting !== 'value' && this.#close(char)) {
      // An empty object or array, a trailing comma, or the usual end.
    } else if (this.#expecting === 'comma-or-close') {
      const object = this.#open.at(-1) === '{'
      if (char !== ',') this.#fail(object ? 'expected "," or "}"' : 'expected "," or "]"')
      this.#commaAt = this.#at++
      this.#expecting = object ? 'key-or-close' : 'value-or-close'
    } else if (this.#expecting === 'key-or-close') {
      if (char === '"') this.#readString()
      else this.#fail('expected a property name in double quotes')
      this.#expecting = 'colon'
    } else {
      this.#readValue(char)
    }
  }

  #readValue(char: string): void {
    if (char === '{' || char === '[') this.#openBracket(char)
    else if (char === '"') {
      this.#readString()
      this.#afterValue()
    } else if (this.#skip(number) || this.#skip(literal)) this.#afterValue()
    else this.#noValue()
  }

  #openBracket(bracket: '{' | '['): void {
    if (this.#open.length === maxJsonDepth)
      this.#fail(`the value is nested deeper than ${maxJsonDepth} levels`)
    this.#open.push(bracket)
    if (bracket === '{') this.#hasObject = true
    this.#at++
    this.#commaAt = -1
    this.#expecting = bracket === '{' ? 'key-or-close' : 'value-or-close'
  }

  #noValue(): void {
    const rest = this.#text.slice(this.#at, this.#at + 6)
    if (rest === '-' || ['true', 'false', 'null'].some((word) => word.startsWith(rest))) this.#cutOff()
    else this.#fail('expected a value')
  }

  #afterValue(): void {
    this.#commaAt = -1
    this.#expecting = this.#open.length === 0 ? 'done' : 'comma-or-close'
  }

  /** Closes the innermost bracket when `char` does so, dropping a comma just before it. */
  #close(char: string): boolean {
    const opened = this.#open.at(-1)
    if (char !== (opened === '{' ? '}' : ']') || opened === undefined) return false
    if (this.#commaAt >= 0) {
      this.#edits.push({ from: this.#commaAt, to: this.#commaAt + 1, by: '' })
      this.#repairs.add('removed a trailing comma')
    }
    this.#open.pop()
    this.#at++
    this.#afterValue()
    return true
  }

  #readString(): void {
    this.#at++
    while (!this.#fault) {
      this.#skip(plainRun)
      const char = this.#text[this.#at]
      if (char === '"') {
        this.#at++
        return
      }
      if (char === undefined) this.#cutOff()
      else if (char !== '\\') this.#escapeControl(char)
      else if (!this.#skip(escapeSequence)) {
        if (/^\\(?:u[0-9a-fA-F]{0,3})?$/.test(this.#text.slice(this.#at, this.#at + 6))) this.#cutOff()
        else this.#fail('expected an escape that JSON knows')
      }
    }
  }

  #escapeControl(char: string): void {
    const by = `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
    this.#edits.push({ from: this.#at, to: ++this.#at, by })
    this.#repairs.add('escaped a control character inside a string')
  }

  #skipBlanksAndComments(): void {
    this.#skip(blank)
    while (!this.#fault && /^\/[/*]/.test(this.#text.slice(this.#at, this.#at + 2))) {
      const from = this.#at
      const line = this.#text[from + 1] === '/'
      const end = line ? this.#text.indexOf('\n', from) : this.#text.indexOf('*/', from + 2)
      if (end < 0) this.#cutOff()
      else {
        this.#at = line ? end : end + 2
        this.#edits.push({ from, to: this.#at, by: ' ' })
        this.#repairs.add('removed a comment')
        this.#skip(blank)
      }
    }
  }

  #skip(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at
    if (!pattern.test(this.#text) || pattern.lastIndex === this.#at) return false
    this.#at = pattern.lastIndex
    return true
  }

  #cutOff(): void {
    const opened = this.#open.length
    this.#at = this.#text.length
    this.#fail(
      opened > 0
        ? `the answer was cut off: it ends with ${opened} unclosed bracket${opened > 1 ? 's' : ''}`
        : 'the answer was cut off',
      true,
    )
  }

  /** The first fault counts; the loops end at it. */
  #fail(message: string, cut = false): void {
    this.#fault ??= { at: this.#at, message, cut }
  }
}
