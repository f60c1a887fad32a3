import { firstCharacters } from '../../../base/text/shorten.ts'
import { blocksOf, sentencesOf, withoutMarks } from '../../../text/plain-text.ts'
import { termsOf } from '../../../text/terms.ts'
import type { Passage } from '../../solver.ts'

/** A passage as its own words, whatever it is asked about. */
export interface ReadPassage {
  /** As plain text, one block on a line. */
  text: string
  title: string
  titleTerms: ReadonlySet<string>
  /** Each sentence or list item that can be quoted, once, with each of its terms once. */
  statements: readonly { text: string; terms: readonly string[] }[]
  /** In how many of the statements a term stands. */
  counts: ReadonlyMap<string, number>
}

const longestTitle = 200
const longestStatement = 600
const mostStatements = 2000
const mostRemembered = 2 * 1024 * 1024

/** Reads passages and remembers them: the same few answer many questions. What was read first is forgotten first. */
export class PassageReader {
  readonly #known = new Map<string, { title: string; read: ReadPassage }>()
  /** Characters of the texts remembered. */
  #remembered = 0

  read(passage: Pick<Passage, 'title' | 'text'>): ReadPassage {
    const { title, text } = passage
    const known = this.#known.get(text)
    if (known?.title === title) return known.read
    const read = readPassage(title, text)
    if (!known) this.#makeRoom(text.length)
    this.#known.set(text, { title, read })
    return read
  }

  #makeRoom(length: number): void {
    this.#remembered += length
    for (const text of this.#known.keys()) {
      if (this.#remembered <= mostRemembered) return
      this.#known.delete(text)
      this.#remembered -= text.length
    }
  }
}

function readPassage(writtenTitle: string, writtenText: string): ReadPassage {
  const title = withoutMarks(firstCharacters(writtenTitle, longestTitle))
  const blocks = blocksOf(writtenText)
  const statements = new Map<string, readonly string[]>()
  const counts = new Map<string, number>()
  for (const block of blocks) {
    for (const text of sentencesOf(block)) {
      if (statements.size >= mostStatements) break
      if (text.length > longestStatement || text.endsWith(':') || statements.has(text)) continue
      const terms = [...new Set(termsOf(text))]
      statements.set(text, terms)
      for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1)
    }
  }
  return {
    text: blocks.join('\n'),
    title,
    titleTerms: new Set(termsOf(title)),
    statements: Array.from(statements, ([text, terms]) => ({ text, terms })),
    counts,
  }
}
