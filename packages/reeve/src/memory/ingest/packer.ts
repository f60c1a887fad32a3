import type { Block, Section } from '../../text/markdown.ts'

/** One item longer than this is cut, so that text without spaces or lines cannot make an unbounded passage. */
const maxCharacters = 2_000
/** A longer lead-in is not repeated where its list is cut. */
const maxRepeatedLead = 300
/** So many items, and others have their turn. */
const itemsAtOnce = 1000

/** What a passage is made of. */
export interface Piece {
  heading: string[]
  text: string
  words: number
  /** The lines of its document on which its first and its last item begin, and end. */
  lines: { first: number; last: number }
}

/** Fills passages in reading order; every piece ends at a section, a block or an item. */
export class Packer {
  readonly #pieces: Piece[] = []
  #parts: string[] = []
  #words = 0
  #lines: Piece['lines'] | undefined
  #heading: string[] = []
  #sectionHeading: string[] = []
  /** The heading's own line, until something stands below it. */
  #headingLine = ''
  #headingNumber = 1
  readonly #minWords: number
  readonly #maxWords: number

  constructor(minWords: number, maxWords: number) {
    this.#minWords = minWords
    this.#maxWords = maxWords
  }

  startSection({ heading, line, number }: Section): void {
    if (this.#words >= this.#minWords) this.#flush()
    this.#sectionHeading = heading
    this.#headingLine = line
    this.#headingNumber = number
  }

  *add(block: Block): Generator<void, void> {
    const items: Part[] = []
    for (const [index, item] of block.items.entries()) {
      if (index % itemsAtOnce === 0) yield
      for (const part of cutLongItem(item, block.lines[index]!)) items.push(part)
    }
    // Each item has a word at least.
    const whole =
      items.length > this.#maxWords
        ? ''
        : [block.lead, ...items.map(({ text }) => text)].filter(Boolean).join('\n')
    const isLong = whole === ''
    if (isLong || !this.#fits(whole)) this.#flush()
    if (!isLong && this.#fits(whole)) {
      const last = items.at(-1)
      this.#append(whole, '\n\n', { first: block.line, last: last?.last ?? block.line })
      return
    }
    for (const part of cutLongItem(block.lead, block.line)) {
      if (!this.#fits(part.text)) this.#flush()
      if (part.text) this.#append(part.text, '\n\n', part)
    }
    const repeated = block.lead.length <= maxRepeatedLead ? block.lead : ''
    for (const [index, item] of items.entries()) {
      if (index % itemsAtOnce === 0) yield
      if (!this.#fits(item.text) && (index > 0 || !repeated)) {
        this.#flush()
        if (repeated) this.#append(repeated, '\n\n', item)
      }
      this.#append(item.text, '\n', item)
    }
  }

  finish(): Piece[] {
    const before = this.#pieces.at(-1)
    const isScrap = this.#words > 0 && this.#words < this.#minWords / 2
    if (before && isScrap && before.words + this.#words <= this.#maxWords) {
      before.text += `\n\n${this.#parts.join('')}`
      before.lines.last = this.#lines!.last
    } else this.#flush()
    return this.#pieces
  }

  #fits(text: string): boolean {
    return this.#words + countWords(text) <= this.#maxWords
  }

  #append(text: string, separator: string, { first, last }: { first: number; last: number }): void {
    if (this.#parts.length === 0) this.#heading = this.#sectionHeading
    this.#lines ??= { first: this.#headingLine ? this.#headingNumber : first, last }
    this.#lines.last = last
    if (this.#headingLine) {
      this.#parts.push(this.#parts.length > 0 ? '\n\n' : '', this.#headingLine)
      this.#headingLine = ''
    }
    this.#parts.push(this.#parts.length > 0 ? separator : '', text)
    this.#words += countWords(text)
  }

  #flush(): void {
    const text = this.#parts.join('').trim()
    if (text) this.#pieces.push({ heading: this.#heading, text, words: this.#words, lines: this.#lines! })
    this.#parts = []
    this.#words = 0
    this.#lines = undefined
  }
}

interface Part {
  text: string
  /** The lines on which it begins and ends. */
  first: number
  last: number
}

function cutLongItem(item: string, line: number): Part[] {
  if (item.length <= maxCharacters && countWords(item) <= 240)
    return [{ text: item, first: line, last: line + lineFeedsIn(item) }]
  const parts: Part[] = []
  let start = 0
  let first = line
  while (start < item.length) {
    const end = cutPoint(item, start)
    const whole = item.slice(start, end)
    const last = first + lineFeedsIn(whole)
    const text = whole.trim()
    if (text) parts.push({ text, first, last: last - (whole.endsWith('\n') ? 1 : 0) })
    start = end
    first = last
  }
  return parts
}

function lineFeedsIn(text: string): number {
  let count = 0
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count++
  return count
}

/** After about 900 characters: the end of a sentence if there is one near, else of a line or a word, else anywhere. */
function cutPoint(text: string, start: number): number {
  const least = start + 600
  const most = start + 1_000
  if (text.length <= most) return text.length
  const window = text.slice(least, most)
  const sentence = Math.max(window.lastIndexOf('. '), window.lastIndexOf('? '), window.lastIndexOf('! '))
  if (sentence !== -1) return least + sentence + 2
  const space = Math.max(window.lastIndexOf('\n'), window.lastIndexOf(' '))
  if (space !== -1) return least + space + 1
  const splitsPair = text.charCodeAt(most) >= 0xdc00 && text.charCodeAt(most) <= 0xdfff
  return splitsPair ? most - 1 : most
}

function countWords(text: string): number {
  let count = 0
  let inWord = false
  for (let at = 0; at < text.length; at++) {
    const isSpace = text.charCodeAt(at) <= 32
    if (!isSpace && !inWord) count++
    inWord = !isSpace
  }
  // Text without spaces counts by its length, so that it cannot be one endless word.
  return Math.max(count, Math.ceil(text.length / 12))
}
