import { randomBytes } from 'node:crypto'
import { ReeveError } from '../../base/errors.ts'
import { sha256 } from '../../base/hash.ts'
import type { Mark, MarkedText } from '../../base/schema/marked.ts'
import { mask, type Secrets } from '../../base/secrets/secrets.ts'
import type { Row } from '../database.ts'
import type { JournalEvent } from '../journal/journal.ts'
import { boundId } from './bound-text.ts'
import { type MarkedValue, markedRow, saltId } from './marked-values.ts'
import { forgedText } from './sealed-text.ts'

const reference = /\[marked:([\w-]{22}(?:[\w-]{5})?)\]/g
/** A reference, or what stands for the beginning of what only looks like one. */
const keptForms = /\[marked:(?:~|([\w-]{22}(?:[\w-]{5})?)\])/g
/** A text in JSON, and the colon where it is a name. */
const literal = /"([^"\\]*(?:\\.[^"\\]*)*)"(:)?/g
/** How a reference begins. */
const first = '[marked:'
/** Of one that came from outside: no reference of ours begins so. */
const foreignFirst = `${first}~`
/** A shorter text is replaced only where it is all of a text, for in others it stands by chance. */
const shortestPart = 4

/** Whether a text may hold references. */
export function mayHoldMarks(text: string | null): boolean {
  return text !== null && text.length > first.length && text.includes(first)
}

/**
 * A text from outside as it is kept: what looks like a reference in it is none. JSON text stays JSON text. What has been sealed is
 * kept so already.
 */
export function keptText<Text extends string | null>(text: Text): Text {
  return text !== null && mayHoldMarks(text) ? (text.replaceAll(first, foreignFirst) as Text) : text
}

/**
 * The texts of one run that its schemas mark, each with the reference that stands for it in all that is kept of the run. Code
 * works with the texts; what is written is sealed first, what is read is opened:
 *
 *   text ── seal ──▶ [marked:ID] ── open ──▶ text        the text itself is a row of `marked_values`
 *
 * Nothing else makes a reference: what looks like one in what comes from outside (an input, a mail, a tool, a model) is kept as
 * `[marked:~…`, and opened to what it was. So all that is kept is sealed exactly once, and all that is read is opened exactly once:
 * the result of a child, too, which its parent opens where it comes in.
 *
 * A text is replaced wherever it stands in what the run writes, not only in the field that is marked: in arguments, prompts,
 * results and messages, too. Ids bind their texts with a nonce that is kept with those, so that nobody can tell by one what a text
 * was, and nobody can put another text in its place.
 */
export class RunMarks {
  // Most runs have none: what follows is made for those that do.
  #ids: Map<string, string> = noTexts
  #texts: Map<string, string> = noTexts
  #marks: Map<string, Mark> = noMarks
  #nonces: Map<string, string> = noTexts
  #erased: Set<string> | undefined
  /** Why none can be opened that is not known. */
  #locked: ReeveError | undefined
  /** Those whose rows were changed. */
  #forged: Map<string, ReeveError> | undefined
  #salt: string | undefined
  #fresh: readonly MarkedValue[] = none
  #finder: RegExp | undefined
  #textFinder: RegExp | undefined

  /** There is nothing to seal or to open. */
  get isEmpty(): boolean {
    const hasFaults = this.#locked !== undefined || this.#forged !== undefined
    return this.#ids.size === 0 && this.#salt === undefined && this.#erased === undefined && !hasFaults
  }

  /** All texts that the run has ever marked are known. */
  get isWhole(): boolean {
    return this.#locked === undefined && this.#forged === undefined && this.#erased === undefined
  }

  /** @throws `secrets-key-missing` where its texts are not known, so that nothing could be sealed */
  requireKey(): void {
    if (this.#locked) throw this.#locked
  }

  /** Texts that stand where a schema has marks, and which of their parts no journal has, marked or not. */
  add(found: readonly MarkedText[], secrets?: Secrets): void {
    for (const { mark, text: written } of found) {
      const text = secrets ? secrets.redact(written) : written
      if (text !== mask && !this.#ids.has(text)) this.#note({ ...boundId(text), mark, text })
    }
  }

  /** What is in the database of this run. */
  adopt(rows: readonly MarkedValue[]): void {
    for (const row of rows) this.#learn(row)
  }

  /** The texts of another run that stand in what this one gets of it, under their references. */
  share(from: RunMarks, plain: string | null): void {
    if (plain !== null && !from.isEmpty) this.shareKept(from, from.seal(plain))
  }

  /** The same where it is sealed already. */
  shareKept(from: RunMarks, sealed: string): void {
    for (const [, id] of sealed.matchAll(reference)) {
      const text = from.#texts.get(id!)
      if (text === undefined || this.#texts.has(id!)) continue
      this.#note({ id: id!, mark: from.#marks.get(id!)!, text, ...from.#nonceOf(id!) })
    }
  }

  #nonceOf(id: string): { nonce?: string } {
    const nonce = this.#nonces.get(id)
    return nonce === undefined ? {} : { nonce }
  }

  #note(value: MarkedValue): void {
    this.#fresh = [...this.#fresh, value]
    this.#learn(value)
  }

  #learn({ id, mark, text, nonce, locked }: MarkedValue): void {
    if (locked?.code === 'secret-forged' && id !== saltId)
      this.#forged = (this.#forged ?? new Map()).set(id, locked)
    else if (locked) this.#locked = locked
    else if (text === null) this.#erased = (this.#erased ?? new Set()).add(id)
    else if (id === saltId) this.#salt = text
    else {
      if (this.#ids === noTexts) {
        this.#ids = new Map()
        this.#texts = new Map()
        this.#marks = new Map()
        this.#nonces = new Map()
      }
      if (nonce !== undefined) this.#nonces.set(id, nonce)
      if (!this.#ids.has(text)) this.#ids.set(text, id)
      this.#texts.set(id, text)
      this.#marks.set(id, mark)
      this.#finder = undefined
      this.#textFinder = undefined
    }
  }

  /** Rows for what was added since the last time: they commit with the first text that refers to them. */
  takeRows(run: number): Row[] {
    const rows = this.newRows(run)
    this.#fresh = none
    return rows
  }

  /** The same for a transaction that may be done again: it asks again, and gets the same. */
  newRows(run: number): Row[] {
    return this.#fresh.length === 0 ? noRows : this.#fresh.map((value) => markedRow(run, value))
  }

  /** JSON text as it is kept. Only texts in it are replaced, never names, numbers or what holds it together. */
  seal(json: string): string {
    if (this.#ids.size === 0) return keptText(json)
    this.#finder ??= this.#finderOf(escaped)
    const finder = this.#finder
    return json.replace(literal, (whole, inner: string, colon: string | undefined) => {
      if (colon !== undefined) return keptText(whole)
      const id = this.#ids.get(unescaped(inner))
      return `"${id === undefined ? this.#sealed(inner, finder, unescaped) : `[marked:${id}]`}"`
    })
  }

  /** A text that is not JSON, as it is kept. */
  sealText(text: string): string {
    if (this.#ids.size === 0) return keptText(text)
    this.#textFinder ??= this.#finderOf((each) => each)
    return this.#sealed(text, this.#textFinder, (form) => form)
  }

  /** Whether any of its texts stands in a text, however short it is. */
  occurIn(text: string): boolean {
    return [...this.#ids.keys()].some((each) => text.includes(each))
  }

  #sealed(text: string, finder: RegExp, read: (form: string) => string): string {
    return text.replace(finder, (form) =>
      form === first ? foreignFirst : `[marked:${this.#ids.get(read(form))!}]`,
    )
  }

  /** JSON text as it was before it was sealed. @throws `erased` `secrets-key-missing` `secret-forged` */
  open(json: string): string {
    return this.#opened(json, escaped)
  }

  /** The same of a text that is not JSON. @throws `erased` `secrets-key-missing` `secret-forged` */
  openText(text: string): string {
    return this.#opened(text, (each) => each)
  }

  /** JSON text, of which what cannot be opened stays a reference. */
  openKnown(json: string): string {
    return this.#opened(json, escaped, true)
  }

  /** The same of a text that is not JSON. */
  openKnownText(text: string): string {
    return this.#opened(text, (each) => each, true)
  }

  #opened(text: string, form: (text: string) => string, isLenient = false): string {
    if (!mayHoldMarks(text)) return text
    return text.replace(keptForms, (whole, id: string | undefined) => {
      if (id === undefined) return first
      const known = this.#texts.get(id)
      if (known !== undefined) return form(known)
      if (isLenient) return whole
      throw this.#whyUnknown(id)
    })
  }

  /** Nobody but a run itself makes references: one without its row has lost it. */
  #whyUnknown(id: string): ReeveError {
    const fault = this.#forged?.get(id) ?? this.#locked
    if (fault) return fault
    if (!this.#erased?.has(id)) return forgedText(id)
    return new ReeveError(
      'erased',
      'The data of the run was erased, so the run cannot continue. Start a new run.',
    )
  }

  /** What digests of it were salted with is known. @throws `erased` `secrets-key-missing` `secret-forged` */
  requireSalt(): void {
    if (this.#salt === undefined) throw this.#whyUnknown(saltId)
  }

  /** A digest that nobody can check a guess against, once the run has marks. */
  salted(digest: string): string {
    if (this.#salt === undefined) {
      if (this.#locked) throw this.#locked
      if (this.#ids.size === 0) return digest
      // Made by whoever drives the run, and by nobody else: two would not agree.
      this.#note({ id: saltId, mark: 'secret', text: newId() })
    }
    return `${saltedFirst}${sha256(`${this.#salt}\n${digest}`)}`
  }

  /** Whether a kept digest is of the same: digests of before the run had marks are plain. */
  isSame(kept: string | null, digest: string | null): boolean {
    if (kept === null || digest === null || !kept.startsWith(saltedFirst)) return kept === digest
    return kept === this.salted(digest)
  }

  /** Longest first, so that no part of one is taken for another; what a backslash begins is not cut in two. */
  #finderOf(form: (text: string) => string): RegExp {
    const forms = [...this.#ids.keys()].filter((text) => text.length >= shortestPart).map(form)
    const patterns = forms
      .toSorted((one, other) => other.length - one.length)
      .map((each) => each.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'))
    if (patterns.length === 0) return new RegExp(firstPattern, 'g')
    return new RegExp(`(?<=(?:^|[^\\\\])(?:\\\\\\\\)*)(?:${patterns.join('|')})|${firstPattern}`, 'g')
  }
}

const firstPattern = String.raw`\[marked:`
const noTexts = new Map<string, string>()
const noMarks = new Map<string, Mark>()
const none: readonly MarkedValue[] = []
const noRows: Row[] = []

/** A digest is 43 characters of base64url and has no dot. */
const saltedFirst = 'salted.'

/** Whether a digest of its call, or of what was parsed for it, is salted. */
export function isSalted({ type, args, payload }: Pick<JournalEvent, 'type' | 'args' | 'payload'>): boolean {
  if (args?.startsWith(saltedFirst)) return true
  return type === 'value-parsed' && payload !== null && saltedValue.test(payload)
}

/** How `value-parsed` events begin: what follows is anybody's. */
const saltedValue = /^\{"no":\d+,"given":"salted\./

function newId(): string {
  return randomBytes(16).toString('base64url')
}

function escaped(text: string): string {
  return JSON.stringify(text).slice(1, -1)
}

function unescaped(written: string): string {
  try {
    return JSON.parse(`"${written}"`) as string
  } catch {
    return written
  }
}
