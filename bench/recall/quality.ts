import { documentsFound, type Embedder, type KnowledgeDocument, openMemory } from './opened.ts'

export const ways = ['words', 'vectors', 'both'] as const
export type Way = (typeof ways)[number]

export interface Query {
  text: string
  /** The ids of the documents that answer it. */
  relevant: string[]
}

/** By way: recall and nDCG among the first ten, for each query. */
export type Quality = Record<Way, { recall: number[]; ndcg: number[] }>

/** Asks every query of the documents. */
export async function measureQuality(
  documents: readonly KnowledgeDocument[],
  queries: readonly Query[],
  embedder: Embedder,
): Promise<Quality> {
  const opened = await openMemory(embedder)
  await opened.knowledge.add(documents, { place: 'bench' })
  const quality = Object.fromEntries(ways.map((by) => [by, { recall: [], ndcg: [] }])) as unknown as Quality
  for (const { text, relevant } of queries) {
    for (const by of ways) {
      const found = await documentsFound(opened, text, { by, most: 10 })
      const wanted = new Set(relevant)
      const gains = found.map((id, rank) => (wanted.has(id) ? 1 / Math.log2(rank + 2) : 0))
      const best = relevant.slice(0, 10).reduce((sum, _, rank) => sum + 1 / Math.log2(rank + 2), 0)
      quality[by].recall.push(found.filter((id) => wanted.has(id)).length / Math.min(relevant.length, 10))
      quality[by].ndcg.push(gains.reduce((sum, gain) => sum + gain, 0) / best)
    }
  }
  await opened.close()
  return quality
}

export const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length

/** The least that a mean difference is with 95 % confidence, by 2,000 bootstrap samples of the pairs. */
export function leastDifference(left: readonly number[], right: readonly number[]): number {
  const differences = left.map((value, index) => value - right[index]!)
  let state = 7
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
  const means = Array.from({ length: 2000 }, () => {
    let sum = 0
    for (let count = 0; count < differences.length; count++)
      sum += differences[Math.floor(random() * differences.length)]!
    return sum / differences.length
  })
  return means.sort((a, b) => a - b)[100]!
}

/** Each title asks for its document, whose title is taken away. */
export function titlesOf(documents: readonly KnowledgeDocument[]): {
  documents: KnowledgeDocument[]
  queries: Query[]
} {
  return {
    documents: documents.map(({ title: _, ...rest }) => ({ ...rest, title: rest.id })),
    queries: documents.flatMap(({ id, title }) => (title ? [{ text: title, relevant: [id] }] : [])),
  }
}

/** One sentence is taken out of each document, and asks for the rest of it; one that stands in several is left. */
export function sentencesOf(documents: readonly KnowledgeDocument[]): {
  documents: KnowledgeDocument[]
  queries: Query[]
} {
  const split = documents.map(({ text }) =>
    text
      .split(/\n|(?<=[.?!]) /)
      .map((line) => line.replace(/^\s*(?:[-*•]|\d+[.)])\s+/, '').trim())
      .filter(
        (line) => line.split(/\s+/).length >= 6 && line.split(/\s+/).length <= 30 && !line.startsWith('#'),
      ),
  )
  const holders = new Map<string, number>()
  for (const own of split)
    for (const sentence of new Set(own)) holders.set(sentence, (holders.get(sentence) ?? 0) + 1)
  const queries: Query[] = []
  const rest = documents.map((document, index) => {
    const own = split[index]!.filter((sentence) => holders.get(sentence) === 1)
    const sentence = own[(index * 7) % Math.max(1, own.length)]
    if (sentence === undefined || document.text.length < sentence.length * 2) return document
    queries.push({ text: sentence, relevant: [document.id] })
    return { ...document, text: document.text.replace(sentence, '') }
  })
  return { documents: rest, queries }
}
