import { ReeveError } from '../../base/errors.ts'
import { firstCharacters } from '../../base/text/shorten.ts'
import { toEnd } from '../../base/time/slices.ts'
import type { Passage } from '../../models/solver.ts'
import { termsOf } from '../../text/terms.ts'
import type { KnowledgePassage } from '../ingest/passages.ts'
import { normalizeScope, type ScopeSlots, Scopes } from '../scopes.ts'
import { Postings, type QueryTerm } from './postings.ts'
import type { CandidateOutcome, SearchAudit } from './search-audit.ts'
import { TopSlots } from './top-slots.ts'
import { Vectors } from './vectors.ts'

/** A text as a vector of length 1; one function for passages and queries. */
export type Embed = (text: string) => Float32Array

export interface SearchOptions {
  /** Only passages of this scope and the scopes below it: `policy` finds `policy/billing`. */
  in?: string
  /** Default 4, at most 50. */
  limit?: number
  /** Passages that score less are left out. Scores are 0..1 and mean the same for every query. */
  minScore?: number
  /** What ranks: words (BM25), vectors, or both. Default: both if the index has an embedder. */
  by?: 'words' | 'vectors' | 'both'
}

export interface SearchResult {
  /** Best first. */
  passages: Passage[]
  considered: number
  how: SearchAudit
}

export interface SearchIndex {
  /** Passages in the index. */
  readonly size: number
  search(query: string, options?: SearchOptions): SearchResult
  /** Replaces a document's passages; an empty list removes the document. Unchanged passages are not embedded again. */
  update(documentId: string, passages: readonly KnowledgePassage[]): void
  /** The same in slices of some milliseconds. Nothing is searched for, or updated, in between. */
  updating(documentId: string, passages: readonly KnowledgePassage[]): Generator<void, void>
}

/** What lies beyond is neither searched for nor embedded, so that a long mail costs no more than its beginning. */
const maxQueryLength = 2_000
const maxLimit = 50
const passagesAtOnce = 20
/** A scope with fewer passages is compared by vector in full; in a larger one, the candidates are. */
const smallScope = 64
const wordCandidates = 32
const vectorCandidates = 16
const mostCandidates = 64
const auditedBeyondChosen = 4
const maxAuditedQuery = 500
const titleWeight = 3
const headingWeight = 1.5
/** The words' share in a score of both: the best for held-out sentences of a bank's 698 articles. */
const wordShare = 0.84

/**
 * An index in memory over words and vectors. With both, passages that rank high by words or by the signs of their
 * vectors are candidates, and a candidate's score is the weighted mean of its two scores. Equal contents give equal
 * results, whatever the order in which they were added; passages with equal scores come in the order of their ids.
 */
export function createSearchIndex(
  passages: readonly KnowledgePassage[],
  options: { embed?: Embed } = {},
): SearchIndex {
  const index = new MemoryIndex(options.embed)
  const byDocument = Map.groupBy(passages, (passage) => passage.documentId)
  for (const [documentId, own] of byDocument) index.update(documentId, own)
  return index
}

interface FoundPassage {
  slot: number
  words: number
  vectors: number | null
  score: number
  outcome: CandidateOutcome
}

class MemoryIndex implements SearchIndex {
  readonly #embed: Embed | undefined
  readonly #postings = new Postings()
  /** Absent until the first vector tells the dimensions. */
  #vectors: Vectors | undefined
  readonly #entries: (KnowledgePassage | undefined)[] = []
  readonly #slotsByDocument = new Map<string, number[]>()
  readonly #freeSlots: number[] = []
  readonly #scopes = new Scopes()
  readonly #isBefore = (left: number, right: number) => this.#entries[left]!.id < this.#entries[right]!.id
  readonly #bestByWords = new TopSlots(mostCandidates, this.#isBefore)
  readonly #bestByVectors = new TopSlots(mostCandidates, this.#isBefore)

  constructor(embed: Embed | undefined) {
    this.#embed = embed
  }

  get size(): number {
    return this.#entries.length - this.#freeSlots.length
  }

  update(documentId: string, passages: readonly KnowledgePassage[]): void {
    toEnd(this.updating(documentId, passages))
  }

  *updating(documentId: string, passages: readonly KnowledgePassage[]): Generator<void, void> {
    const before = this.#slotsByDocument.get(documentId) ?? []
    const known = new Map(before.map((slot) => [indexedText(this.#entries[slot]!), slot]))
    const stay = new Map<number, KnowledgePassage>()
    const added: { passage: KnowledgePassage; vector: Float32Array | undefined }[] = []
    for (const [index, passage] of passages.entries()) {
      if (index % passagesAtOnce === 0) yield
      const text = indexedText(passage)
      const slot = known.get(text)
      // Embedding comes before any change, because an embedder may throw.
      if (slot === undefined) added.push({ passage, vector: this.#vectorOf(text) })
      else {
        known.delete(text)
        stay.set(slot, passage)
      }
    }
    for (const slot of before) if (!stay.has(slot)) this.#remove(slot)
    for (const [slot, passage] of stay) this.#place(slot, passage)
    const slots = [...stay.keys()]
    for (const [index, { passage, vector }] of added.entries()) {
      if (index % passagesAtOnce === 0) yield
      slots.push(this.#add(passage, vector))
    }
    if (slots.length > 0) this.#slotsByDocument.set(documentId, slots)
    else this.#slotsByDocument.delete(documentId)
  }

  search(query: string, options: SearchOptions = {}): SearchResult {
    const limit = Math.min(maxLimit, Math.max(1, Math.trunc(options.limit ?? 4)))
    const minScore = options.minScore ?? 0
    const scopeName = normalizeScope(options.in ?? '')
    const scope = this.#scopes.below(scopeName)
    const by = this.#embed ? (options.by ?? 'both') : 'words'
    const text = firstCharacters(query, maxQueryLength)
    // Where there is nothing to find, nothing is searched for.
    const isEmpty = scope.slots.length === 0
    const terms = by === 'vectors' || isEmpty ? [] : this.#postings.read(termsOf(text))
    const vectors = by === 'words' || isEmpty ? undefined : this.#askVectors(text)
    const found = isEmpty ? [] : this.#find(by, terms, vectors, scope)
    const chosen = this.#choose(found, limit, minScore)
    const audited = found.findLastIndex((one) => one.outcome === 'chosen') + 1 + auditedBeyondChosen
    return {
      passages: chosen.map(({ slot, score }) => {
        const { id, source, title, text } = this.#entries[slot]!
        return { id, source, title, text, score: rounded(score) }
      }),
      considered: found.length,
      how: {
        query: firstCharacters(query, maxAuditedQuery),
        in: scopeName || null,
        limit,
        minScore,
        by,
        terms: terms.map(({ term, matched }) => ({ term, matched })),
        inScope: scope.slots.length,
        considered: found.length,
        candidates: found.slice(0, audited).map(({ slot, words, vectors, score, outcome }) => ({
          id: this.#entries[slot]!.id,
          words: rounded(words),
          vectors: vectors === null ? null : rounded(vectors),
          score: rounded(score),
          outcome,
        })),
      },
    }
  }

  #askVectors(query: string): Vectors | undefined {
    const vector = this.#vectors && this.#vectorOf(query)
    if (vector) this.#vectors?.ask(vector)
    return this.#vectors
  }

  #vectorOf(text: string): Float32Array | undefined {
    const vector = this.#embed?.(text)
    if (!vector) return
    this.#vectors ??= new Vectors(vector.length)
    const expected = this.#vectors.dimensions
    if (vector.length !== expected || vector.some(Number.isNaN)) {
      throw new ReeveError(
        'bad-embedding',
        `The embedder gave ${vector.length} dimensions where ${expected} numbers were expected. Use one embedder for an index.`,
      )
    }
    return vector
  }

  /** The candidates with their scores, best first. */
  #find(
    by: SearchAudit['by'],
    terms: QueryTerm[],
    vectors: Vectors | undefined,
    scope: ScopeSlots,
  ): FoundPassage[] {
    const bestByWords = this.#bestByWords
    const bestByVectors = this.#bestByVectors
    const postings = this.#postings
    bestByWords.clear(by === 'both' ? wordCandidates : mostCandidates)
    postings.score(terms, (slot, score) => {
      if (scope.holds[slot] === 1) bestByWords.offer(slot, score)
    })
    const candidates = new Set(bestByWords.slots())
    if (vectors && by === 'vectors') {
      bestByVectors.clear(mostCandidates)
      for (const slot of scope.slots) bestByVectors.offer(slot, vectors.similarity(slot))
      for (const slot of bestByVectors.slots()) candidates.add(slot)
    } else if (vectors && scope.slots.length <= smallScope) {
      for (const slot of scope.slots) candidates.add(slot)
    } else if (vectors) {
      vectors.nearest(scope.slots, vectorCandidates, (slot) => candidates.add(slot))
    }
    const found: FoundPassage[] = []
    for (const slot of candidates) {
      const words = by === 'vectors' ? 0 : postings.scoreOf(slot)
      const similarity = vectors ? Math.max(0, vectors.similarity(slot)) : null
      const share = by === 'both' ? wordShare : by === 'words' ? 1 : 0
      const score = share * words + (1 - share) * (similarity ?? 0)
      if (score > 0) found.push({ slot, words, vectors: similarity, score, outcome: 'beyond-limit' })
    }
    return found.sort(
      (left, right) => right.score - left.score || (this.#isBefore(left.slot, right.slot) ? -1 : 1),
    )
  }

  /** Marks every candidate with what became of it. */
  #choose(found: FoundPassage[], limit: number, minScore: number): FoundPassage[] {
    const chosen: FoundPassage[] = []
    const texts = new Set<string>()
    for (const one of found) {
      const { hash } = this.#entries[one.slot]!
      if (one.score < minScore) one.outcome = 'below-minimum'
      else if (texts.has(hash)) one.outcome = 'repeats-a-chosen-one'
      else if (chosen.length < limit) {
        one.outcome = 'chosen'
        chosen.push(one)
        texts.add(hash)
      }
    }
    return chosen
  }

  #add(passage: KnowledgePassage, vector: Float32Array | undefined): number {
    const slot = this.#freeSlots.pop() ?? this.#entries.length
    this.#place(slot, passage)
    const counts = new Map<string, number>()
    const body = termsOf(passage.text)
    for (const term of body) counts.set(term, (counts.get(term) ?? 0) + 1)
    for (const term of termsOf(passage.title)) counts.set(term, (counts.get(term) ?? 0) + titleWeight)
    for (const term of termsOf(passage.heading.join('\n')))
      counts.set(term, (counts.get(term) ?? 0) + headingWeight)
    this.#postings.add(slot, counts, body.length)
    if (vector) this.#vectors?.set(slot, vector)
    return slot
  }

  #remove(slot: number): void {
    this.#postings.remove(slot)
    this.#place(slot, undefined)
    this.#freeSlots.push(slot)
  }

  #place(slot: number, passage: KnowledgePassage | undefined): void {
    this.#entries[slot] = passage
    this.#scopes.set(slot, passage?.scope)
  }
}

/** What is searched of a passage: equal texts need no new entry. */
function indexedText(passage: KnowledgePassage): string {
  return `${passage.title}\n${passage.heading.join('\n')}\n\n${passage.text}`
}

function rounded(score: number): number {
  return Math.round(score * 10_000) / 10_000
}
