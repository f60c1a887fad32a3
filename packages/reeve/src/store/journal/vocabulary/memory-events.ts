import {
  errorEvent,
  event,
  flag,
  list,
  number,
  object,
  oneOf,
  orNull,
  since,
  sometimes,
  text,
} from './define.ts'

/** A passage that a recall found, as far as readers of the journal look at it. */
export interface RecalledPassage {
  id: string
  source: string
  /** Where it stands there: `lines 12–30`, `page 3`. */
  place?: string
  title: string
  text: string
  score: number
  /** Where near duplicates of it come from. */
  alsoFrom?: string[]
  untrusted?: true
  /** It lies in a private scope. */
  isPrivate?: true
}

/** Why a recall found what it found. */
export interface RecordedAudit {
  query: string
  in: string | null
  /** Scopes that the run's principal may not read. */
  hidden?: string[]
  limit: number
  minScore: number
  by: 'words' | 'vectors' | 'both'
  /** Only of these kinds; empty: all. */
  kinds?: string[]
  asOf?: number | null
  terms?: { term: string; matched: string[] }[]
  considered?: number
  embedders?: string[]
  exact?: boolean
  /** The scope that was asked for holds nothing. */
  emptyScope?: true
  /** Embedders that gave no vector of the query: of their items words alone told. */
  without?: { embedder: string; code: string; why: string }[]
  /** The number of the last item that was there. */
  state?: number
  candidates: {
    id: string
    score: number
    version?: number
    words?: number | null
    vectors: number | null
    outcome: string
  }[]
  /** Of journals written before knowledge and memory were one store. */
  knowledge?: string
  inScope?: number
  embedder?: string
}

/** What a paid embedder was given, and what that cost. */
export interface EmbeddingUsage {
  inputTokens: number
  outputTokens: number
  costUsd: number
}

/** What memory is asked and told. */
export const memoryEvents = {
  'recall-completed': event({
    role: 'settlement',
    call: 'recall',
    meaning: 'What was found in knowledge or memory.',
    by: 'ctx.recall',
    fields: {
      passages: list<RecalledPassage>('What was found, the best first.'),
      audit: since(object<RecordedAudit>('Why these, and what was left out.')),
      usage: sometimes(object<EmbeddingUsage>('What embedding the query has cost.')),
    },
    shown: ['passages'],
  }),
  'recall-failed': errorEvent({
    role: 'settlement',
    call: 'recall',
    meaning: 'Nothing could be looked up.',
    by: 'the engine',
    shown: ['code', 'message'],
  }),
  'remember-completed': event({
    role: 'settlement',
    call: 'remember',
    meaning: 'An item was kept in memory, in the same commit.',
    by: 'ctx.remember',
    fields: {
      id: text("The item's id."),
      scope: since(text('Where it is found.')),
      title: since(text('Its title.')),
      text: since(text('Its text.')),
      source: since(orNull(text('Where it comes from.'))),
      untrusted: since(flag('Whether it came from outside.')),
      embedder: since(text('What made its vector.')),
      basis: since(
        oneOf(
          ['own', 'person', 'recalled'],
          'What vouches for it: what the run has from elsewhere, a person, or only what was recalled.',
        ),
      ),
      restsOn: sometimes(list<string>('The ids of the items that it may be made of.')),
      confirmedBy: sometimes(text('Who approved or gave these words.')),
      usage: sometimes(object<EmbeddingUsage>('What embedding it has cost.')),
      unembedded: sometimes(text('Why it has no vector until it is embedded later; words find it.')),
    },
    shown: ['id', 'scope'],
  }),
  'remember-failed': errorEvent({
    role: 'settlement',
    call: 'remember',
    meaning: 'The item could not be kept.',
    by: 'the engine',
    shown: ['code', 'message'],
  }),
  'amend-completed': event({
    role: 'settlement',
    call: 'amend',
    meaning: 'Another text stands in the place of an item of memory.',
    by: 'ctx.amend',
    fields: {
      id: text("The item's id."),
      version: number('Which version of it this is.'),
      text: text('Its text now.'),
      why: text('Why it was amended.'),
      proposal: sometimes(text('The proposal that it is only, until a person adopts it.')),
      usage: sometimes(object<EmbeddingUsage>('What embedding it has cost.')),
      unembedded: sometimes(text('Why it has no vector until it is embedded later; words find it.')),
    },
    shown: ['id', 'why'],
  }),
  'amend-failed': errorEvent({
    role: 'settlement',
    call: 'amend',
    meaning: 'The item could not be amended.',
    by: 'the engine',
    shown: ['code', 'message'],
  }),
  'forget-completed': event({
    role: 'settlement',
    call: 'forget',
    meaning: 'An item of memory is not found any more.',
    by: 'ctx.forget',
    fields: {
      id: text("The item's id."),
      version: number('The version that ended.'),
      why: text('Why it was retracted.'),
      proposal: sometimes(text('The proposal that it is only, until a person adopts it.')),
    },
    shown: ['id', 'why'],
  }),
  'forget-failed': errorEvent({
    role: 'settlement',
    call: 'forget',
    meaning: 'The item could not be retracted.',
    by: 'the engine',
    shown: ['code', 'message'],
  }),
}
