import { sha256 } from '../../base/hash.ts'
import { canonical } from '../../base/json/json.ts'
import { firstCharacters } from '../../base/text/shorten.ts'
import { toEnd } from '../../base/time/slices.ts'
import type { Passage } from '../../models/solver.ts'
import { readingSections } from '../../text/markdown.ts'
import { Packer, type Piece } from './packer.ts'

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
  /** Where the lines of `text` stand in the source. Default: they are the lines of the source itself. */
  places?: LinePlaces
  /** That somebody from outside wrote it: it may hold instructions, which are data. Default false. */
  untrusted?: boolean
}

/** Where each line of a text stands in what it was read from. */
export interface LinePlaces {
  unit: 'line' | 'page' | 'row'
  /** Of each line, from 1; what lies beyond the last one stands where that does. */
  of: readonly number[]
}

/** A passage as it is kept: the part of a document that is found, shown and quoted at once. */
export interface KnowledgePassage extends Omit<Passage, 'score' | 'place' | 'untrusted'> {
  documentId: string
  scope: string
  /** The headings above its first line, outermost first. */
  heading: string[]
  /** Of the text alone, so that the same words in two documents are known as such. */
  hash: string
  /** Where it stands in its source, for people: `lines 12–30`, `page 3`. */
  place: string
  untrusted: boolean
  provenance: { source: string; documentHash: string; heading: string }
}

export interface SplitOptions {
  /** A passage with fewer words takes in the next section. Default 80. */
  minWords?: number
  /** A passage ends before the block or item that would make it longer. Default 160. */
  maxWords?: number
}

const maxTitle = 300
const frontMatterLines = 200
const itemsAtOnce = 1000

/** Whether every database keeps what it says: Postgres has no NUL, and neither has half of a pair of UTF-16. */
export function isKeepable({ id, scope, title = '', text, source }: KnowledgeDocument): boolean {
  return [id, scope, title, text, source].every((part) => part.isWellFormed() && !part.includes('\0'))
}

/** Changes when anything changes that a search or a reader could notice. */
export function documentHash(document: KnowledgeDocument): string {
  const { id, scope, title, text, source, places, untrusted } = document
  const of = places && { unit: places.unit, of: sha256(places.of.join()) }
  return sha256(canonical({ form: 2, id, scope, title, text, source, places: of, untrusted }))
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
  const { body, title: frontTitle, skipped } = readFrontMatter(document.text)
  const sections = yield* readingSections(body)
  const title = document.title || frontTitle || sections.find((section) => section.heading[0])?.heading[0]
  const packer = new Packer(minWords, maxWords)
  for (const section of sections) {
    if (section.blocks.length === 0) continue
    packer.startSection(section)
    for (const block of section.blocks) yield* packer.add(block)
  }
  const version = documentHash(document)
  const passages: KnowledgePassage[] = []
  for (const [index, piece] of packer.finish().entries()) {
    if (index % itemsAtOnce === 0) yield
    const place = placeOf(piece, document.places, skipped)
    passages.push(passageOf(document, piece, { index, title, version, place }))
  }
  return passages
}

function passageOf(
  document: KnowledgeDocument,
  piece: Piece,
  of: { index: number; title: string | undefined; version: string; place: string },
): KnowledgePassage {
  const { index, title, version, place } = of
  return {
    id: `${document.id}#${index}`,
    documentId: document.id,
    source: document.source,
    scope: document.scope,
    title: firstCharacters(title || document.id, maxTitle),
    heading: piece.heading,
    text: piece.text,
    hash: sha256(piece.text),
    place,
    untrusted: document.untrusted ?? false,
    provenance: {
      source: document.source,
      documentHash: version,
      heading: piece.heading.join(' › '),
    },
  }
}

/** `skipped`: the lines before the first one that was split. */
function placeOf({ lines }: Piece, places: LinePlaces | undefined, skipped: number): string {
  const { unit = 'line', of } = places ?? {}
  const at = (line: number) => of?.[Math.min(line + skipped, of.length) - 1] ?? line + skipped
  const [first, last] = [at(lines.first), at(lines.last)]
  return first === last ? `${unit} ${first}` : `${unit}s ${first}–${last}`
}

/** The title is read; the rest of the front matter is for other programs and is no knowledge. */
function readFrontMatter(text: string): { body: string; title?: string; skipped: number } {
  const clean = text.startsWith('\ufeff') ? text.slice(1) : text
  if (!/^---[ \t]*\r?\n/.test(clean)) return { body: clean, skipped: 0 }
  let at = clean.indexOf('\n') + 1
  let title: string | undefined
  for (let count = 0; count < frontMatterLines && at > 0 && at < clean.length; count++) {
    const next = clean.indexOf('\n', at)
    const line = clean.slice(at, next === -1 ? clean.length : next).trimEnd()
    at = next + 1
    if (line === '---' || line === '...')
      return { body: next === -1 ? '' : clean.slice(at), title, skipped: count + 2 }
    if (line.startsWith('title:'))
      title =
        line
          .slice(6)
          .trim()
          .replace(/^(["'])(.*)\1$/, '$2') || undefined
  }
  return { body: clean, skipped: 0 }
}
