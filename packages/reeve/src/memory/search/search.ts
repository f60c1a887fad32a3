import { messageOf, ReeveError } from '../../base/errors.ts'
import { firstCharacters } from '../../base/text/shorten.ts'
import type { Passage } from '../../models/solver.ts'
import type { Database, Session } from '../../store/database.ts'
import { holdsNothing } from '../../store/memory/held-scopes.ts'
import { type Item, type ItemKind, readItems } from '../../store/memory/items.ts'
import type { NearestItems } from '../../store/memory/nearest-items.ts'
import type { Visible } from '../../store/memory/visible.ts'
import type { Spellings } from '../../store/memory/words/item-spellings.ts'
import { readHead } from '../../store/memory/words/item-words.ts'
import { termsOf } from '../../text/terms.ts'
import { type EmbedCall, type Embedder, unitVector } from '../embedder.ts'
import { normalizeScope } from '../scopes.ts'
import {
  type Candidate,
  type Candidates,
  cachedCandidates,
  databaseCandidates,
  type Question,
} from './candidates.ts'
import {
  byScore,
  choose,
  merged,
  passageOf,
  type Ranked,
  type Scored,
  shownOf,
  withSayings,
} from './choosing.ts'
import type { ItemCache } from './item-cache.ts'
import type { SearchAudit, SearchBy } from './search-audit.ts'
import { type Extent, Words } from './words.ts'

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
  /** Scopes that are not looked at, each with all below it. Default: none. */
  hidden?: readonly string[]
  /** Scopes whose passages are marked as private. Default: none. */
  private?: readonly string[]
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
/** More repetitions of one text than this are not looked past. */
const mostCandidates = 1_024

/** Searches the items of a database by words and vectors. */
export class Search {
  readonly #database: Database
  readonly #nearest: NearestItems
  readonly #embedders: ReadonlyMap<string, Embedder>
  readonly #words: Words
  readonly #cache: ItemCache

  /** @param embedders by name: those whose vectors may be there */
  constructor(
    database: Database,
    nearest: NearestItems,
    embedders: ReadonlyMap<string, Embedder>,
    cache: ItemCache,
    spellings: Spellings,
  ) {
    this.#database = database
    this.#nearest = nearest
    this.#embedders = embedders
    this.#words = new Words(database, spellings)
    this.#cache = cache
  }

  /** Where an embedder is not to be had, words alone find, and the audit says why. @throws the reason of the caller's signal */
  async find(
    query: string,
    options: SearchOptions,
    now: number,
    call: EmbedCall = {},
  ): Promise<SearchResult> {
    const { by = 'both', kinds = [], asOf, hidden = [] } = options
    requirePast(asOf, now)
    const limit = Math.min(maxLimit, Math.max(1, Math.trunc(options.limit ?? 4)))
    const minScore = options.minScore ?? 0
    const scope = normalizeScope(options.in ?? '')
    const visible: Visible = { scope, kinds, asOf, now, trustedOnly: options.trustedOnly ?? false, hidden }
    const text = firstCharacters(query, maxQueryLength)
    const known = new Map<string, QueryVector>()
    for (;;) {
      const head = await readHead(this.#database)
      const extent = await this.#words.extent(head)
      const terms = by === 'vectors' ? [] : await this.#words.read(termsOf(text), extent)
      const vectors = by === 'words' ? [] : await this.#vectorsOf(text, extent, known, call)
      const asked = vectors.filter(hasVector)
      const without = vectors.flatMap(({ problem }) => problem ?? [])
      const question: Question = { visible, terms, asked, extent }
      const cached = head && asOf === undefined ? await this.#cache.at(head) : undefined
      const { found, isExact } = await bestOf(
        cached
          ? cachedCandidates(cached, question)
          : await databaseCandidates(this.#database, this.#nearest, question),
        { by, limit, minScore },
        this.#database,
      )
      const shown = shownOf(found)
      const items = await this.#itemsOf(shown, cached !== undefined)
      if (!items) continue
      const chosen = merged(shown, items)
      const isEmpty = scope !== '' && found.length === 0 && (await holdsNothing(this.#database, scope))
      const audited = found.findLastIndex(({ outcome }) => outcome === 'chosen') + 1 + auditedBeyondChosen
      return {
        passages: chosen.map((one) => passageOf(one, options.private)),
        audit: {
          query: firstCharacters(query, maxAuditedQuery),
          in: scope || null,
          ...(hidden.length > 0 && { hidden: [...hidden] }),
          kinds: [...kinds],
          asOf: asOf ?? null,
          limit,
          minScore,
          by,
          terms: terms.map(({ term, matched }) => ({ term, matched: matched.map((one) => one.term) })),
          embedders: asked.map(({ embedder }) => embedder.name),
          ...(without.length > 0 && { without }),
          ...(isEmpty && { emptyScope: true }),
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
  }

  /** The query by each embedder whose vectors are there: after a change of embedders those of the old one still answer. */
  async #vectorsOf(
    text: string,
    { embedders }: Extent,
    known: Map<string, QueryVector>,
    call: EmbedCall,
  ): Promise<QueryVector[]> {
    for (const { name, dimensions } of embedders) {
      const embedder = this.#embedders.get(name)
      if (embedder && !known.has(name)) known.set(name, await vectorOf(embedder, dimensions, text, call))
    }
    return [...known.values()]
  }

  /** As they stand in the database; undefined: some were found in the copy and have ended. */
  async #itemsOf(chosen: readonly Scored[], isFromCopy: boolean): Promise<Item[] | undefined> {
    const rows = await readItems(
      this.#database,
      chosen.map(({ item }) => item.no),
    )
    const byNo = new Map(rows.map((row) => [row.no, row]))
    const isThere = (no: number) => byNo.has(no) && !(isFromCopy && byNo.get(no)!.endedAt !== null)
    const gone = chosen.filter(({ item }) => !isThere(item.no))
    if (gone.length === 0) return chosen.map(({ item }) => byNo.get(item.no)!)
    for (const { item } of gone) this.#cache.forget(item.no)
    return undefined
  }
}

/** Clocks of two machines differ by some of it. */
const futureMs = 60_000

function requirePast(asOf: number | undefined, now: number): void {
  if (asOf === undefined || asOf <= now + futureMs) return
  throw new ReeveError(
    'bad-option',
    `What will be known at ${new Date(asOf).toISOString()} nobody knows: \`asOf\` is a time that has passed. Leave it out to ask for what is known now.`,
  )
}

const hasVector = (one: QueryVector): one is QueryVector & { vector: Float32Array } =>
  one.vector !== undefined

/** The vector of a query by an embedder; or why there is none: then words answer. */
async function vectorOf(
  embedder: Embedder,
  dimensions: number,
  text: string,
  call: EmbedCall,
): Promise<QueryVector> {
  const { name } = embedder
  try {
    const vector = await unitVector(embedder, text, call)
    if (!vector) return { embedder }
    if (vector.length === dimensions) return { embedder, vector }
    throw new ReeveError(
      'bad-embedding',
      `Embedder ${name} gives ${vector.length} dimensions, and what is known has ${dimensions} of it: its model was changed. Until everything is embedded again, the search goes by words only.`,
    )
  } catch (error) {
    call.signal?.throwIfAborted()
    const code = error instanceof ReeveError ? error.code : 'failed'
    return { embedder, problem: { embedder: name, code, why: firstCharacters(messageOf(error), 500) } }
  }
}

/** Looks at ever more candidates until enough of them are chosen. */
async function bestOf(
  candidates: (wordy: number, near: number) => Promise<Candidates>,
  { by, limit, minScore }: { by: SearchBy; limit: number; minScore: number },
  session: Session,
): Promise<{ found: Scored[]; isExact: boolean }> {
  const [wordy, near] =
    by === 'both' ? [wordCandidates, vectorCandidates] : [candidatesAlone, candidatesAlone]
  for (let times = Math.ceil(limit / 8); ; times *= 4) {
    const { found: all, isAll, isExact } = await candidates(wordy * times, near * times)
    const found = choose(await withSayings(scored(all, by), session), limit, minScore)
    const isFull = found.filter(({ outcome }) => outcome === 'chosen').length === limit
    const isBelow = found.at(-1)?.outcome === 'below-minimum'
    if (isFull || isAll || isBelow || times * 4 * wordy > mostCandidates) return { found, isExact }
  }
}

function scored(candidates: readonly Candidate[], by: SearchBy): Ranked[] {
  const best = candidates.reduce((most, { words }) => Math.max(most, words ?? 0), 0)
  return candidates
    .map((item) => {
      const words = by === 'vectors' ? null : item.words
      const { near } = item
      const share =
        by === 'words' || near === null ? 1 : by === 'vectors' ? 0 : shareOfWords(item.embedder, best)
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

/**
 * Where no item has the query's words together, its vectors know more. Weak vectors, which leave words more than a half, cannot
 * make up for words: theirs stays as it is. Both were measured (`bench/recall`). `best`: the best score by words, 0..1.
 */
function shareOfWords(embedder: Embedder | undefined, best: number): number {
  const share = embedder?.wordShare ?? 0.5
  return share > 0.5 ? share : share * Math.sqrt(best)
}

interface QueryVector {
  embedder: Embedder
  vector?: Float32Array
  problem?: NonNullable<SearchAudit['without']>[number]
}

function rounded(score: number): number {
  return Math.round(score * 10_000) / 10_000
}
