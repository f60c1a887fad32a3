import { firstCharacters } from '../../../base/text/shorten.ts'
import { maxTextLength } from '../../../text/normalize.ts'
import { termsOf } from '../../../text/terms.ts'
import type { Question } from '../../solver.ts'
import type { Evidence, Statement, TermWeights } from './relevance.ts'

/** What the composer is to choose by. */
export interface Revision {
  /** The most statements to quote. */
  limit: number
  /** As many are quoted if there are any relevant ones, even if they add little. */
  least: number
  weights: TermWeights
  /** Statements, by their text, that are quoted in any case. */
  kept: ReadonlySet<string>
  /** Statements, by their text, that must not be quoted again. */
  banned: ReadonlySet<string>
}

const tooLong = /\b(?:too long|shorten|shorter|concise|brief|verbose|wordy)\b/i
const tooShort = /\b(?:too short|longer|more detail|incomplete|thin)\b/i
const wrong =
  /\b(?:irrelevant|unrelated|not relevant|off.topic|remove|drop|delete|wrong|incorrect|misleading|not grounded|not in (?:the|any) passages?)\b/i
const missing =
  /\b(?:address(?:es)?|not answer|unanswered|mentions?|missing|lacks?|omits?|includes?|explains?|add|covers?)\b/i
const quoted = /[“"]([^“”"]{8,600})[”"]/g

/** How much a term weighs that the letter was said to miss, against the heaviest one of the question. */
const missedFactor = 2
/** A letter does not grow beyond this to say what it missed. */
const mostStatements = 8

/**
 * What could be done about a problem with the previous letter, the likeliest cure first: what it names as missing is
 * looked for, what it names as wrong is dropped, and length is mended by leaving out the longest statement or quoting one
 * more. The last resorts are one statement less and, unless that was the problem, one more. The problem's words only decide what is searched; they never get into the letter.
 */
export function planRevision(
  feedback: NonNullable<Question['feedback']>,
  evidence: Evidence,
  plain: Revision,
): Revision[] {
  const problem = firstCharacters(feedback.problem, 4000)
  const answer = firstCharacters(feedback.answer, maxTextLength)
  const used = evidence.statements.filter((statement) => answer.includes(`“${statement.text}”`))
  const count = Math.max(1, used.length)
  const plans: Revision[] = []
  const rejected = rejectedStatements(problem, used)
  const banned = new Set([...plain.banned, ...rejected.map((statement) => statement.text)])
  if (tooLong.test(problem) && used.length > 1) {
    const longest = used.reduce((a, b) => (b.text.length > a.text.length ? b : a))
    const kept = new Set(used.filter((statement) => statement !== longest).map((statement) => statement.text))
    plans.push({ ...plain, limit: count - 1, kept, banned: new Set([...banned, longest.text]) })
  }
  if (missing.test(problem)) {
    const weights = emphasised(problem, evidence, plain.weights)
    const kept = new Set(
      used.filter((statement) => !rejected.includes(statement)).map((statement) => statement.text),
    )
    if (count < mostStatements)
      plans.push({ limit: kept.size + 1, least: kept.size + 1, weights, kept, banned })
    plans.push({ ...plain, limit: Math.max(plain.limit, count), weights, banned })
  }
  if (tooShort.test(problem)) plans.push({ ...plain, limit: count + 1, least: count + 1, banned })
  if (rejected.length > 0) plans.push({ ...plain, banned })
  const weakest = weakestOf(used, plain.weights)
  if (used.length > 1 && weakest)
    plans.push({ ...plain, limit: count - 1, banned: new Set([...banned, weakest.text]) })
  if (!tooLong.test(problem)) plans.push({ ...plain, limit: count + 1, least: count + 1, banned })
  return plans
}

/** Statements of the letter that the problem quotes, or else, when it calls something wrong, the one it is most about. */
function rejectedStatements(problem: string, used: Statement[]): Statement[] {
  const quotes = Array.from(problem.matchAll(quoted), (match) => match[1]!.trim())
  const named = used.filter(
    ({ text }) => problem.includes(text) || quotes.some((quote) => text.includes(quote)),
  )
  if (named.length > 0 || !wrong.test(problem)) return named
  const terms = new Set(termsOf(problem))
  let most = 0
  let about: Statement | undefined
  for (const statement of used) {
    let shared = 0
    for (const term of statement.terms) if (terms.has(term)) shared++
    if (shared > most) {
      most = shared
      about = statement
    }
  }
  return about ? [about] : []
}

/** The question's weights, with the problem's terms that any passage speaks of above all others. */
function emphasised(problem: string, evidence: Evidence, weights: TermWeights): TermWeights {
  const heaviest = Math.max(...weights.values())
  const emphasis = new Map(weights)
  for (const term of termsOf(problem)) {
    if (evidence.holders(term) > 0) emphasis.set(term, heaviest * missedFactor)
  }
  return emphasis
}

function weakestOf(used: Statement[], weights: TermWeights): Statement | undefined {
  let least = Number.POSITIVE_INFINITY
  let weakest: Statement | undefined
  for (const statement of used) {
    let weight = 0
    for (const term of statement.terms) weight += weights.get(term) ?? 0
    if (weight < least) {
      least = weight
      weakest = statement
    }
  }
  return weakest
}
