import { setImmediate } from 'node:timers/promises'
import type { Database } from '../store/database.ts'
import { embeddersOf, forgetBlocks, readToEmbed, replaceEmbeddings } from '../store/memory/embeddings.ts'
import { numbersOf, packVector } from '../store/memory/items.ts'
import type { NearestItems } from '../store/memory/nearest-items.ts'
import { type Embedder, embeddedText, unitVector, unitVectors } from './embedder.ts'
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
  const dimensions = await changedDimensions(database, embedder, signal)
  let count = 0
  for (;;) {
    const page = await readToEmbed(database, { name: embedder.name, dimensions }, atOnce)
    if (page.length === 0) break
    const pause = async () => signal?.throwIfAborted()
    const worded = page.filter(({ text }) => text !== '')
    const vectors = await unitVectors(embedder, worded.map(embeddedText), { signal, pause })
    const vectorOf = new Map(worded.map(({ no }, at) => [no, vectors[at]!]))
    const rows = []
    for (const item of page) {
      const vector = vectorOf.get(item.no) ?? null
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
  if (count === 0) return 0
  const current = await embeddersOf(database)
  await forgetBlocks(
    database,
    current.map(({ name }) => name).filter((name) => name !== embedder.name || dimensions === undefined),
  )
  nearest.forget(embedder.name)
  return count
}

/** What an embedder gives now, where vectors of its name have other dimensions; undefined: none has. */
async function changedDimensions(
  database: Database,
  embedder: Embedder,
  signal: AbortSignal | undefined,
): Promise<number | undefined> {
  const stored = (await embeddersOf(database)).find(({ name }) => name === embedder.name)
  if (!stored) return undefined
  const vector = await unitVector(embedder, 'a question', { signal })
  return vector && vector.length !== stored.dimensions ? vector.length : undefined
}
