import { sha256 } from '../../base/hash.ts'
import type { Database } from '../../store/database.ts'
import { embeddersOf, type StoredEmbedder } from '../../store/memory/embeddings.ts'
import { indexed } from '../../store/memory/items.ts'
import { alikeTerms, type Spellings } from '../../store/memory/words/item-spellings.ts'
import {
  type Candidate,
  type Head,
  readExtent,
  type WeightedTerm,
} from '../../store/memory/words/item-words.ts'
import { commonTerms, frequenciesOf } from '../../store/memory/words/term-frequencies.ts'

/** A term of a query as the items know it. */
export interface QueryTerm {
  /** As the query has it. */
  term: string
  /** What is searched for: the term itself, or terms that are spelt alike. Empty: nothing is. */
  matched: WeightedTerm[]
  /** Its inverse document frequency; that of a term found once for one that is nowhere. */
  rarity: number
  /** In how many items its matches stand. */
  found: number
}

/** Of the words that a query may have beyond this, the commonest are left out: they cost most and tell least. */
const maxQueryTerms = 24
const maxRead = 96
const maxRespelt = 4
/** A respelt word is a guess. */
const respeltShare = 0.7
const saturation = 1.4
const lengthShare = 0.75
const titleWeight = 3
const headingWeight = 1.5
/** Then how often terms stand somewhere, and how many items there are, is read anew. */
const freshMs = 60_000
const mostRemembered = 20_000
/** Items are learnt a few at a time; whoever takes many in learns all of them. */
const learntFor = 2

/**
 * Weighs words with BM25 (Robertson and Zaragoza 2009, "BM25 and Beyond") over what is stored: how often a term stands in
 * items is remembered for a minute where there are many items, in which new ones count for little.
 */
export class Words {
  readonly #database: Database
  readonly #spellings: Spellings
  readonly #frequencies = new Map<string, number>()
  /** The commonest, as the index has them; empty where it counts them itself. */
  #common: ReadonlyMap<string, number> = new Map()
  readonly #alikes = new Map<string, { term: string; frequency: number }[]>()
  #extent: Promise<Omit<Extent, 'lastNo'>> | undefined
  #readAt = -Infinity
  #lastNo = -1

  constructor(database: Database, spellings: Spellings) {
    this.#database = database
    this.#spellings = spellings
  }

  /** The query's terms once each, rarest first. */
  async read(terms: readonly string[], { items }: Extent): Promise<QueryTerm[]> {
    const known: QueryTerm[] = []
    let respelt = 0
    const wanted = [...new Set(terms)].slice(0, maxRead)
    const frequencies = await this.#frequenciesOf(wanted)
    for (const term of wanted) {
      const frequency = frequencies.get(term)!
      if (frequency > 0) {
        const rarity = rarityOf(frequency, items)
        known.push({ term, matched: [{ term, rarity }], rarity, found: frequency })
        continue
      }
      const rarity = rarityOf(1, items)
      const alike = respelt++ < maxRespelt ? await this.#alike(term) : []
      const matched = alike.map((one) => {
        const own = Math.min(rarity, rarityOf(one.frequency, items))
        return { term: one.term, rarity: (own * respeltShare) / alike.length }
      })
      const found = alike.reduce((sum, one) => sum + one.frequency, 0)
      known.push({ term, matched, rarity, found })
    }
    known.sort((left, right) => right.rarity - left.rarity || (left.term < right.term ? -1 : 1))
    return known.slice(0, maxQueryTerms)
  }

  /** How many current items there are, how long they are, and the number of the last. */
  async extent(head: Head | undefined): Promise<Extent> {
    const last = head?.no ?? 0
    const isFresh = last === this.#lastNo || (last > 10_000 && performance.now() - this.#readAt < freshMs)
    if (!this.#extent || !isFresh) {
      this.#frequencies.clear()
      this.#alikes.clear()
      this.#lastNo = last
      this.#readAt = performance.now()
      this.#extent = this.#readExtent()
      this.#extent.catch(() => {
        this.#extent = undefined
      })
    }
    return { ...(await this.#extent), lastNo: last }
  }

  async #readExtent(): Promise<Omit<Extent, 'lastNo'>> {
    const [extent, embedders, common] = await Promise.all([
      readExtent(this.#database),
      embeddersOf(this.#database),
      commonTerms(this.#database),
    ])
    // As the index has them, which is how they are looked for.
    this.#common = new Map([...common].map(([term, share]) => [term, Math.round(share * extent.items)]))
    return { ...extent, embedders }
  }

  async #frequenciesOf(terms: readonly string[]): Promise<Map<string, number>> {
    const known = new Map<string, number>()
    for (const term of terms) {
      const frequency = this.#frequencies.get(term) ?? this.#common.get(indexed(term))
      if (frequency !== undefined) known.set(term, frequency)
    }
    const counted = await frequenciesOf(
      this.#database,
      this.#database.kind,
      terms.filter((term) => !known.has(term)),
    )
    if (this.#frequencies.size + counted.size > mostRemembered) this.#frequencies.clear()
    for (const [term, frequency] of counted) {
      this.#frequencies.set(term, frequency)
      known.set(term, frequency)
    }
    return known
  }

  async #alike(term: string): Promise<{ term: string; frequency: number }[]> {
    const known = this.#alikes.get(term)
    if (known !== undefined) return known
    for (let round = 0; round < learntFor && (await this.#spellings.learn()); round++);
    const found: { term: string; frequency: number }[] = []
    const alike = await alikeTerms(this.#database, term)
    const frequencies = await this.#frequenciesOf(alike)
    for (const one of alike) {
      const frequency = frequencies.get(one)!
      if (frequency > 0) found.push({ term: one, frequency })
    }
    if (this.#alikes.size >= mostRemembered) this.#alikes.clear()
    this.#alikes.set(term, found)
    return found
  }
}

/** How much there is, and which embedders made its vectors. */
export type Extent = Awaited<ReturnType<typeof readExtent>> & {
  embedders: readonly StoredEmbedder[]
  lastNo: number
}

/** Versions that ended count for a term, but not for how many items there are. */
function rarityOf(frequency: number, items: number): number {
  return Math.log(1 + (Math.max(0, items - frequency) + 0.5) / (frequency + 0.5))
}

/** What each term adds, as the index has it, to an item that is full of it: 1 in all. */
export function weightsOf(terms: readonly QueryTerm[]): Map<string, number> {
  const most = terms.reduce((sum, { rarity }) => sum + rarity, 0) * (saturation + 1)
  const weights = new Map<string, number>()
  for (const { matched } of terms) {
    for (const { term, rarity } of matched)
      weights.set(indexed(term), (weights.get(indexed(term)) ?? 0) + (rarity * (saturation + 1)) / most)
  }
  return weights
}

/** What of a term's weight an item has, in which the term stands so many times. */
export function shareOf(times: number, length: number, meanLength: number): number {
  return times / (times + saturation * (1 - lengthShare + (lengthShare * length) / meanLength))
}

/** How often each wanted term stands in an item; all of its terms where none are named. */
export function countTerms(
  { titleTerms, headingTerms, bodyTerms }: Pick<Candidate, 'titleTerms' | 'headingTerms' | 'bodyTerms'>,
  wanted?: ReadonlyMap<string, number>,
): Map<string, number> {
  const counts = new Map<string, number>()
  count(bodyTerms, 1, wanted, counts)
  count(titleTerms, titleWeight, wanted, counts)
  count(headingTerms, headingWeight, wanted, counts)
  return counts
}

/** An item's score, 0..1: 1 would be one that is full of all the terms. */
export function wordScore(
  item: Candidate,
  weights: ReadonlyMap<string, number>,
  { meanLength }: Pick<Extent, 'meanLength'>,
): number {
  let score = 0
  for (const [term, times] of countTerms(item, weights))
    score += weights.get(term)! * shareOf(times, item.length, meanLength)
  return score
}

/** The same for texts whose terms are the same. */
export function likenessOf({ bodyTerms, hash }: Pick<Candidate, 'bodyTerms' | 'hash'>): string {
  return bodyTerms === '' ? hash : sha256(bodyTerms).slice(0, 32)
}

function count(
  terms: string,
  weight: number,
  wanted: ReadonlyMap<string, number> | undefined,
  counts: Map<string, number>,
): void {
  if (terms === '') return
  for (const term of terms.split(' ')) {
    if (!wanted || wanted.has(term)) counts.set(term, (counts.get(term) ?? 0) + weight)
  }
}
