import type { Passage } from '../solver.ts'
import { blocksOf, sentencesOf, withoutMarks } from './plain-text.ts'
import { termsOf } from './terms.ts'

/** A sentence or list item of a passage, verbatim but for Markdown's marks. */
export interface Statement {
  text: string
  /** Index of its passage. */
  passage: number
  /** 0 for the passage's first statement. */
  position: number
  /** Each term once. */
  terms: string[]
}

/** The passages as their statements, and how rare each term is among these. */
export interface Evidence {
  /** The passages as plain text, one block on a line. */
  texts: string[]
  titles: string[]
  titleTerms: Set<string>[]
  /** A statement that several passages have counts for the first of them only. */
  statements: Statement[]
  /** How many statements hold the term. */
  holders(term: string): number
  /** Greater the fewer statements hold the term; for a term that none holds, that of the rarest. */
  rarity(term: string): number
  /** The greatest share of these terms that one passage and its title hold. */
  support(terms: Set<string>): number
}

const maxPassages = 32
const maxStatements = 2000
const longestStatement = 600

export function readPassages(passages: Passage[]): Evidence {
  const texts: string[] = []
  const titles: string[] = []
  const titleTerms: Set<string>[] = []
  const statements: Statement[] = []
  const seen = new Set<string>()
  const holders = new Map<string, Holders>()
  for (const [index, passage] of passages.slice(0, maxPassages).entries()) {
    const title = withoutMarks(passage.title.slice(0, 200))
    titles.push(title)
    titleTerms.push(new Set(termsOf(title)))
    const blocks = blocksOf(passage.text)
    texts.push(blocks.join('\n'))
    let position = 0
    for (const block of blocks) {
      for (const text of sentencesOf(block)) {
        if (seen.size >= maxStatements || text.length > longestStatement || text.endsWith(':')) continue
        if (seen.has(text)) continue
        seen.add(text)
        const terms = countTerms(text, statements.length, holders)
        statements.push({ text, passage: index, position: position++, terms })
      }
    }
  }
  return {
    texts,
    titles,
    titleTerms,
    statements,
    holders: (term) => holders.get(term)?.count ?? 0,
    rarity: (term) => Math.log(1 + statements.length / (holders.get(term)?.count ?? 1)),
    support(terms) {
      const held = titleTerms.map((own) => new Set(own))
      for (const statement of statements)
        for (const term of statement.terms) held[statement.passage]!.add(term)
      let most = 0
      for (const known of held) {
        let count = 0
        for (const term of terms) if (known.has(term)) count++
        most = Math.max(most, count)
      }
      return most / terms.size
    },
  }
}

interface Holders {
  count: number
  /** The last statement that was counted, so that each counts once. */
  last: number
}

/** The statement's terms, each once, counted among the holders. */
function countTerms(text: string, statement: number, holders: Map<string, Holders>): string[] {
  const terms: string[] = []
  for (const term of termsOf(text)) {
    const known = holders.get(term)
    if (known?.last === statement) continue
    terms.push(term)
    if (known) {
      known.count++
      known.last = statement
    } else holders.set(term, { count: 1, last: statement })
  }
  return terms
}

/** A term of the question and what it weighs. */
export type TermWeights = Map<string, number>

const maxTerms = 64

/** The question's terms by rarity among the passages; one said twice weighs a little more. */
export function weighTerms(text: string, evidence: Evidence): TermWeights {
  const counts = new Map<string, number>()
  for (const term of termsOf(text)) counts.set(term, (counts.get(term) ?? 0) + 1)
  const weights: TermWeights = new Map()
  for (const [term, count] of counts) {
    if (weights.size >= maxTerms) break
    weights.set(term, evidence.rarity(term) * (1 + 0.5 * Math.log(count)))
  }
  return weights
}

/** Strings that the question repeats from its passages: they are no part of what was asked. */
export function passageTexts(passages: Passage[]): Set<string> {
  return new Set(passages.flatMap((passage) => [passage.text, passage.title, passage.id, passage.source]))
}
