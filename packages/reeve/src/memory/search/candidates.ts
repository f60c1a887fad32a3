import type { Database } from '../../store/database.ts'
import { cosineWith } from '../../store/memory/items.ts'
import { comparedInFull, type NearestItems } from '../../store/memory/nearest-items.ts'
import type { Visible } from '../../store/memory/visible.ts'
import {
  findByWords,
  holdsUpTo,
  readCandidates,
  type WeightedTerm,
} from '../../store/memory/words/item-words.ts'
import type { Embedder } from '../embedder.ts'
import type { CachedItems } from './cached-items.ts'
import { type Extent, likenessOf, type QueryTerm, weightsOf, wordScore } from './words.ts'

/** An item that may be what is looked for. */
export interface Candidate {
  no: number
  id: string
  version: number
  /** Of its text. */
  hash: string
  /** Of its terms: near duplicates have the same. */
  likeness: string
  /** Its score by words, 0..1; null when words took no part. */
  words: number | null
  /** The cosine with the query, and what made the vectors; null when vectors took no part or it has none to compare. */
  near: number | null
  embedder: Embedder | undefined
}

export interface Candidates {
  found: Candidate[]
  /** Whether there are no more. */
  isAll: boolean
  /** Whether all visible items were compared by their vectors. */
  isExact: boolean
}

/** A query as its candidates are looked for. */
export interface Question {
  visible: Visible
  /** Empty: words take no part. */
  terms: readonly QueryTerm[]
  /** The query by each embedder whose vectors are there; empty: vectors take no part. */
  asked: readonly { embedder: Embedder; vector: Float32Array }[]
  extent: Extent
}

/** With fewer items to look at, all words of a query are looked for. */
const narrow = 500
/** Else the rarest, until their items are so many: common words tell little and cost most. */
const lookedAt = 600

/** Looks for candidates in the indexes of the database. */
export async function databaseCandidates(
  database: Database,
  nearest: NearestItems,
  { visible, terms, asked, extent }: Question,
): Promise<(wordy: number, near: number) => Promise<Candidates>> {
  const held = await holdsUpTo(database, visible, comparedInFull)
  const lookedFor = chosenTerms(terms, held)
  const weights = weightsOf(terms)
  return async (mostWordy, mostNear) => {
    const wordy = await findByWords(database, lookedFor, visible, mostWordy)
    const near = await Promise.all(
      asked.map(({ embedder, vector }) =>
        nearest.find({ visible, embedder: embedder.name, vector, limit: mostNear, held }),
      ),
    )
    const numbers = new Set([...wordy, ...near.flatMap((one) => one.found.map(({ no }) => no))])
    const rows = await readCandidates(database, [...numbers])
    return {
      found: rows.map((row) => {
        const own = asked.find(({ embedder }) => embedder.name === row.embedder)
        return {
          ...row,
          likeness: likenessOf(row),
          words: wordScore(row, weights, extent),
          near: own && isComparable(row.vector, own.vector) ? cosineWith(row.vector, own.vector) : null,
          embedder: own?.embedder,
        }
      }),
      isAll: wordy.length < mostWordy && near.every((one) => one.found.length < mostNear),
      isExact: near.every((one) => one.isExact),
    }
  }
}

/** Looks for candidates in the copy of what is current. */
export function cachedCandidates(
  items: CachedItems,
  { visible, terms, asked, extent }: Question,
): (wordy: number, near: number) => Promise<Candidates> {
  const scores = items.scores(weightsOf(terms), extent.meanLength)
  return async (mostWordy, mostNear) => {
    const wordy = items.wordiest(scores, visible, mostWordy)
    const near = asked.map(({ vector }) => items.nearest(vector, visible, mostNear))
    const slots = new Set([...wordy, ...near.flatMap((one) => one.slots)])
    return {
      found: [...slots].flatMap((slot) => {
        const item = items.in(slot)
        if (!item) return []
        const own = asked.find(({ embedder }) => embedder.name === item.embedder)
        return [
          {
            ...item,
            words: scores[slot]!,
            near: own && isComparable(item.vector, own.vector) ? cosineWith(item.vector, own.vector) : null,
            embedder: own?.embedder,
          },
        ]
      }),
      isAll: wordy.length < mostWordy && near.every((one) => one.slots.length < mostNear),
      isExact: near.every((one) => one.isExact),
    }
  }
}

/** One that was made before its embedder changed its dimensions tells nothing: then words have all the say. */
function isComparable(packed: Uint8Array | null, vector: Float32Array): packed is Uint8Array {
  return packed !== null && packed.byteLength === vector.length + 4
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
