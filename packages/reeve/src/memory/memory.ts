import { ReeveError } from '../base/errors.ts'
import { sha256 } from '../base/hash.ts'
import { firstCharacters } from '../base/text/shorten.ts'
import type { Passage } from '../models/solver.ts'
import type { Database } from '../store/database.ts'
import { type MemoryItem, type NewMemory, readMemories } from '../store/memory/memories.ts'
import { type Nearest, NearestMemories } from '../store/memory/nearest-memories.ts'
import { normalizeScope } from './scopes.ts'
import type { CandidateOutcome } from './search/search-audit.ts'
import type { SearchOptions } from './search/search-index.ts'

/** What turns texts into vectors. Its name changes whenever its vectors do: those of two names are never compared. */
export interface Embedder {
  readonly name: string
  /** A vector of any length but zero; all zeros for a text that gives it nothing to go by. */
  embed(text: string): Float32Array | Promise<Float32Array>
}

/** For `ctx.remember`. */
export interface RememberOptions {
  /** A path such as `customers/ada`. Default: none, found by unscoped searches only. */
  scope?: string
  /** Default: the scope. */
  title?: string
  /** Where it comes from, for people: a mail, a document. Default: the run and its call. */
  source?: string
  /**
   * That the text holds nothing from outside (mail, web, documents, what a model wrote of them). Default false: it is
   * marked as untrusted, and what recalls it sees the mark.
   */
  trusted?: boolean
}

/** Who remembers, and when (ms). */
export interface Origin {
  id: string
  run: string
  step: number
  at: number
}

/** Why memory was found: plain JSON of a few KB at most, for the journal. */
export interface MemoryAudit {
  /** Its first 500 characters. */
  query: string
  in: string | null
  limit: number
  minScore: number
  by: 'vectors'
  embedder: string
  /** Whether all items in scope were compared; an index may miss some. */
  exact: boolean
  /** The nearest items, the chosen ones first to last among them. */
  candidates: { id: string; vectors: number; score: number; outcome: CandidateOutcome }[]
}

export interface MemoryRecall {
  passages: Passage[]
  audit: MemoryAudit
}

export interface Memory {
  /** An item, to be written in the commit that records its call. @throws `bad-memory` `bad-embedding` */
  prepare(text: string, options: RememberOptions, origin: Origin): Promise<NewMemory>
  /** The items nearest to the query; of equal ones the older first. @throws `bad-embedding` */
  recall(query: string, options?: Omit<SearchOptions, 'by'>): Promise<MemoryRecall>
}

const maxText = 16_000
const maxLabel = 500
const maxQueryLength = 2_000
const maxAuditedQuery = 500
const maxLimit = 50
const auditedBeyondChosen = 4
/** More repetitions of one text than this are not looked past. */
const mostCandidates = 3200

/** What runs remembered, kept in the database and found by the nearness of vectors. */
export function createMemory(options: { database: Database; embedder: Embedder }): Memory {
  const { database, embedder } = options
  const nearest = new NearestMemories(database)

  async function vectorOf(text: string): Promise<Float32Array | null> {
    const vector = await embedder.embed(text)
    let squares = 0
    for (const value of vector) squares += value * value
    if (vector.length === 0 || !Number.isFinite(squares)) {
      const what = `Embedder ${embedder.name} gave ${vector.length} dimensions, some of them no finite numbers. Every text needs a vector of numbers.`
      throw new ReeveError('bad-embedding', what)
    }
    if (squares === 0) return null
    const scale = 1 / Math.sqrt(squares)
    return Float32Array.from(vector, (value) => value * scale)
  }

  return {
    async prepare(text, { scope = '', title, source, trusted = false }, { id, run, step, at }) {
      const path = normalizeScope(scope)
      const item = {
        scope: path,
        title: title ?? path,
        text,
        source: source ?? `run ${run}, call ${step}`,
      }
      requireMemorable(item)
      const [vector, column] = await Promise.all([vectorOf(text), nearest.column()])
      const found = { embedder: embedder.name, vector, placed: column !== undefined }
      return { ...item, ...found, id, hash: sha256(text), untrusted: !trusted, run, step, at }
    },

    async recall(query, searchOptions = {}) {
      const limit = Math.min(maxLimit, Math.max(1, Math.trunc(searchOptions.limit ?? 4)))
      const minScore = searchOptions.minScore ?? 0
      const scope = normalizeScope(searchOptions.in ?? '')
      const vector = await vectorOf(firstCharacters(query, maxQueryLength))
      let candidates: Candidate[] = []
      let exact = true
      for (let most = limit * 2 + 8; vector; most *= 4) {
        const result = await nearest.find({ scope, embedder: embedder.name, vector, limit: most })
        exact = result.exact
        candidates = choose(await itemsOf(database, result.found), limit, minScore)
        const isShort = candidates.filter(({ outcome }) => outcome === 'chosen').length < limit
        const last = candidates.at(-1)
        if (!isShort || result.found.length < most || most * 4 > mostCandidates) break
        if (last === undefined || last.outcome === 'below-minimum') break
      }
      const chosen = candidates.filter(({ outcome }) => outcome === 'chosen')
      const audited =
        candidates.findLastIndex(({ outcome }) => outcome === 'chosen') + 1 + auditedBeyondChosen
      return {
        passages: chosen.map(({ item, score }) => passageOf(item, score)),
        audit: {
          query: firstCharacters(query, maxAuditedQuery),
          in: scope || null,
          limit,
          minScore,
          by: 'vectors',
          embedder: embedder.name,
          exact,
          candidates: candidates
            .slice(0, audited)
            .map(({ item, score, outcome }) => ({ id: item.id, vectors: score, score, outcome })),
        },
      }
    },
  }
}

interface Candidate {
  item: MemoryItem
  score: number
  outcome: CandidateOutcome
}

/** With the items themselves, by their rounded scores: databases differ beyond those. */
async function itemsOf(database: Database, found: Nearest[]): Promise<Omit<Candidate, 'outcome'>[]> {
  const scores = new Map(found.map(({ no, score }) => [no, Math.round(score * 10_000) / 10_000]))
  const items = await readMemories(database, [...scores.keys()])
  return items
    .map((item) => ({ item, score: scores.get(item.no)! }))
    .filter(({ score }) => score > 0)
    .sort((left, right) => right.score - left.score || left.item.no - right.item.no)
}

/** Marks every candidate with what became of it. */
function choose(found: Omit<Candidate, 'outcome'>[], limit: number, minScore: number): Candidate[] {
  const texts = new Set<string>()
  return found.map(({ item, score }) => {
    if (score < minScore) return { item, score, outcome: 'below-minimum' }
    if (texts.has(item.hash)) return { item, score, outcome: 'repeats-a-chosen-one' }
    if (texts.size === limit) return { item, score, outcome: 'beyond-limit' }
    texts.add(item.hash)
    return { item, score, outcome: 'chosen' }
  })
}

function passageOf({ id, source, title, text, untrusted }: MemoryItem, score: number): Passage {
  return untrusted ? { id, source, title, text, score, untrusted: true } : { id, source, title, text, score }
}

/** @throws `bad-memory` */
function requireMemorable(item: { scope: string; title: string; text: string; source: string }): void {
  for (const [name, value] of Object.entries(item)) {
    const most = name === 'text' ? maxText : maxLabel
    const wrong =
      typeof value !== 'string'
        ? `is a ${typeof value}`
        : value.length > most
          ? `has ${value.length} characters; the most is ${most}`
          : value.includes('\0') || !value.isWellFormed()
            ? 'holds characters that no database keeps (NUL, or half of a pair)'
            : undefined
    if (wrong === undefined) continue
    throw new ReeveError(
      'bad-memory',
      `The ${name} of what is to be remembered ${wrong}. Remember single facts; documents belong in knowledge/.`,
    )
  }
  if (item.text.trim() === '') throw new ReeveError('bad-memory', 'What is to be remembered is empty.')
}
