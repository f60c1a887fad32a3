import type { Json } from '../../../base/json/json.ts'
import { isRecord } from '../../../base/json/record.ts'
import { checkOptions } from '../../../base/options.ts'
import { shorten } from '../../../base/text/shorten.ts'
import { termsOf } from '../../../text/terms.ts'
import type { Passage, Solver } from '../../solver.ts'
import { textOf } from '../text/input-text.ts'
import { findAmounts, findEmails, findLinks } from '../text/patterns.ts'
import { type Draft, readDraft } from './draft.ts'
import { PassageReader } from './passage-reader.ts'
import { type Evidence, passageTexts, readPassages, weighTerms } from './relevance.ts'
import { repeatedRun } from './repeated-run.ts'

/** What a draft is judged by. */
export interface Criteria {
  /** Characters that a draft has at least. Default: 80. */
  minLength?: number
  /** Characters that a draft has at most. Default: 4000. */
  maxLength?: number
  /** How much of the ticket's main terms, by weight, a draft must speak of, 0 to 1. Default: 0.25. */
  coverage?: number
  /** Texts that a draft may use though no passage has them: the desk's own address, links and amounts. */
  allowed?: string[]
  /** How the first line must begin. Default: a greeting in one of the larger European languages. */
  opening?: RegExp
  /** What a line after the first must begin with. Default: a closing in one of the larger European languages. */
  closing?: RegExp
}

/** For `localCritic`. */
export interface CriticOptions {
  /** Default: `local/critic`. */
  name?: string
  /** What it judges by. Default: see `Criteria`. */
  criteria?: Criteria
}

interface Fault {
  problem: string
  /** What it takes off the score of 1. */
  cost: number
}

const usualOpening =
  /^(?:hello|hi|hey|dear|good (?:morning|day|afternoon|evening)|greetings|thank|hallo|guten|liebe|sehr geehrte|bonjour|ch[eè]re?|hola|estimad|buen|ciao|gentile|ol[aá]|prezad|beste|geachte|hej)/i
const usualClosing =
  /^(?:(?:kind|best|warm|with kind|with best)?\s?(?:regards|wishes)|sincerely|yours|all the best|cheers|thank(?:s| you)|(?:mit )?(?:freundliche|beste|viele|liebe)[nr]? gr[uü]|cordialement|bien [aà] vous|saludos|atentamente|un saludo|cordiali saluti|distinti saluti|atenciosamente|met vriendelijke groet|groeten|med v[aä]nlig)/im

/**
 * Reviews a draft by rules. Takes the input `{ draft, ticket, passages }` (the passages may also be the question's own)
 * and answers `{ score, problems }`: 1 and none for a draft that quotes only what the passages say, speaks of what the
 * ticket asks, invents no link, address or amount, repeats none of the ticket's own sentences, has a fit length and is
 * polite. It does not judge whether the answer is true or wise.
 * @throws `bad-option`
 * @example
 * import { defineConfig, localCritic } from 'reeve'
 *
 * export default defineConfig({ routes: { judging: { solvers: [localCritic({ criteria: { minLength: 40 } })] } } })
 */
export function localCritic(options: CriticOptions = {}): Solver {
  checkOptions(options, 'a local critic', { name: 'text', criteria: 'object' })
  const { name = 'local/critic', criteria = {} } = options
  const reader = new PassageReader()
  return {
    name,
    kind: 'local',
    solve(question) {
      if (question.task === 'converse')
        return { kind: 'abstain', reason: 'it reviews drafts and holds no conversation' }
      const review = readReview(question.input, question.passages)
      if (!review) return { kind: 'abstain', reason: 'the input is not { draft: string, ticket, passages }' }
      const { text, ticket, passages } = review
      const draft = readDraft(text)
      const evidence = readPassages(passages, reader)
      const asked = textOf(ticket, passageTexts(passages))
      const faults = [
        ...groundingFaults(draft, evidence),
        ...coverageFaults(draft, evidence, asked, criteria.coverage ?? 0.25),
        ...inventionFaults(
          text,
          [...evidence.texts, ...evidence.titles, ...(criteria.allowed ?? [])].join('\n'),
        ),
        ...repetitionFaults(text, asked, evidence.texts),
        ...lengthFaults(text, criteria),
        ...toneFaults(draft, criteria),
      ]
      const score = Math.max(0, 1 - faults.reduce((sum, fault) => sum + fault.cost, 0))
      return { kind: 'value', value: { score, problems: faults.map((fault) => fault.problem) } }
    },
  }
}

function readReview(
  input: Json,
  own: Passage[] | undefined,
): { text: string; ticket: Json; passages: Passage[] } | undefined {
  if (!isRecord(input)) return
  const { draft, ticket, passages = [] } = input
  if (typeof draft !== 'string' || ticket === undefined || !Array.isArray(passages)) return
  const given: unknown[] = passages
  if (!given.every(isPassage)) return
  return { text: draft, ticket, passages: given.length > 0 ? given : (own ?? []) }
}

function isPassage(value: unknown): value is Passage {
  if (typeof value !== 'object' || value === null) return false
  return (
    'text' in value && typeof value.text === 'string' && 'title' in value && typeof value.title === 'string'
  )
}

/** A sentence outside quotation marks counts as a statement of fact from this many terms on. */
const factTerms = 6
/** So many of its terms must stand in one passage. */
const supportedShare = 0.5

function groundingFaults(draft: Draft, evidence: Evidence): Fault[] {
  const faults: Fault[] = []
  for (const quote of draft.quotes) {
    if (evidence.texts.some((text) => text.includes(quote))) continue
    faults.push({ problem: `This quote is not in any passage: “${shorten(quote, 120)}”.`, cost: 0.5 })
  }
  for (const sentence of draft.sentences) {
    const terms = new Set(termsOf(sentence))
    if (terms.size < factTerms || evidence.support(terms) >= supportedShare) continue
    faults.push({ problem: `No passage supports this statement: “${shorten(sentence, 120)}”.`, cost: 0.3 })
  }
  return faults
}

/** The terms of the ticket that passages speak of, the rarest of them: a draft cannot answer the others. */
const mainTerms = 8

function coverageFaults(draft: Draft, evidence: Evidence, asked: string, least: number): Fault[] {
  const main = [...weighTerms(asked, evidence)]
    .filter(([term]) => evidence.holders(term) > 0)
    .sort((a, b) => b[1] - a[1])
    .slice(0, mainTerms)
  if (main.length === 0)
    return [{ problem: 'No passage speaks of anything that the ticket asks.', cost: 0.4 }]
  const said = new Set(termsOf(draft.body))
  const missed = main.filter(([term]) => !said.has(term))
  const weight = (terms: [string, number][]): number => terms.reduce((sum, term) => sum + term[1], 0)
  const share = 1 - weight(missed) / weight(main)
  if (share >= least) return []
  const list = missed.map(([term]) => term).join(', ')
  return [
    {
      problem: `The draft does not address what the ticket asks; missing terms: ${list}.`,
      cost: 0.4 - 0.2 * share,
    },
  ]
}

function inventionFaults(text: string, allowed: string): Fault[] {
  const faults: Fault[] = []
  const folded = allowed.toLowerCase()
  for (const { written } of [...findLinks(text), ...findEmails(text)]) {
    if (folded.includes(written.toLowerCase())) continue
    faults.push({
      problem: `The draft has a link or address that is in no passage: ${shorten(written, 120)}.`,
      cost: 0.5,
    })
  }
  const amounts = findAmounts(text)
  if (amounts.length === 0) return faults
  const known = new Set(findAmounts(allowed).map(({ value }) => `${value.amount} ${value.currency}`))
  for (const { value, written } of amounts) {
    if (known.has(`${value.amount} ${value.currency}`)) continue
    faults.push({ problem: `The draft has an amount that is in no passage: ${written}.`, cost: 0.5 })
  }
  return faults
}

function repetitionFaults(text: string, asked: string, sources: string[]): Fault[] {
  const run = repeatedRun(text, asked, sources)
  return run
    ? [{ problem: `The draft repeats the ticket's own words: “${shorten(run, 120)}”.`, cost: 0.5 }]
    : []
}

function lengthFaults(text: string, { minLength = 80, maxLength = 4000 }: Criteria): Fault[] {
  const length = text.trim().length
  if (length < minLength) {
    return [
      {
        problem: `The draft is too short: ${length} characters, at least ${minLength} are wanted.`,
        cost: 0.3,
      },
    ]
  }
  if (length <= maxLength) return []
  return [
    { problem: `The draft is too long: ${length} characters, at most ${maxLength} are wanted.`, cost: 0.2 },
  ]
}

function toneFaults(draft: Draft, { opening = usualOpening, closing = usualClosing }: Criteria): Fault[] {
  const faults: Fault[] = []
  if (draft.opening.search(opening) < 0)
    faults.push({ problem: 'The draft opens without a greeting.', cost: 0.15 })
  if (draft.rest.search(closing) < 0)
    faults.push({ problem: 'The draft ends without a polite closing.', cost: 0.15 })
  return faults
}
