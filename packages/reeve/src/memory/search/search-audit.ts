import type { ItemKind } from '../../store/memory/items.ts'

export type CandidateOutcome = 'chosen' | 'repeats-a-chosen-one' | 'below-minimum' | 'beyond-limit'

export interface Candidate {
  id: string
  version: number
  /** BM25 as a share of the most that the query could score; null when words took no part. */
  words: number | null
  /** Cosine with the query; null when vectors took no part, or the item has none to compare. */
  vectors: number | null
  score: number
  outcome: CandidateOutcome
}

/** Why a search found what it found: plain JSON of a few KB at most, for the journal. */
export interface SearchAudit {
  /** Its first 500 characters. */
  query: string
  in: string | null
  /** Scopes that the asker may not read; absent: none. */
  hidden?: string[]
  kinds: ItemKind[]
  /** As things stood then (ms); null: as they stood when it was asked. */
  asOf: number | null
  limit: number
  minScore: number
  by: SearchBy
  /** What was searched for: the 24 rarest terms of the query at most, rarest first. */
  terms: { term: string; matched: string[] }[]
  /** What made the vectors that were compared. */
  embedders: string[]
  /** Embedders that gave no vector of the query, and why: of their items words alone told. Absent: none failed. */
  without?: { embedder: string; code: string; why: string }[]
  /** The scope holds nothing of any kind: nobody has kept anything there, or its name is another. Absent: it does. */
  emptyScope?: true
  /** Whether all visible items were compared by their vectors; an index may miss some. */
  exact: boolean
  /** Items that were given a full score. */
  considered: number
  /** The number of the last item that was there: searches with the same one saw the same. */
  state: number
  /** The best of them, the chosen ones first to last among them. */
  candidates: Candidate[]
}

export type SearchBy = 'words' | 'vectors' | 'both'
