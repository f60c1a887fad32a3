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
  terms: Set<string>
}

/** The passages as their statements, and how rare each term is among these. */
export interface Evidence {
  /** The passages as plain text, one block on a line. */
  texts: string[]
  titles: string[]
  titleTerms: Set<string>[]
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
  const holders = new Map<string, number>()
  passages.slice(0, maxPassages).forEach((passage, index) => {
    const title = withoutMarks(passage.title.slice(0, 200))
    titles.push(title)
    titleTerms.push(new Set(termsOf(title)))
    let position = 0
    const blocks = blocksOf(passage.text)
    texts.push(blocks.join('\n'))
    for (const block of blocks) {
      for (const text of sentencesOf(block)) {
        if (statements.length >= maxStatements || text.length > longestStatement || text.endsWith(':'))
          continue
        const terms = new Set(termsOf(text))
        if (terms.size < 2) continue
        for (const term of terms) holders.set(term, (holders.get(term) ?? 0) + 1)
        statements.push({ text, passage: index, position: position++, terms })
      }
    }
  })
  return {
    texts,
    titles,
    titleTerms,
    statements,
    holders: (term) => holders.get(term) ?? 0,
    rarity: (term) => Math.log(1 + statements.length / (holders.get(term) ?? 1)),
    support(terms) {
      let most = 0
      for (let passage = 0; passage < titleTerms.length; passage++) {
        const own = statements.filter((statement) => statement.passage === passage)
        let held = 0
        for (const term of terms) {
          if (titleTerms[passage]!.has(term) || own.some((statement) => statement.terms.has(term))) held++
        }
        most = Math.max(most, held)
      }
      return most / terms.size
    },
  }
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
