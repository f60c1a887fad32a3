import { checkOptions } from '../../../base/options.ts'
import type { Answer, Question, Solver } from '../../solver.ts'
import { textOf } from '../text/input-text.ts'
import { planRevision, type Revision } from './composer-feedback.ts'
import { PassageReader } from './passage-reader.ts'
import {
  type Evidence,
  passageTexts,
  readPassages,
  type Statement,
  type TermWeights,
  weighTerms,
} from './relevance.ts'

/** For `localComposer`. */
export interface ComposerOptions {
  /** Default: `local/composer`. */
  name?: string
  /** First line of a letter. Default: `Hello,`. */
  greeting?: string
  /** Last lines. Default: `Kind regards`. */
  signature?: string
  /** The most statements to quote. Default: 3. */
  sentences?: number
}

/**
 * Composes a letter that quotes, word for word, the statements of the passages that answer the question best, and names
 * their sources. It writes nothing else of its own, and nothing from the question's input ever gets into the letter.
 * Abstains when no passage is relevant, or when it cannot do anything about a problem that it is told of.
 * @throws `bad-option`
 * @example
 * import { defineConfig, localComposer } from 'reeve'
 *
 * export default defineConfig({ routes: { writing: { solvers: [localComposer({ signature: 'Your bakery' })] } } })
 */
export function localComposer(options: ComposerOptions = {}): Solver {
  const shape = { name: 'text', greeting: 'text', signature: 'text', sentences: 'number' } as const
  checkOptions(options, 'a local composer', shape)
  const { name = 'local/composer', greeting = 'Hello,', signature = 'Kind regards', sentences = 3 } = options
  const reader = new PassageReader()
  return {
    name,
    kind: 'local',
    solve(question) {
      if (question.task !== 'generate' || question.schema)
        return abstain('it only composes text without a schema')
      const passages = question.passages ?? []
      const evidence = readPassages(passages, reader)
      if (evidence.statements.length === 0) return abstain('there is no passage to quote from')
      const weights = weighTerms(textOf(question.input, passageTexts(passages)), evidence)
      if (weights.size === 0) return abstain('the question has no words to look for')
      return compose(question, evidence, weights)
    },
  }

  function compose(question: Question, evidence: Evidence, weights: TermWeights): Answer {
    const letterOf = (chosen: Statement[]): string => letter(evidence, chosen, greeting, signature)
    const plain: Revision = { limit: sentences, weights, kept: new Set(), banned: new Set(), least: 0 }
    const tried = question.feedback ? planRevision(question.feedback, evidence, plain) : [plain]
    for (const revision of tried) {
      const chosen = choose(evidence, revision)
      if (chosen.length === 0) continue
      const text = letterOf(chosen)
      if (text === question.feedback?.answer) continue
      return { kind: 'text', text, confidence: coverage(chosen, evidence, weights) }
    }
    if (!question.feedback) return abstain('no passage is relevant enough to the question')
    return abstain('no other choice of statements would correct the problem')
  }
}

function abstain(reason: string): Answer {
  return { kind: 'abstain', reason }
}

/** A statement that adds less than this share of what the best one gives is not worth quoting. */
const worthwhileShare = 0.4
const coveredFactor = 0.25
const titleFactor = 0.3
const firstStatementBonus = 0.15

/** Greedily takes the statement that adds most, by terms that are not covered yet; returns them in reading order. */
function choose(evidence: Evidence, revision: Revision): Statement[] {
  const { weights, kept, banned, limit, least } = revision
  const titleScores = evidence.titleTerms.map((terms) => weightOf(terms, weights))
  const open: { statement: Statement; matched: string[] }[] = []
  const covered = new Set<string>()
  const chosen: Statement[] = []
  for (const statement of evidence.statements) {
    if (statement.terms.length < 2 || banned.has(statement.text)) continue
    const matched = statement.terms.filter((term) => weights.has(term))
    if (kept.has(statement.text)) {
      chosen.push(statement)
      for (const term of matched) covered.add(term)
    } else if (matched.length > 0) open.push({ statement, matched })
  }
  let best = 0
  while (chosen.length < limit && open.length > 0) {
    let top = -1
    let topGain = 0
    open.forEach(({ statement, matched }, index) => {
      let gain = statement.position === 0 ? firstStatementBonus : 0
      for (const term of matched) gain += weights.get(term)! * (covered.has(term) ? coveredFactor : 1)
      gain += titleFactor * titleScores[statement.passage]!
      gain /= 1 + statement.terms.length / 60
      if (gain > topGain) {
        top = index
        topGain = gain
      }
    })
    if (chosen.length >= least && topGain < worthwhileShare * best) break
    const [taken] = open.splice(top, 1)
    if (chosen.length === 0) {
      if (!isRelevant(taken!, evidence, weights)) continue
      best = topGain
    }
    chosen.push(taken!.statement)
    for (const term of taken!.matched) covered.add(term)
  }
  return chosen.sort((a, b) => a.passage - b.passage || a.position - b.position)
}

/** One shared word is chance unless it is half of the question: the statement and its title need two. */
function isRelevant(
  { statement, matched }: { statement: Statement; matched: string[] },
  evidence: Evidence,
  weights: TermWeights,
): boolean {
  const shared = new Set(matched)
  for (const term of evidence.titleTerms[statement.passage]!) if (weights.has(term)) shared.add(term)
  return shared.size >= 2 || weightOf(shared, weights) >= 0.5 * weightOf(weights.keys(), weights)
}

function weightOf(terms: Iterable<string>, weights: TermWeights): number {
  let sum = 0
  for (const term of terms) sum += weights.get(term) ?? 0
  return sum
}

/** How much of the question, by weight, the chosen statements and their titles speak of: 0 to 1. */
function coverage(chosen: Statement[], evidence: Evidence, weights: TermWeights): number {
  let covered = 0
  for (const [term, weight] of weights) {
    const said = chosen.some(
      ({ terms, passage }) => terms.includes(term) || evidence.titleTerms[passage]!.has(term),
    )
    if (said) covered += weight
  }
  return covered / weightOf(weights.keys(), weights)
}

function letter(evidence: Evidence, chosen: Statement[], greeting: string, signature: string): string {
  const sources = [...new Set(chosen.map((statement) => statement.passage))]
  const quotes = chosen.map(({ text, passage }) => `“${text}” [${sources.indexOf(passage) + 1}]`)
  return [
    greeting,
    'Thank you for your message. Our documents say this about it:',
    ...quotes,
    'If this does not answer your question, please reply to this message.',
    signature,
    ['Sources:', ...sources.map((passage, index) => `[${index + 1}] ${evidence.titles[passage]}`)].join('\n'),
  ].join('\n\n')
}
