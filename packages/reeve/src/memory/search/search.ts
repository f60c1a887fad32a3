import { firstCharacters } from '../../base/text/shorten.ts'
import type { Passage } from '../../models/solver.ts'
import type { Database } from '../../store/database.ts'
import {
  type Candidate,
  findByWords,
  holdsUpTo,
  readCandidates,
  type WeightedTerm,
} from '../../store/memory/item-words.ts'
import { cosineWith, type Item, type ItemKind, readItems } from '../../store/memory/items.ts'
import { comparedInFull, type NearestItems } from '../../store/memory/nearest-items.ts'
import type { Visible } from '../../store/memory/visible.ts'
import { termsOf } from '../../text/terms.ts'
import { type Embedder, unitVector } from '../embedder.ts'
import { normalizeScope } from '../scopes.ts'
import type { CandidateOutcome, SearchAudit, SearchBy } from './search-audit.ts'
import { type Extent, type QueryTerm, Words } from './words.ts'

export interface SearchOptions {
  /** Only items of this scope and the scopes below it: `policy` finds `policy/billing`. Default: everything. */
  in?: string
  /** Only items of these kinds. Default: all. */
  kinds?: readonly ItemKind[]
  /** Default 4, at most 50. */
  limit?: number
  /** Items that score less are left out. Scores are 0..1. Default 0. */
  minScore?: number
  /** As things stood at that time (ms). Default: now. */
  asOf?: number
  /** Nothing that came from outside. Default false. */
  trustedOnly?: boolean
  /** What ranks: words (BM25), vectors, or both. Default both. */
  by?: SearchBy
}

export interface SearchResult {
  /** Best first. */
  passages: Passage[]
  audit: SearchAudit
}

/** What lies beyond is neither searched for nor embedded, so that a long mail costs no more than its beginning. */
const maxQueryLength = 2_000
const maxLimit = 50
const auditedBeyondChosen = 4
const maxAuditedQuery = 500
/** By words or vectors alone; of both, fewer of each do. */
const candidatesAlone = 64
const wordCandidates = 32
const vectorCandidates = 16
/** With fewer items to look at, all words of a query are looked for. */
const narrow = 500
/** Else the rarest, until their items are so many: common words tell little and cost most. */
const lookedAt = 600
/** More repetitions of one text than this are not looked past. */
const mostCandidates = 1_024

/** Searches the items of a database by words and vectors. */
export class Search {
  readonly #database: Database
  readonly #nearest: NearestItems
  readonly #embedders: ReadonlyMap<string, Embedder>
  readonly #words: Words

  /** @param embedders by name: those whose vectors may be there */
  constructor(database: Database, nearest: NearestItems, embedders: ReadonlyMap<string, Embedder>) {
    this.#database = database
    this.#nearest = nearest
    this.#embedders = embedders
    this.#words = new Words(database)
  }

  /** @throws `bad-embedding` */
  async find(query: string, options: SearchOptions, now: number): Promise<SearchResult> {
    const { by = 'both', kinds = [], asOf } = options
    const limit = Math.min(maxLimit, Math.max(1, Math.trunc(options.limit ?? 4)))
    const minScore = options.minScore ?? 0
    const scope = normalizeScope(options.in ?? '')
    const visible: Visible = { scope, kinds, asOf, now, trustedOnly: options.trustedOnly ?? false }
    const text = firstCharacters(query, maxQueryLength)
    const extent = await this.#words.extent()
    const terms = by === 'vectors' ? [] : await this.#words.read(termsOf(text), extent)
    const asked = by === 'words' ? [] : await this.#vectorsOf(text, extent)
    const held = await holdsUpTo(this.#database, visible, comparedInFull)
    let found: Scored[] = []
    let isExact = true
    const lookedFor = chosenTerms(terms, held)
    const scoreOf = this.#words.scorer(terms, extent)
    const [mostWordy, mostNear] =
      by === 'both' ? [wordCandidates, vectorCandidates] : [candidatesAlone, candidatesAlone]
    for (let times = Math.ceil(limit / 8); ; times *= 4) {
      const wordy = await findByWords(this.#database, lookedFor, visible, mostWordy * times)
      const near = await Promise.all(
        asked.map(({ embedder, vector }) =>
          this.#nearest.find({ visible, embedder: embedder.name, vector, limit: mostNear * times, held }),
        ),
      )
      isExact = near.every((one) => one.isExact)
      const numbers = new Set([...wordy, ...near.flatMap((one) => one.found.map(({ no }) => no))])
      found = choose(
        scored(await readCandidates(this.#database, [...numbers]), scoreOf, asked, by),
        limit,
        minScore,
      )
      const isFull = found.filter(({ outcome }) => outcome === 'chosen').length === limit
      const isAll =
        wordy.length < mostWordy * times && near.every((one) => one.found.length < mostNear * times)
      if (
        isFull ||
        isAll ||
        times * 4 * mostWordy > mostCandidates ||
        found.at(-1)?.outcome === 'below-minimum'
      )
        break
    }
    const audited = found.findLastIndex(({ outcome }) => outcome === 'chosen') + 1 + auditedBeyondChosen
    return {
      passages: await this.#passagesOf(found.filter(({ outcome }) => outcome === 'chosen')),
      audit: {
        query: firstCharacters(query, maxAuditedQuery),
        in: scope || null,
        kinds: [...kinds],
        asOf: asOf ?? null,
        limit,
        minScore,
        by,
        terms: terms.map(({ term, matched }) => ({ term, matched: matched.map((one) => one.term) })),
        embedders: asked.map(({ embedder }) => embedder.name),
        exact: isExact,
        considered: found.length,
        state: extent.lastNo,
        candidates: found.slice(0, audited).map(({ item, words, vectors, score, outcome }) => ({
          id: item.id,
          version: item.version,
          words,
          vectors,
          score,
          outcome,
        })),
      },
    }
  }

  /** The query by each embedder whose vectors are there: after a change of embedders those of the old one still answer. */
  async #vectorsOf(text: string, { embedders }: Extent): Promise<Asked[]> {
    const asked: Asked[] = []
    for (const name of embedders) {
      const embedder = this.#embedders.get(name)
      const vector = embedder && (await unitVector(embedder, text))
      if (vector) asked.push({ embedder, vector })
    }
    return asked
  }

  async #passagesOf(chosen: readonly Scored[]): Promise<Passage[]> {
    const items = await readItems(
      this.#database,
      chosen.map(({ item }) => item.no),
    )
    const byNo = new Map(items.map((item) => [item.no, item]))
    return chosen.flatMap(({ item, score }) => {
      const found = byNo.get(item.no)
      return found ? [passageOf(found, score)] : []
    })
  }
}

/** Of few items all words are looked for; of many the rarest, until what holds them is enough to look at. */
function chosenTerms(terms: readonly QueryTerm[], held: number): WeightedTerm[] {
  const chosen: WeightedTerm[] = []
  let looked = 0
  for (const { matched, found } of terms) {
    if (held >= narrow && chosen.length > 0 && looked + found > lookedAt) break
    looked += found
    chosen.push(...matched)
  }
  return chosen
}

function scored(
  candidates: readonly Candidate[],
  scoreOf: (item: Candidate) => number,
  asked: readonly Asked[],
  by: SearchBy,
): Omit<Scored, 'outcome'>[] {
  return candidates
    .map((item) => {
      const words = by === 'vectors' ? null : scoreOf(item)
      const own = asked.find(({ embedder }) => embedder.name === item.embedder)
      const near = own && item.vector ? cosineWith(item.vector, own.vector) : null
      const share =
        by === 'words' || near === null ? 1 : by === 'vectors' ? 0 : (own!.embedder.wordShare ?? 0.5)
      const score = share * (words ?? 0) + (1 - share) * Math.max(0, near ?? 0)
      return {
        item,
        words: words === null ? null : rounded(words),
        vectors: near === null ? null : rounded(near),
        score: rounded(score),
      }
    })
    .filter(({ score }) => score > 0)
    .sort(byScore)
}

interface Asked {
  embedder: Embedder
  vector: Float32Array
}

interface Scored {
  item: Candidate
  words: number | null
  vectors: number | null
  score: number
  outcome: CandidateOutcome
}

/** Equal scores in the order of their ids, so that equal contents give equal results on every database. */
function byScore(left: Omit<Scored, 'outcome'>, right: Omit<Scored, 'outcome'>): number {
  return right.score - left.score || (left.item.id < right.item.id ? -1 : 1)
}

/** Marks every candidate with what became of it. */
function choose(found: Omit<Scored, 'outcome'>[], limit: number, minScore: number): Scored[] {
  const texts = new Set<string>()
  return found.map((one) => {
    const { hash } = one.item
    if (one.score < minScore) return { ...one, outcome: 'below-minimum' }
    if (texts.has(hash)) return { ...one, outcome: 'repeats-a-chosen-one' }
    if (texts.size === limit) return { ...one, outcome: 'beyond-limit' }
    texts.add(hash)
    return { ...one, outcome: 'chosen' }
  })
}

function passageOf(item: Item, score: number): Passage {
  const { id, source, title, text } = item
  return item.untrusted
    ? { id, source, title, text, score, untrusted: true }
    : { id, source, title, text, score }
}

function rounded(score: number): number {
  return Math.round(score * 10_000) / 10_000
}
