import { setImmediate } from 'node:timers/promises'
import type { Database } from '../store/database.ts'
import { embeddersOf, forgetBlocks, readToEmbed, replaceEmbeddings } from '../store/memory/embeddings.ts'
import { numbersOf, packVector } from '../store/memory/items.ts'
import type { NearestItems } from '../store/memory/nearest-items.ts'
import { type Embedder, embeddedText, unitVector } from './embedder.ts'
import { readItemTerms } from './search/terms.ts'

const atOnce = 100

/**
 * Makes the vectors of all versions anew that another embedder made than the one that is configured, a page at a time: those
 * of the old one answer until theirs is there.
 * @returns how many @throws `bad-embedding`, the reason of `signal`
 */
export async function reembed(
  database: Database,
  nearest: NearestItems,
  embedder: Embedder,
  signal?: AbortSignal,
): Promise<number> {
  const column = await nearest.column()
  let count = 0
  for (;;) {
    const page = await readToEmbed(database, embedder.name, atOnce)
    if (page.length === 0) break
    const rows = []
    for (const item of page) {
      signal?.throwIfAborted()
      const vector = item.text === '' ? null : await unitVector(embedder, embeddedText(item))
      rows.push({
        no: item.no,
        embedder: embedder.name,
        dimensions: vector?.length ?? null,
        vector: vector && packVector(vector),
        embedding: column && vector && numbersOf(vector),
        ...readItemTerms(item),
      })
    }
    await replaceEmbeddings(database, rows)
    count += page.length
    await setImmediate()
  }
  if (count > 0) await forgetBlocks(database, await embeddersOf(database))
  return count
}
