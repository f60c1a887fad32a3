import type { KnowledgePassage } from '../../src/memory/ingest/passages.ts'
import type { Memory } from '../../src/memory/memory.ts'
import type { SearchBy } from '../../src/memory/search/search-audit.ts'

export interface HeldOut {
  /** The passages without the sentences. */
  passages: KnowledgePassage[]
  queries: { text: string; relevant: string }[]
}

export interface Quality {
  recallAt4: number
  recallAt10: number
  ndcgAt10: number
}

/**
 * Takes one sentence out of each of `count` passages to serve as a query for the rest of its passage. A sentence that
 * stands in several passages is no query, because nothing says which of them is meant.
 */
export function holdOut(passages: readonly KnowledgePassage[], count: number, seed: number): HeldOut {
  const random = randomFrom(seed)
  const holders = new Map<string, number>()
  const sentences = passages.map((passage) => sentencesOf(passage.text))
  for (const own of sentences)
    for (const sentence of new Set(own)) holders.set(sentence, (holders.get(sentence) ?? 0) + 1)
  const order = passages.map((_, index) => index)
  for (let at = order.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1))
    ;[order[at], order[other]] = [order[other]!, order[at]!]
  }
  const rest = [...passages]
  const queries: HeldOut['queries'] = []
  for (const index of order) {
    if (queries.length === count) break
    const own = sentences[index]!.filter((sentence) => holders.get(sentence) === 1)
    const sentence = own[Math.floor(random() * own.length)]
    const passage = passages[index]!
    if (!sentence || passage.text.length < sentence.length * 2) continue
    const text = passage.text.replace(sentence, '')
    rest[index] = { ...passage, text, hash: `${passage.hash}-held-out` }
    queries.push({ text: sentence, relevant: passage.id })
  }
  return { passages: rest, queries }
}

export async function measureQuality(
  memory: Memory,
  queries: HeldOut['queries'],
  by: SearchBy,
): Promise<Quality> {
  let recallAt4 = 0
  let recallAt10 = 0
  let ndcgAt10 = 0
  for (const { text, relevant } of queries) {
    const { passages } = await memory.recall(text, { by, limit: 10 })
    const rank = passages.findIndex((passage) => passage.id === relevant)
    if (rank === -1) continue
    if (rank < 4) recallAt4++
    recallAt10++
    ndcgAt10 += 1 / Math.log2(rank + 2)
  }
  const mean = (sum: number) => Math.round((sum / queries.length) * 1000) / 1000
  return { recallAt4: mean(recallAt4), recallAt10: mean(recallAt10), ndcgAt10: mean(ndcgAt10) }
}

/** Swaps two neighbouring letters in every third word of five letters or more: a hasty customer's spelling. */
export function misspell(text: string, seed: number): string {
  const random = randomFrom(seed)
  let words = 0
  return text.replace(/[A-Za-z]{5,}/g, (word) => {
    if (words++ % 3 !== 0) return word
    const at = 1 + Math.floor(random() * (word.length - 3))
    return word.slice(0, at) + word[at + 1] + word[at] + word.slice(at + 2)
  })
}

function sentencesOf(text: string): string[] {
  return text
    .split(/\n|(?<=[.?!]) /)
    .map((line) => line.replace(/^\s*(?:[-*•]|\d+[.)])\s+/, '').trim())
    .filter((sentence) => {
      const words = sentence.split(/\s+/).length
      return words >= 6 && words <= 30 && !sentence.startsWith('#')
    })
}

function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
