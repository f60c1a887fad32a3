export type CandidateOutcome = 'chosen' | 'repeats-a-chosen-one' | 'below-minimum' | 'beyond-limit'

export interface Candidate {
  id: string
  /** BM25 as a share of the most that the query could score. */
  words: number
  /** Cosine with the query; null when vectors took no part. */
  vectors: number | null
  score: number
  outcome: CandidateOutcome
}

/** Why a search found what it found: plain JSON of a few KB at most, for the journal. */
export interface SearchAudit {
  /** Its first 500 characters. */
  query: string
  in: string | null
  limit: number
  minScore: number
  by: 'words' | 'vectors' | 'both'
  /** What was searched for: the 24 rarest terms of the query at most, rarest first. */
  terms: { term: string; matched: string[] }[]
  /** Passages in scope. */
  inScope: number
  /** Passages in scope that were given a full score. */
  considered: number
  /** The best of them, the chosen ones first to last among them. */
  candidates: Candidate[]
}
