import { sha256 } from '../../base/hash.ts'
import { canonical } from '../../base/json/json.ts'
import { firstCharacters } from '../../base/text/shorten.ts'
import { toEnd } from '../../base/time/slices.ts'
import type { Passage } from '../../models/solver.ts'
import { type Block, readingSections } from '../../text/markdown.ts'

/** A text that an operator gives the system to know. */
export interface KnowledgeDocument {
  /** Unique in a knowledge base. */
  id: string
  /** A path such as `policy/billing`; empty: found by unscoped searches only. */
  scope: string
  title?: string
  /** Markdown or plain text. */
  text: string
  /** The file, or the file and the id in it. */
  source: string
}

/** A passage as it is kept: the part of a document that is found, shown and quoted at once. */
export interface KnowledgePassage extends Omit<Passage, 'score'> {
  documentId: string
  scope: string
  /** The headings above its first line, outermost first. */
  heading: string[]
  /** Of the text alone, so that the same words in two documents are known as such. */
  hash: string
  provenance: { source: string; documentHash: string; heading: string }
}

export interface SplitOptions {
  /** A passage with fewer words takes in the next section. Default 80. */
  minWords?: number
  /** A passage ends before the block or item that would make it longer. Default 160. */
  maxWords?: number
}

/** One item longer than this is cut, so that text without spaces or lines cannot make an unbounded passage. */
const maxCharacters = 2_000
/** A longer lead-in is not repeated where its list is cut. */
const maxRepeatedLead = 300
const maxTitle = 300
const frontMatterLines = 200
const itemsAtOnce = 1000

/** Changes when anything changes that a search or a reader could notice. */
export function documentHash(document: KnowledgeDocument): string {
  const { id, scope, title, text, source } = document
  return sha256(canonical({ id, scope, title, text, source }))
}

/**
 * Splits a document along its headings, paragraphs and list items into passages of `minWords` to `maxWords` words
 * in the document's own words; a short document is one passage. Ids are `documentId#n` from 0. Never throws; work is
 * linear in the text.
 */
export function splitDocument(document: KnowledgeDocument, options: SplitOptions = {}): KnowledgePassage[] {
  return toEnd(splittingDocument(document, options))
}

/** The same in slices of some milliseconds. */
export function* splittingDocument(
  document: KnowledgeDocument,
  options: SplitOptions = {},
): Generator<void, KnowledgePassage[]> {
  const maxWords = Math.max(1, options.maxWords ?? 160)
  const minWords = Math.min(options.minWords ?? 80, maxWords)
  const { body, title: frontTitle } = readFrontMatter(document.text)
  const sections = yield* readingSections(body)
  const title = document.title || frontTitle || sections.find((section) => section.heading[0])?.heading[0]
  const packer = new Packer(minWords, maxWords)
  for (const section of sections) {
    if (section.blocks.length === 0) continue
    packer.startSection(section.heading, section.line)
    for (const block of section.blocks) yield* packer.add(block)
  }
  const version = documentHash(document)
  const passages: KnowledgePassage[] = []
  for (const [index, piece] of packer.finish().entries()) {
    if (index % itemsAtOnce === 0) yield
    passages.push(passageOf(document, piece, index, title, version))
  }
  return passages
}

function passageOf(
  document: KnowledgeDocument,
  piece: Piece,
  index: number,
  title: string | undefined,
  version: string,
): KnowledgePassage {
  return {
    id: `${document.id}#${index}`,
    documentId: document.id,
    source: document.source,
    scope: document.scope,
    title: firstCharacters(title || document.id, maxTitle),
    heading: piece.heading,
    text: piece.text,
    hash: sha256(piece.text),
    provenance: {
      source: document.source,
      documentHash: version,
      heading: piece.heading.join(' › '),
    },
  }
}

/** The title is read; the rest of the front matter is for other programs and is no knowledge. */
function readFrontMatter(text: string): { body: string; title?: string } {
  const clean = text.startsWith('\ufeff') ? text.slice(1) : text
  if (!/^---[ \t]*\r?\n/.test(clean)) return { body: clean }
  let at = clean.indexOf('\n') + 1
  let title: string | undefined
  for (let count = 0; count < frontMatterLines && at > 0 && at < clean.length; count++) {
    const next = clean.indexOf('\n', at)
    const line = clean.slice(at, next === -1 ? clean.length : next).trimEnd()
    at = next + 1
    if (line === '---' || line === '...') return { body: next === -1 ? '' : clean.slice(at), title }
    if (line.startsWith('title:'))
      title =
        line
          .slice(6)
          .trim()
          .replace(/^(["'])(.*)\1$/, '$2') || undefined
  }
  return { body: clean }
}

interface Piece {
  heading: string[]
  text: string
  words: number
}

/** Fills passages in reading order; every piece ends at a section, a block or an item. */
class Packer {
  readonly #pieces: Piece[] = []
  #parts: string[] = []
  #words = 0
  #heading: string[] = []
  #sectionHeading: string[] = []
  /** The heading's own line, until something stands below it. */
  #headingLine = ''
  readonly #minWords: number
  readonly #maxWords: number

  constructor(minWords: number, maxWords: number) {
    this.#minWords = minWords
    this.#maxWords = maxWords
  }

  startSection(heading: string[], line: string): void {
    if (this.#words >= this.#minWords) this.#flush()
    this.#sectionHeading = heading
    this.#headingLine = line
  }

  *add(block: Block): Generator<void, void> {
    const items: string[] = []
    for (const [index, item] of block.items.entries()) {
      if (index % itemsAtOnce === 0) yield
      for (const part of cutLongItem(item)) items.push(part)
    }
    // Each item has a word at least.
    const whole = items.length > this.#maxWords ? '' : [block.lead, ...items].filter(Boolean).join('\n')
    const isLong = whole === ''
    if (isLong || !this.#fits(whole)) this.#flush()
    if (!isLong && this.#fits(whole)) {
      this.#append(whole, '\n\n')
      return
    }
    for (const part of cutLongItem(block.lead)) {
      if (!this.#fits(part)) this.#flush()
      if (part) this.#append(part, '\n\n')
    }
    const repeated = block.lead.length <= maxRepeatedLead ? block.lead : ''
    for (const [index, item] of items.entries()) {
      if (index % itemsAtOnce === 0) yield
      if (!this.#fits(item) && (index > 0 || !repeated)) {
        this.#flush()
        if (repeated) this.#append(repeated, '\n\n')
      }
      this.#append(item, '\n')
    }
  }

  finish(): Piece[] {
    const before = this.#pieces.at(-1)
    const isScrap = this.#words > 0 && this.#words < this.#minWords / 2
    if (before && isScrap && before.words + this.#words <= this.#maxWords) {
      before.text += `\n\n${this.#parts.join('')}`
    } else this.#flush()
    return this.#pieces
  }

  #fits(text: string): boolean {
    return this.#words + countWords(text) <= this.#maxWords
  }

  #append(text: string, separator: string): void {
    if (this.#parts.length === 0) this.#heading = this.#sectionHeading
    if (this.#headingLine) {
      this.#parts.push(this.#parts.length > 0 ? '\n\n' : '', this.#headingLine)
      this.#headingLine = ''
    }
    this.#parts.push(this.#parts.length > 0 ? separator : '', text)
    this.#words += countWords(text)
  }

  #flush(): void {
    const text = this.#parts.join('').trim()
    if (text) this.#pieces.push({ heading: this.#heading, text, words: this.#words })
    this.#parts = []
    this.#words = 0
  }
}

function cutLongItem(item: string): string[] {
  if (item.length <= maxCharacters && countWords(item) <= 240) return [item]
  const parts: string[] = []
  let start = 0
  while (start < item.length) {
    const end = cutPoint(item, start)
    const part = item.slice(start, end).trim()
    if (part) parts.push(part)
    start = end
  }
  return parts
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
