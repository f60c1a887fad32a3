import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readKnowledge } from '../packages/reeve/src/memory/ingest/ingest.ts'
import { type KnowledgePassage, splitDocument } from '../packages/reeve/src/memory/ingest/passages.ts'
import { createSearchIndex } from '../packages/reeve/src/memory/search/search-index.ts'
import { embed } from '../packages/reeve/src/models/local/text/embed.ts'
import { holdOut, measureQuality, misspell } from '../packages/reeve/test/memory/held-out-sentences.ts'
import { type BenchOptions, type BenchResult, goalOf, UsageError, wholeNumber } from './runner/contract.ts'
import { figure, table } from './runner/table.ts'

const ways = ['words', 'vectors', 'both'] as const
const messagesTimed = 4000

/**
 * Recall on a real knowledge base (698 articles): time per query for real customer messages, and quality for sentences
 * held out of it, as they stand and misspelt, by words, by vectors and by both.
 */
export async function run(options: BenchOptions): Promise<BenchResult> {
  const data =
    typeof options.data === 'string' ? options.data : join(import.meta.dirname, '../../shared/data')
  const knowledge = join(data, 'bank-knowledge/documents.jsonl')
  const messages = join(data, 'banking77/train.csv')
  for (const file of [knowledge, messages]) {
    if (!existsSync(file))
      throw new UsageError(`There is no ${file}. Give the folder that holds it with --data.`)
  }
  const passages: KnowledgePassage[] = []
  for await (const reading of readKnowledge(knowledge)) {
    if (reading.ok) passages.push(...splitDocument(reading.document))
  }
  const begun = performance.now()
  const index = createSearchIndex(passages, { embed })
  const buildMs = performance.now() - begun
  const queries = readMessages(messages)
  const speeds = ways.map((by) => ({ by, ...timeQueries((query) => index.search(query, { by }), queries) }))
  const qualities = measureSeeds(passages, wholeNumber(options, 'seeds', 3))
  const [words, vectors, both] = ways.map((by) => qualities.find((one) => one.by === by)!.ndcg)
  return {
    goals: {
      hybridVsBestAlone: goalOf(both! / Math.max(words!, vectors!), 1, 'x'),
      buildMs: goalOf(buildMs, 1500, 'ms', 'lower'),
    },
    raw: { passages: passages.length, buildMs, speeds, qualities },
    summary: table(
      ['by', 'mean ms', 'p99 ms', 'nDCG@10', 'nDCG@10 misspelt'],
      speeds.map(({ by, meanMs, p99Ms }) => {
        const quality = qualities.find((one) => one.by === by)!
        return [by, figure(meanMs), figure(p99Ms), figure(quality.ndcg), figure(quality.ndcgMisspelt)]
      }),
    ),
  }
}

function readMessages(file: string): string[] {
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .slice(1, messagesTimed + 1)
  return lines.map((line) => line.slice(0, line.lastIndexOf(',')).replaceAll('"', ''))
}

function timeQueries(
  search: (query: string) => unknown,
  queries: string[],
): { meanMs: number; p99Ms: number } {
  for (const query of queries.slice(0, 500)) search(query)
  const times = queries.map((query) => {
    const start = performance.now()
    search(query)
    return performance.now() - start
  })
  times.sort((left, right) => left - right)
  const meanMs = times.reduce((sum, time) => sum + time, 0) / times.length
  return { meanMs, p99Ms: times[Math.floor(times.length * 0.99)]! }
}

function measureSeeds(passages: KnowledgePassage[], seeds: number) {
  const sums = ways.map((by) => ({ by, ndcg: 0, ndcgMisspelt: 0 }))
  for (let seed = 1; seed <= seeds; seed++) {
    const heldOut = holdOut(passages, 600, seed)
    const rest = createSearchIndex(heldOut.passages, { embed })
    const misspelt = heldOut.queries.map(({ text, relevant }) => ({ text: misspell(text, seed), relevant }))
    for (const sum of sums) {
      sum.ndcg += measureQuality(rest, heldOut.queries, sum.by).ndcgAt10 / seeds
      sum.ndcgMisspelt += measureQuality(rest, misspelt, sum.by).ndcgAt10 / seeds
    }
  }
  return sums
}
