import { roleOf } from '../tools/argument-roles.ts'
import { canonicalText, canonicalValue, namesIn, type ValueKind, valuesIn, wordsOf } from './canonical.ts'
import type { Field } from './fields.ts'
import type { Label } from './labels.ts'
import { fieldsIn, holdsUntrusted, labelOf, type Reading } from './reading.ts'

/** One mail, record, file or page of a reading. */
export interface Item {
  reading: Reading
  place: string
  /** Who wrote it, what it is called and where it lies: the texts by which a person's words can name it. */
  writers: string[]
  titles: string[]
  locations: string[]
  /** How many things the reading holds. */
  siblings: number
  leaves: Leaf[]
  /** Each canonical value of the item by its kind, for "the only one there". */
  values: Map<ValueKind, Set<string>>
}

/** A field with what is known of it. */
export interface Leaf extends Field {
  item: number
  label: Label
  /** A field that says who wrote, not what was written. */
  isHeader: boolean
  isPrivate: boolean
  /** A password, a number of a card or a passport: its name says so. */
  isSecret: boolean
  text: string
}

/** Trusted numbers that a run remembers. */
const mostNumbers = 2000

const writerNames =
  /^(?:sender|from|author|owner|user|username|organizer|organiser|created_?by|writer|name_?of_?sender)$/i
const titleNames = /^(?:subject|title|name|file_?name|product_?name|event|label)$/i
const locationNames = /^(?:path|file_?path|url|link|uri|channel)$/i
const secretNames =
  /pass(?:word|wd|phrase|code)|\bpin\b|cvv|cvc|secret|api.?key|token|passport|\bssn\b|social.?security|card.?number|credit.?card|(?:^|\b|_)id.?number|bank.?account|iban/i

/**
 * The labelled values of one run. Adding costs little: what was read is taken apart and indexed at the first question,
 * each reading once, so that a run without effects pays nothing and one with thousands of values pays for each of them once.
 */
export class RunValues {
  /** Whether anything untrusted was read: from then on the model's own making is untrusted, too. */
  hasReadUntrusted = false
  hasReadPrivate = false
  readonly #waiting: Reading[] = []
  readonly #items: Item[] = []
  readonly #leaves: Leaf[] = []
  readonly #places = new Map<string, number[]>()
  readonly #amounts = new Map<number, number>()
  readonly #counts = new Set<number>()
  readonly #secrets: Leaf[] = []
  readonly #private = new Map<string, Leaf>()
  /** How many words the private fields have that begin with a word. */
  readonly #privateStarts = new Map<string, Set<number>>()
  readonly #located = new Map<string, Item[]>()
  readonly #writers = new Map<string, Set<string>>()

  add(reading: Reading): void {
    this.#waiting.push(reading)
    if (reading.isPrivate) this.hasReadPrivate = true
    if (this.hasReadUntrusted) return
    this.hasReadUntrusted = reading.label === 'untrusted' || holdsUntrusted(reading)
  }

  /** Where a value stands: each field that holds it whole or, as an address, URL, number or phrase, inside. */
  find(value: string | number | boolean): readonly Leaf[] {
    this.#index()
    const { kind, key } = canonicalValue(value)
    if (kind !== 'text') {
      const found = this.#places.get(`${kind}:${key}`)
      if (found) return found.map((place) => this.#leaves[place]!)
      if (kind === 'number' && typeof value !== 'string') return []
    }
    return this.findPhrase(String(value))
  }

  /** Where these words stand next to one another. */
  findPhrase(phrase: string): readonly Leaf[] {
    this.#index()
    const words = wordsOf(phrase)
    let fewest: number[] | undefined
    for (const word of words) {
      const places = this.#places.get(`word:${word}`)
      if (!places) return []
      if (!fewest || places.length < fewest.length) fewest = places
    }
    if (!fewest) return []
    const wanted = ` ${words.join(' ')} `
    return fewest.map((place) => this.#leaves[place]!).filter((leaf) => leaf.text.includes(wanted))
  }

  /** Fields with this word. */
  withWord(word: string): readonly Leaf[] {
    this.#index()
    return (this.#places.get(`word:${word}`) ?? []).map((place) => this.#leaves[place]!)
  }

  itemOf(leaf: Leaf): Item {
    return this.#items[leaf.item]!
  }

  /** Fields that must not leave: passwords and the like. */
  get secrets(): readonly Leaf[] {
    this.#index()
    return this.#secrets
  }

  /** The first private field that stands in a text as a whole and of which `isMeant` does not hold. */
  privateIn(words: readonly string[], isMeant: (leaf: Leaf) => boolean): Leaf | undefined {
    this.#index()
    for (const [at, word] of words.entries()) {
      for (const length of this.#privateStarts.get(word) ?? []) {
        if (at + length > words.length) continue
        const leaf = this.#private.get(` ${words.slice(at, at + length).join(' ')} `)
        if (leaf && !isMeant(leaf)) return leaf
      }
    }
    return undefined
  }

  /** Numbers in fields that nobody outside wrote and that may be sums of money, with how often each stands there. */
  get trustedAmounts(): ReadonlyMap<number, number> {
    this.#index()
    return this.#amounts
  }

  /** Numbers in fields that nobody outside wrote, whose names say that they count something: pieces, days. */
  get trustedCounts(): ReadonlySet<number> {
    this.#index()
    return this.#counts
  }

  /** What was read at exactly this path, page or channel. */
  itemsAt(location: string): readonly Item[] {
    this.#index()
    return this.#located.get(canonicalText(location)) ?? []
  }

  /** The items, in the order in which they were read. */
  get items(): readonly Item[] {
    this.#index()
    return this.#items
  }

  /** Everybody who wrote something and has this name. */
  writersCalled(name: string): readonly string[] {
    this.#index()
    return [...(this.#writers.get(name) ?? [])]
  }

  #index(): void {
    for (const reading of this.#waiting) this.#takeApart(reading)
    this.#waiting.length = 0
  }

  #takeApart(reading: Reading): void {
    const fields = fieldsIn(reading)
    const first = this.#items.length
    const numbers = [...new Set(fields.map(({ item }) => item))]
    for (const _ of numbers) {
      this.#items.push({
        reading,
        place: reading.place,
        writers: [],
        titles: [],
        locations: [...(reading.askedBy ?? [])],
        siblings: numbers.length,
        leaves: [],
        values: new Map(),
      })
    }
    for (const field of fields) this.#addLeaf(reading, field, first + numbers.indexOf(field.item))
    for (const item of this.#items.slice(first)) {
      item.place = describeItem(item)
      for (const location of item.reading.askedBy ?? []) {
        const key = canonicalText(location)
        this.#located.set(key, [...(this.#located.get(key) ?? []), item])
      }
    }
  }

  #addLeaf(reading: Reading, field: Field, number: number): void {
    const item = this.#items[number]!
    const name = field.path.at(-1) ?? ''
    const label = labelOf(reading, field)
    if (label === 'untrusted') this.hasReadUntrusted = true
    const isHeader = !field.isFree && writerNames.test(name)
    const text = String(field.value)
    if (!field.isFree) {
      if (isHeader) this.#addWriter(item, text)
      if (titleNames.test(name)) item.titles.push(text)
      if (locationNames.test(name)) item.locations.push(text)
    }
    const place = this.#leaves.length
    const words = wordsOf(text)
    const leaf: Leaf = {
      ...field,
      item: number,
      label,
      isHeader,
      isPrivate: reading.isPrivate,
      isSecret: reading.isPrivate && !field.isFree && secretNames.test(name),
      text: ` ${words.join(' ')} `,
    }
    this.#leaves.push(leaf)
    item.leaves.push(leaf)
    if (leaf.isSecret) this.#secrets.push(leaf)
    if (leaf.isPrivate && !leaf.isFree && !isHeader && leaf.text.length >= 8) {
      this.#private.set(leaf.text, leaf)
      const lengths = this.#privateStarts.get(words[0]!) ?? new Set()
      this.#privateStarts.set(words[0]!, lengths.add(words.length))
    }
    for (const word of new Set(words)) this.#note(`word:${word}`, place)
    const keys = new Set<string>()
    const whole = field.isFree ? undefined : canonicalValue(field.value)
    for (const { kind, key } of whole && whole.kind !== 'text'
      ? [whole, ...valuesIn(text)]
      : valuesIn(text)) {
      keys.add(`${kind}:${key}`)
      if (!isHeader) setOf(item.values, kind).add(key)
    }
    for (const key of keys) {
      this.#note(key, place)
      if (label !== 'untrusted' && key.startsWith('number:'))
        this.#addNumber(name, Number(key.slice('number:'.length)))
    }
  }

  #addWriter(item: Item, writer: string): void {
    item.writers.push(writer)
    for (const name of namesIn(writer)) {
      const called = this.#writers.get(name) ?? new Set()
      this.#writers.set(name, called.add(canonicalText(writer)))
    }
  }

  #addNumber(name: string, value: number): void {
    const role = roleOf(name, { type: 'number' })
    if (role === 'count' || role === 'plain') {
      if (this.#counts.size < mostNumbers) this.#counts.add(value)
    } else if (this.#amounts.size < mostNumbers) this.#amounts.set(value, (this.#amounts.get(value) ?? 0) + 1)
  }

  #note(key: string, place: number): void {
    const places = this.#places.get(key)
    if (places) places.push(place)
    else this.#places.set(key, [place])
  }
}

function setOf(values: Map<ValueKind, Set<string>>, kind: ValueKind): Set<string> {
  const found = values.get(kind) ?? new Set<string>()
  values.set(kind, found)
  return found
}

/** "a mail" becomes "a mail from bob@example.com, 'Coupons'". */
function describeItem({ reading, writers, titles }: Item): string {
  const from = writers[0] === undefined ? '' : ` from ${writers[0]}`
  const called = titles[0] === undefined ? '' : `, "${canonicalText(titles[0]).slice(0, 60)}"`
  return `${reading.place}${from}${called}`
}
