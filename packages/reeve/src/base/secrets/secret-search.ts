/** Where a secret stands in a text. */
export interface SecretMatch {
  start: number
  end: number
}

const tableSize = 1 << 15

/**
 * Finds many texts in one pass, ASCII letters of either case alike. It looks at every few characters only: three of them
 * say how far the next place is at which any of the texts could end (Wu and Manber, "A fast algorithm for multi-pattern
 * searching", 1994). A text of 100 characters without a secret takes some 100 ns, whatever the number of secrets.
 */
export class SecretSearch {
  readonly #shortest: number
  readonly #longest: number
  /** By the hash of three characters: how far to go on; 0: they may be the end of the first `#shortest` of a text. */
  readonly #skip: Uint8Array
  readonly #candidates = new Map<number, string[]>()
  readonly #forms: readonly string[]
  #sorted: readonly string[] | undefined
  /** Of each text, the first two characters. */
  #starts = new Set<string>()

  /** Each text has at least 3 characters. */
  constructor(texts: readonly string[]) {
    const forms = [...new Set(texts.map(folded))]
    this.#forms = forms
    this.#shortest = Math.min(255, ...forms.map((form) => form.length))
    this.#longest = Math.max(0, ...forms.map((form) => form.length))
    this.#skip = new Uint8Array(tableSize).fill(Math.max(1, this.#shortest - 2))
    for (const form of forms) {
      for (let end = 2; end < this.#shortest; end++) {
        const hash = hashAt(form, end)
        this.#skip[hash] = Math.min(this.#skip[hash]!, this.#shortest - 1 - end)
      }
      const last = hashAt(form, this.#shortest - 1)
      const others = this.#candidates.get(last)
      if (others) others.push(form)
      else this.#candidates.set(last, [form])
    }
    for (const others of this.#candidates.values()) others.sort((left, right) => right.length - left.length)
  }

  /** In order, none over another. */
  findAll(text: string): SecretMatch[] {
    const found: SecretMatch[] = []
    for (let match = this.#next(text, 0); match; match = this.#next(text, match.end)) found.push(match)
    return found
  }

  /** Whether one of the texts stands in it. */
  standsIn(text: string): boolean {
    return this.#next(text, 0) !== undefined
  }

  /** The first one that begins at `from` or behind it. */
  #next(text: string, from: number): SecretMatch | undefined {
    if (this.#forms.length === 0) return undefined
    const skip = this.#skip
    const first = this.#shortest - 1
    for (let at = from + first; at < text.length; ) {
      const hash = hashAt(text, at)
      const onward = skip[hash]!
      if (onward > 0) {
        at += onward
        continue
      }
      const start = at - first
      const form = this.#candidates.get(hash)?.find((each) => standsAt(text, start, each))
      if (form !== undefined) return { start, end: start + form.length }
      at++
    }
    return undefined
  }

  /** Where, from `from` on, the end of the text may be the beginning of one of the texts; its length, where nowhere. */
  beginningAt(text: string, from: number): number {
    const tail = folded(text.slice(Math.max(from, text.length - this.#longest)))
    for (let start = 0; start < tail.length; start++) {
      if (this.#isBeginning(tail, start)) return text.length - tail.length + start
    }
    return text.length
  }

  /** Whether one of the texts begins with all that stands from there on, and goes on behind it. */
  #isBeginning(tail: string, start: number): boolean {
    if (!this.#sorted) {
      this.#sorted = this.#forms.toSorted(byCharacters)
      this.#starts = new Set(this.#forms.map((form) => form.slice(0, 2)))
    }
    if (start < tail.length - 1 && !this.#starts.has(tail.slice(start, start + 2))) return false
    const rest = tail.slice(start)
    let low = 0
    for (let high = this.#sorted.length; low < high; ) {
      const middle = (low + high) >> 1
      if (this.#sorted[middle]! <= rest) low = middle + 1
      else high = middle
    }
    return this.#sorted[low]?.startsWith(rest) ?? false
  }
}

/** As `<` compares texts, which the search relies on. */
function byCharacters(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}

function hashAt(text: string, end: number): number {
  const first = text.charCodeAt(end - 2) | 32
  const second = text.charCodeAt(end - 1) | 32
  return ((first << 10) ^ (second << 5) ^ (text.charCodeAt(end) | 32)) & (tableSize - 1)
}

function standsAt(text: string, start: number, form: string): boolean {
  if (start + form.length > text.length) return false
  for (let index = 0; index < form.length; index++) {
    if (lower(text.charCodeAt(start + index)) !== form.charCodeAt(index)) return false
  }
  return true
}

/** As `toLowerCase`, but of ASCII only, so that no letter becomes two. */
function folded(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}

function lower(code: number): number {
  return code >= 65 && code <= 90 ? code | 32 : code
}
