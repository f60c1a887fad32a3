import { onTestFinished } from 'vitest'
import { type Embedder, embeddedText, hashedNgrams, unitVector } from '../../src/memory/embedder.ts'
import type { KnowledgePassage } from '../../src/memory/ingest/passages.ts'
import { Memory } from '../../src/memory/memory.ts'
import { readItemTerms } from '../../src/memory/search/terms.ts'
import type { Database } from '../../src/store/database.ts'
import { insertItems, itemValues, type NewItem } from '../../src/store/memory/items.ts'
import { FakeClock } from '../../src/testing/fake-clock.ts'
import { openTestDatabase } from '../engine/harness.ts'

/** Memory on a database of its own, which is closed with the test. */
export async function openMemory(
  options: { embedder?: Embedder; others?: Embedder[]; database?: Database; mostCached?: number } = {},
): Promise<Memory> {
  const clock = new FakeClock()
  const { embedder = hashedNgrams, others = [] } = options
  const database = options.database ?? (await openTestDatabase(clock))
  if (!options.database) onTestFinished(() => database.close())
  const { mostCached } = options
  return new Memory({ database, clock, embedder, others, ...(mostCached !== undefined && { mostCached }) })
}

/** Passages as items, as an ingest writes them. */
export async function keepPassages(memory: Memory, passages: readonly KnowledgePassage[]): Promise<void> {
  const { embedder, database } = memory
  const items: NewItem[] = []
  for (const passage of passages) {
    const words = {
      kind: 'passage',
      title: passage.title,
      heading: passage.heading.join('\n'),
      text: passage.text,
    } as const
    items.push({
      ...words,
      ...readItemTerms(words),
      id: passage.id,
      version: 1,
      scope: passage.scope,
      hash: passage.hash,
      source: passage.source,
      document: passage.documentId,
      place: passage.place,
      untrusted: passage.untrusted,
      run: null,
      step: null,
      validFrom: null,
      validUntil: null,
      at: memory.clock.now(),
      embedder: embedder.name,
      vector: await unitVector(embedder, embeddedText(words)),
      placed: false,
    })
  }
  await database.bulk(insertItems, items.map(itemValues))
}
