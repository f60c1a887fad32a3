import { sha256 } from '../../base/hash.ts'
import type { Passage } from '../../models/solver.ts'
import type { Session } from '../../store/database.ts'
import { type Item, readItems } from '../../store/memory/items.ts'
import { sayingOf } from '../../text/sameness.ts'
import { liesIn } from '../scope-rules.ts'
import type { Candidate } from './candidates.ts'
import type { CandidateOutcome } from './search-audit.ts'

const repeats: CandidateOutcome = 'repeats-a-chosen-one'
/** Of near duplicates so many are looked at for their sources, and so many sources are named. */
const mostRepeats = 100
const mostSources = 20

/** A candidate with its scores, each rounded. */
export interface Ranked {
  item: Candidate
  /** What it says, of those that may be near duplicates. */
  saying?: string
  words: number | null
  vectors: number | null
  score: number
}

/** With what became of it. */
export type Scored = Ranked & { outcome: CandidateOutcome }

/** Equal scores in the order of their ids, so that equal contents give equal results on every database. */
export function byScore(left: Ranked, right: Ranked): number {
  return right.score - left.score || (left.item.id < right.item.id ? -1 : 1)
}

/** Marks every candidate with what became of it. */
export function choose(found: Ranked[], limit: number, minScore: number): Scored[] {
  const texts = new Set<string>()
  return found.map((one) => {
    const text = sayingIn(one)
    if (one.score < minScore) return { ...one, outcome: 'below-minimum' }
    if (texts.has(text)) return { ...one, outcome: repeats }
    if (texts.size === limit) return { ...one, outcome: 'beyond-limit' }
    texts.add(text)
    return { ...one, outcome: 'chosen' }
  })
}

const sayingIn = ({ saying, item }: Pick<Scored, 'saying' | 'item'>) => saying ?? item.hash

/** Tells near duplicates from texts that only share their terms: `is` and `is not`. */
export async function withSayings(found: Ranked[], session: Session): Promise<Ranked[]> {
  const alike = Map.groupBy(found, ({ item }) => item.likeness)
  const unclear = [...alike.values()].filter((group) => new Set(group.map(({ item }) => item.hash)).size > 1)
  if (unclear.length === 0) return found
  const numbers = unclear.flat().map(({ item }) => item.no)
  const texts = new Map((await readItems(session, numbers)).map(({ no, text }) => [no, text]))
  return found.map((one) => {
    const text = texts.get(one.item.no)
    return text === undefined ? one : { ...one, saying: sha256(sayingOf(text)) }
  })
}

interface Merged {
  item: Item
  score: number
  /** Where near duplicates of it come from. */
  alsoFrom: string[]
}

/** Near duplicates as one passage, which keeps the sources of all: the one from inside where there is one. */
export function merged(shown: readonly Scored[], items: readonly Item[]): Merged[] {
  const groups = Map.groupBy(shown.keys(), (at) => sayingIn(shown[at]!))
  return [...groups.values()].map((group) => {
    const at = group.find((one) => !items[one]!.untrusted) ?? group[0]!
    const item = items[at]!
    const sources = new Set(group.map((one) => items[one]!.source))
    sources.delete(item.source)
    return { item, score: shown[group[0]!]!.score, alsoFrom: [...sources].slice(0, mostSources) }
  })
}

export function passageOf({ item, score, alsoFrom }: Merged, privateScopes: readonly string[] = []): Passage {
  const { id, source, title, text, place, untrusted } = item
  return {
    ...{ id, source, ...(place !== null && { place }), title, text, score },
    ...(alsoFrom.length > 0 && { alsoFrom }),
    ...(untrusted && { untrusted }),
    ...(privateScopes.some((scope) => liesIn(item.scope, scope)) && { isPrivate: true as const }),
  }
}

/** Those that are told, with near duplicates of them. */
export function shownOf(found: readonly Scored[]): Scored[] {
  let repeated = 0
  return found.filter(
    ({ outcome }) => outcome === 'chosen' || (outcome === repeats && repeated++ < mostRepeats),
  )
}
