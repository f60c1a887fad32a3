import { ReeveError } from '../errors.ts'
import { isPlainRecord } from '../json/record.ts'
import { formsAsPassword, formsOf } from './secret-forms.ts'
import { SecretSearch } from './secret-search.ts'

/** What stands in the place of a secret. */
export const mask = '[secret]'

/** Where in a value such a place is; undefined: nowhere. `whole`: only where the mask is all of a text. */
export function findMask(value: unknown, whole = false, path = ''): string | undefined {
  if (typeof value === 'string')
    return (whole ? value.trim() === mask : value.includes(mask)) ? path : undefined
  if (typeof value !== 'object' || value === null) return undefined
  for (const [key, inner] of Object.entries(value)) {
    const found = findMask(inner, whole, path === '' ? key : `${path}.${key}`)
    if (found !== undefined) return found
  }
  return undefined
}

/** Where values are registered that must not reach a journal, a log or a model. */
export interface SecretRegistry {
  /** Registers values; those that it has, and empty ones, change nothing. */
  add(values: Iterable<string>): void
}

/** Nothing that is deeper is kept anywhere: it is refused (`base/json`), and so must be there for whoever refuses it. */
const deepestCleaned = 500

/**
 * The values that must not leave this process: not into the journal, a log, an error, a prompt or an answer. `redact`
 * is the one boundary: whatever goes out passes through it. It finds each value as it is, and as base64 (in any place of
 * a longer text), hex, in a URL, in JSON, in HTML; case does not matter.
 *
 * A value of fewer than 8 characters is looked for only where it stands as a password (`user:VALUE@`,
 * `password=VALUE`): it would be redacted in plain text elsewhere.
 */
export class Secrets implements SecretRegistry {
  readonly #values = new Set<string>()
  readonly #passwords = new Set<string>()
  #search: SecretSearch | undefined

  constructor(values: Iterable<string> = []) {
    this.add(values)
  }

  get isEmpty(): boolean {
    return this.#values.size + this.#passwords.size === 0
  }

  /** Registers values; those it has, and empty ones, change nothing. */
  add(values: Iterable<string>): void {
    for (const value of values) {
      if (value === '' || this.#values.has(value)) continue
      this.#values.add(value)
      this.#search = undefined
    }
  }

  /** Registers values that are looked for only where they stand as a password: plain words. */
  addPasswords(values: Iterable<string>): void {
    for (const value of values) {
      if (value === '' || this.#passwords.has(value)) continue
      this.#passwords.add(value)
      this.#search = undefined
    }
  }

  /** The text with every secret in it replaced by `[secret]`; the very same text where it has none. */
  redact(text: string): string {
    if (this.isEmpty) return text
    const found = this.#searched().findAll(text)
    if (found.length === 0) return text
    let clean = ''
    let from = 0
    for (const { start, end } of found) {
      clean += text.slice(from, start) + mask
      from = end
    }
    return clean + text.slice(from)
  }

  /** The same for a text of JSON: it stays JSON. */
  redactJson(text: string): string {
    if (this.isEmpty || !this.#searched().standsIn(text)) return text
    let data: unknown
    try {
      data = JSON.parse(text)
    } catch {
      return this.redact(text)
    }
    // As a text once more, for what lies too deep.
    return this.redact(JSON.stringify(this.#cleaned(data)))
  }

  redactBytes(bytes: Buffer): Buffer {
    if (this.isEmpty) return bytes
    const text = bytes.toString('latin1')
    const clean = this.redact(text)
    return clean === text ? bytes : Buffer.from(clean, 'latin1')
  }

  /** Plain data with every text in it redacted, names of properties included; the very same data where it has none. */
  redactData<T>(data: T): T {
    return this.isEmpty || this.#isClean(data, 0) ? data : (this.#cleaned(data) as T)
  }

  /** For a text that comes in pieces, a secret cut in halves among them. Joined, what it gives is the text redacted. */
  stream(): SecretStream {
    return new SecretStream(this, () => this.#searched())
  }

  /** Mostly nothing is found: told without making anything. */
  #isClean(data: unknown, depth: number): boolean {
    if (typeof data === 'string') return !this.#searched().standsIn(data)
    if (typeof data === 'number') return !this.#searched().standsIn(String(data))
    if (typeof data !== 'object' || data === null || depth > deepestCleaned) return true
    if (Array.isArray(data)) return data.every((part) => this.#isClean(part, depth + 1))
    if (!isPlainRecord(data)) return true
    for (const name of Object.keys(data))
      if (this.#searched().standsIn(name) || !this.#isClean(data[name], depth + 1)) return false
    return true
  }

  #cleaned(data: unknown, depth = 0): unknown {
    if (typeof data === 'string') return this.redact(data)
    if (typeof data === 'number') return this.redact(String(data)) === String(data) ? data : mask
    if (depth > deepestCleaned) return data
    if (Array.isArray(data)) {
      const parts = data.map((part) => this.#cleaned(part, depth + 1))
      return parts.some((part, index) => part !== data[index]) ? parts : data
    }
    if (!isPlainRecord(data)) return data
    let isSame = true
    const names = Object.keys(data)
    const after = names.map((name) => {
      const part = this.#cleaned(data[name], depth + 1)
      isSame &&= part === data[name] && this.redact(name) === name
      return part
    })
    return isSame ? data : Object.fromEntries(names.map((name, index) => [this.redact(name), after[index]]))
  }

  #searched(): SecretSearch {
    this.#search ??= new SecretSearch([
      ...[...this.#values].flatMap(formsOf),
      ...[...this.#passwords].flatMap(formsAsPassword),
    ])
    return this.#search
  }
}

/** The very same error where nothing of it is secret; otherwise one without its cause and stack. */
export function withoutSecrets(error: unknown, secrets: Secrets): unknown {
  if (!(error instanceof ReeveError)) return error
  const message = secrets.redact(error.message)
  const details = secrets.redactData(error.details)
  const isClean = message === error.message && details === error.details
  const causes =
    error.cause instanceof Error ? secrets.redact(error.cause.message) === error.cause.message : true
  if (isClean && causes) return error
  return new ReeveError(error.code, message, { retryable: error.retryable, details })
}

/** Holds back the end of what came for as long as it may be the beginning of a secret. */
export class SecretStream {
  readonly #secrets: Secrets
  readonly #search: () => SecretSearch
  #held = ''

  constructor(secrets: Secrets, search: () => SecretSearch) {
    this.#secrets = secrets
    this.#search = search
  }

  /** What may be shown now. */
  push(piece: string): string {
    if (this.#secrets.isEmpty) return piece
    const text = this.#held + piece
    const search = this.#search()
    const last = search.findAll(text).at(-1)?.end ?? 0
    const cut = search.beginningAt(text, last)
    this.#held = text.slice(cut)
    return this.#secrets.redact(text.slice(0, cut))
  }

  /** What was held back at the end. */
  end(): string {
    const rest = this.#held
    this.#held = ''
    return this.#secrets.redact(rest)
  }
}
