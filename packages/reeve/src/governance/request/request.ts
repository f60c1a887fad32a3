import { numberWord } from '../../base/text/number-words.ts'
import { canonicalText, canonicalValue, valuesIn, wordsOf } from '../provenance/canonical.ts'
import { asksInOther, saysKindInOther, speaksOfWriting } from './foreign-kind-words.ts'
import { foldedText, isFunctionWord, type Language, languagesOf } from './languages.ts'

/** Words that say nothing about what is meant. */
const empty = new Set(
  'a an the and or but if of to in on at by for from with without into over under it its is are was be been do does did have has had i me my mine we us our you your he him his she her hers they them their this that these those there here please can could would should will shall may might must not no yes as so than then too also any all some one ones more most very just make sure want need needs like get got new use used using about up out when where what which who how'.split(
    ' ',
  ),
)

const leavesItToText =
  /\b(?:fulfil+\w*|follow\w*|do (?:what|all|as|the|everything|whatever)|handle|carry out|take care of|act on|process|her request|his request|their request|instructions?|to-?dos?|tasks? (?:in|on|from|listed)|as (?:she|he|they) (?:ask|want|wish)\w*)\b/i

const writing =
  /\b(?:e-?mails?|mails?|mailed|messages?|inbox|wrote|written|writes?|sent|sends?|shared|asked|asks|said|says|told|posted|mentioned|requests?|requested|letters?|notes?|reply|respond|answer|forward\w*|suggest\w*|recommend\w*|invit\w*|tickets?)\b/i

const quotation =
  /"[^"\n]{2,200}"|'[^'\n]{2,200}'(?![\p{L}\p{N}])|“[^”\n]{2,200}”|‘[^’\n]{2,200}’|«[^»\n]{2,200}»/gu

const addressesAll =
  /\b(?:each|every|all)\b(?: of)?(?: the| these| those)? (?:users?|people|persons?|senders?|members?|participants?|attendees?|customers?|authors?|employees?|colleagues?)\b|\b(?:everyone|everybody)\b/i

/** A request taken apart. */
interface Parts {
  plain: string
  joined: ReadonlySet<string>
  words: ReadonlySet<string>
  values: ReadonlySet<string>
  kinds: ReadonlySet<string>
  names: ReadonlySet<string>
  sentences: readonly string[]
  quoted: ReadonlySet<string>
  languages: readonly Language[]
  numbers: readonly number[]
}

/**
 * The operator's own words for one task: the only text that bounds what is meant. Making one costs nothing: it is taken apart at the
 * first question, which calls that only read a public place never ask.
 */
export class Request {
  readonly text: string
  #taken: Parts | undefined
  #folded: string | undefined

  constructor(texts: string | readonly string[]) {
    this.text = typeof texts === 'string' ? texts : texts.join('\n')
  }

  get #parts(): Parts {
    this.#taken ??= takeApart(this.text)
    return this.#taken
  }

  /** "Do what she asks": the request leaves it to a text that it names what is to be done. */
  get leavesItToText(): boolean {
    return leavesItToText.test(this.text)
  }

  /** "Write to each of them": whoever wrote is meant, whoever that is. */
  get addressesAll(): boolean {
    return addressesAll.test(this.text)
  }

  /** The numbers in it. */
  get numbers(): readonly number[] {
    return this.#parts.numbers
  }

  /** Whether this value stands in the words: addresses, URLs, numbers and accounts exactly, other text in its words. */
  says(value: string | number | boolean): boolean {
    const { kind, key } = canonicalValue(value)
    if (this.#parts.values.has(`${kind}:${key}`)) return true
    if (kind === 'number')
      return this.#parts.words.has(canonicalText(String(value))) || this.#saysCount(Number(key))
    if (kind === 'address' || kind === 'url' || kind === 'account' || kind === 'phone') return false
    const words = wordsOf(String(value))
    if (words.length === 0) return false
    const together = words.join('')
    if (this.#parts.plain.includes(` ${words.join(' ')} `)) return true
    if (this.#parts.joined.has(together) || (words.length > 1 && this.#parts.words.has(together))) return true
    return words.some((word) => this.#isTelling(word)) && words.every((word) => this.saysWord(word))
  }

  /** Whether it names any address, account or phone number: whoever gives one has said who is meant. */
  saysAny(kind: string): boolean {
    return this.#parts.kinds.has(kind)
  }

  /** Whether one word of a text, in any of its forms, stands in the words. */
  saysWord(word: string): boolean {
    return this.#parts.words.has(word) || this.#parts.words.has(stemOf(word))
  }

  /** The telling words of a text that the operator said, too. */
  sharedWords(text: string): string[] {
    return wordsOf(text).filter((word) => this.#isTelling(word) && this.saysWord(word))
  }

  /** Whether the words name this, with a capital. */
  names(name: string): boolean {
    const word = canonicalText(name)
    return word.length >= 3 && this.#isTelling(word) && this.#parts.names.has(word)
  }

  /**
   * Whether the words speak of what this person wrote: the name, with a capital, in one sentence with a word of writing. A name
   * alone is anything with a capital, and whoever writes may call themselves after a product that is asked for.
   */
  namesWriter(name: string): boolean {
    const word = canonicalText(name)
    return (
      this.names(name) &&
      this.#parts.sentences.some(
        (sentence) => this.#isOfWriting(sentence) && wordsOf(sentence).includes(word),
      )
    )
  }

  #isOfWriting(sentence: string): boolean {
    return this.#parts.languages.includes('en')
      ? writing.test(sentence)
      : speaksOfWriting(sentence, this.#parts.languages)
  }

  /** Whether these words stand between quotation marks. */
  quotesMarked(phrase: string): boolean {
    const words = wordsOf(phrase).join(' ')
    return words !== '' && this.#parts.quoted.has(words)
  }

  /** Whether these words stand next to one another in the request. */
  quotes(phrase: string): boolean {
    const words = wordsOf(phrase)
    return words.some((word) => this.#isTelling(word)) && this.#parts.plain.includes(` ${words.join(' ')} `)
  }

  /** Whether a word is a request's own in its language, and says nothing of what is meant; of English `saysKind` knows. */
  isGeneral(word: string): boolean {
    if (this.#parts.languages.includes('en')) return false
    return isFunctionWord(word, this.#parts.languages) || saysKindInOther(word, this.#parts.languages)
  }

  #isTelling(word: string): boolean {
    return (
      isTelling(word) &&
      (this.#parts.languages.includes('en') || !isFunctionWord(word, this.#parts.languages))
    )
  }

  /** Whether the words ask for a kind of effect, in their own language. `english`: its words there. */
  asksFor(kind: string, english: RegExp): boolean {
    if (this.#parts.languages.includes('en')) return english.test(this.text)
    this.#folded ??= foldedText(this.text)
    return asksInOther(this.#folded, this.#parts.languages, kind)
  }

  matches(pattern: RegExp): boolean {
    return pattern.test(this.text)
  }

  #saysCount(value: number): boolean {
    const word = numberWord(value)
    return word !== undefined && this.#parts.plain.includes(` ${word} `)
  }
}

function takeApart(text: string): Parts {
  const languages = languagesOf(text)
  const words = wordsOf(text)
  const values = valuesIn(text)
  return {
    languages,
    sentences: text.split(/[.!?]\s|\n/),
    quoted: new Set((text.match(quotation) ?? []).map((quote) => wordsOf(quote).join(' '))),
    words: new Set(words.flatMap((word) => [word, stemOf(word)])),
    plain: ` ${words.join(' ')} `,
    joined: new Set(words.flatMap((_, at) => [2, 3, 4].map((count) => words.slice(at, at + count).join('')))),
    values: new Set(values.map(({ kind, key }) => `${kind}:${key}`)),
    kinds: new Set(values.map(({ kind }) => kind)),
    numbers: values.filter(({ kind }) => kind === 'number').map(({ key }) => Number(key)),
    // With a capital letter, and so the name of somebody or something, also at the beginning of a sentence.
    names: new Set(namesIn(text, languages).map(canonicalText)),
  }
}

/**
 * Words that a text speaks of as names. The first word of a sentence has a capital whatever it is, so that one who calls
 * themselves "Summarize" would be named by most requests: it counts where what follows makes it a name. In German all nouns
 * have one: there a name stands behind a word such as `von`, or before what somebody does.
 */
function namesIn(text: string, languages: readonly Language[]): string[] {
  const inGerman = languages.includes('de')
  const names: string[] = []
  for (const { 0: word, index } of text.matchAll(/\p{Lu}[\p{L}\p{N}]{1,63}/gu)) {
    const before = text.slice(Math.max(0, index - 40), index)
    const after = text.slice(index + word.length, index + word.length + 40)
    const isFirst = /(?:^|[.!?:;\n]\s*|["'“‘«(])$/u.test(before)
    const isFollowed =
      /^(?:['’]s?\b|\s+\p{Lu}|,|\s+(?:and|und|et|y|e|en)\s+\p{Lu}|\s+(?:has|had|seems|needs?|wants?|wanted|would|will|wrote|writes|sent|sends|asked|asks|said|says|told|posted|left|is|was)\b)/u.test(
        after,
      )
    if (
      inGerman
        ? /\b(?:von|an|bei|mit|für|fuer|Frau|Herrn?)\s+(?:\p{Lu}[\p{L}\p{N}]*\s+)?$/u.test(before) ||
          /^\s+(?:hat|schrieb|schickte|bittet|fragt|will|wollte)\b/u.test(after)
        : !isFirst || isFollowed
    )
      names.push(word)
  }
  return names
}

/** Whether a word says anything: no article, no preposition, not one letter. */
export function isTelling(word: string): boolean {
  return word.length >= 2 && !empty.has(word)
}

/** Without the ending of a plural or a form of a verb, crudely: equal words must meet, unequal ones rarely may. */
function stemOf(word: string): string {
  if (word.length < 5 || /\d/.test(word))
    return word.length === 4 && word.endsWith('s') ? word.slice(0, -1) : word
  return word.replace(/(?:ies)$/, 'y').replace(/(?:(?<=[sx]|ch|sh)es|ing|ed|s)$/, '')
}
