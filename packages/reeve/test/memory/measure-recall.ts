import { readFile } from 'node:fs/promises'
import { argv, memoryUsage, stdout } from 'node:process'
import { readKnowledge } from '../../src/memory/ingest.ts'
import { type KnowledgePassage, splitDocument } from '../../src/memory/passages.ts'
import { createSearchIndex } from '../../src/memory/search-index.ts'
import { embed } from '../../src/models/local/embed.ts'
import { holdOut, measureQuality, misspell } from './held-out-sentences.ts'

// node measure-recall.ts KNOWLEDGE QUERIES.csv: quality, speed and memory of recall on a real knowledge base.

const [knowledge, messages] = argv.slice(2)
if (!knowledge || !messages) throw new Error('Give a knowledge folder or file and a CSV file of messages.')

const passages: KnowledgePassage[] = []
let documents = 0
for await (const reading of readKnowledge(knowledge)) {
  if (!reading.ok) continue
  documents++
  for (const passage of splitDocument(reading.document)) passages.push(passage)
}

const heapBefore = usedBytes()
const buildStart = performance.now()
const index = createSearchIndex(passages, { embed })
const buildMs = performance.now() - buildStart
print({
  documents,
  passages: passages.length,
  buildMs: Math.round(buildMs),
  indexMb: toMb(usedBytes() - heapBefore),
})

const queries = (await readFile(messages, 'utf8'))
  .split('\n')
  .slice(1, 4001)
  .map((line) => line.slice(0, line.lastIndexOf(',')).replaceAll('"', ''))
for (const by of ['words', 'vectors', 'both'] as const) {
  for (const query of queries.slice(0, 500)) index.search(query, { by })
  const times: number[] = []
  for (const query of queries) {
    const start = performance.now()
    index.search(query, { by })
    times.push((performance.now() - start) * 1000)
  }
  times.sort((left, right) => left - right)
  const mean = times.reduce((sum, time) => sum + time, 0) / times.length
  print({ by, meanUs: Math.round(mean), p50Us: Math.round(times[2000]!), p99Us: Math.round(times[3960]!) })
}

for (const seed of [1, 2, 3, 4, 5, 6]) {
  const heldOut = holdOut(passages, 600, seed)
  const rest = createSearchIndex(heldOut.passages, { embed })
  const misspelt = heldOut.queries.map(({ text, relevant }) => ({ text: misspell(text, seed), relevant }))
  for (const by of ['words', 'vectors', 'both'] as const) {
    print({
      seed,
      by,
      sentences: measureQuality(rest, heldOut.queries, by),
      misspelt: measureQuality(rest, misspelt, by),
    })
  }
}

function usedBytes(): number {
  globalThis.gc?.()
  const { heapUsed, external } = memoryUsage()
  return heapUsed + external
}

function toMb(bytes: number): number {
  return Math.round((bytes / 1024 / 1024) * 10) / 10
}

function print(record: object): void {
  stdout.write(`${JSON.stringify(record)}\n`)
}
