import { termsOf } from '../../../text/terms.ts'
import type { Passage } from '../../solver.ts'
import type { PassageReader, ReadPassage } from './passage-reader.ts'

/** A sentence or list item of a passage, verbatim but for Markdown's marks. */
export interface Statement {
  text: string
  /** Index of its passage. */
  passage: number
  /** 0 for the passage's first statement. */
  position: number
  /** Each term once. */
  terms: readonly string[]
}

/** The passages as their statements, and how rare each term is among these. */
export interface Evidence {
  /** The passages as plain text, one block on a line. */
  texts: string[]
  titles: string[]
  titleTerms: ReadonlySet<string>[]
  /** A statement that several passages have counts for the first of them only. */
  statements: Statement[]
  /** How many statements hold the term. */
  holders(term: string): number
  /** Greater the fewer statements hold the term; for a term that none holds, that of the rarest. */
  rarity(term: string): number
  /** The greatest share of these terms that one passage and its title hold. */
  support(terms: ReadonlySet<string>): number
}

const maxPassages = 32
const maxStatements = 2000

export function readPassages(passages: Passage[], reader: PassageReader): Evidence {
  const read = passages.slice(0, maxPassages).map((passage) => reader.read(passage))
  const { statements, repeated } = gatherStatements(read)
  const holders = (term: string) => {
    let count = 0
    for (const { counts } of read) count += counts.get(term) ?? 0
    for (const terms of repeated) if (terms.includes(term)) count--
    return count
  }
  return {
    texts: read.map(({ text }) => text),
    titles: read.map(({ title }) => title),
    titleTerms: read.map(({ titleTerms }) => titleTerms),
    statements,
    holders,
    rarity: (term) => Math.log(1 + statements.length / (holders(term) || 1)),
    support(terms) {
      let most = 0
      for (const { counts, titleTerms } of read) {
        let count = 0
        for (const term of terms) if (counts.has(term) || titleTerms.has(term)) count++
        most = Math.max(most, count)
      }
      return most / terms.size
    },
  }
}

/** The statements of all passages, and the terms of those left out because they stand in an earlier one too. */
function gatherStatements(read: ReadPassage[]) {
  const statements: Statement[] = []
  const repeated: (readonly string[])[] = []
  const seen = new Set<string>()
  for (const [passage, own] of read.entries()) {
    let position = 0
    for (const { text, terms } of own.statements) {
      if (seen.has(text) || statements.length >= maxStatements) {
        repeated.push(terms)
        continue
      }
      seen.add(text)
      statements.push({ text, passage, position: position++, terms })
    }
  }
  return { statements, repeated }
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
