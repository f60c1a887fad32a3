import { sha256 } from '../../base/hash.ts'
import {
  type DocumentChange,
  type KnownDocument,
  type KnownPassage,
  passagesOf,
} from '../../store/memory/documents.ts'
import { type NewItem, unpackVector } from '../../store/memory/items.ts'
import { notEmbedded, unitVectors } from '../embedder.ts'
import type { Memory } from '../memory.ts'
import { readItemTerms } from '../search/terms.ts'
import type { KnowledgePassage } from './passages.ts'

/**
 * What has to be written so that a document holds these passages: those that stay as they are stay, and words that were
 * embedded before, wherever in the document they stood, are not embedded again.
 * @param document.stood whether passages of it are there; of an earlier document of that id too
 * @throws what `pause` throws
 */
export async function changeOf(
  memory: Memory,
  {
    document,
    before,
    stood: hasStood,
  }: { document: KnownDocument; before: KnownDocument | undefined; stood: boolean },
  passages: readonly KnowledgePassage[],
  pause: () => Promise<void>,
): Promise<DocumentChange> {
  const earlier = hasStood ? await passagesOf(memory.database, document.id) : []
  const stood = new Map(earlier.map((one) => [one.id, one]))
  const embedded = new Map<string, KnownPassage>()
  for (const passage of stood.values())
    if (passage.embedder === memory.embedder.name) embedded.set(wordsOf(passage), passage)
  const ended = new Set([...stood.values()].filter(({ isCurrent }) => isCurrent).map(({ no }) => no))
  const news: { passage: KnowledgePassage; heading: string; version: number }[] = []
  const moved: { no: number; place: string }[] = []
  for (const passage of passages) {
    await pause()
    const last = stood.get(passage.id)
    const heading = passage.heading.join('\n')
    if (last?.isCurrent && isSame(last, { ...passage, heading })) {
      ended.delete(last.no)
      if (last.place !== passage.place) moved.push({ no: last.no, place: passage.place })
    } else news.push({ passage, heading, version: (last?.version ?? 0) + 1 })
  }
  const vectors = await vectorsOf(
    memory,
    news.map(({ passage, heading }) => ({ ...passage, heading })),
    embedded,
    pause,
  )
  const placed = (await memory.nearest.column()) !== undefined
  const added: NewItem[] = []
  for (const { passage, heading, version } of news) {
    await pause()
    const words = wordsOf({ ...passage, heading })
    added.push({
      ...itemOf(passage, heading, version, memory.clock.now()),
      embedder: vectors.has(words) ? memory.embedder.name : notEmbedded,
      vector: vectors.get(words) ?? null,
      placed,
    })
  }
  return { document, before: before?.hash, ended: [...ended], added, moved }
}

/** By their words; those that the embedder could not make now are not there: they are made later. */
async function vectorsOf(
  memory: Memory,
  passages: readonly Words[],
  embedded: ReadonlyMap<string, KnownPassage>,
  pause: () => Promise<void>,
): Promise<Map<string, Float32Array | null>> {
  const vectors = new Map<string, Float32Array | null>()
  const wanted: string[] = []
  for (const passage of passages) {
    const words = wordsOf(passage)
    const known = embedded.get(words)
    if (known) vectors.set(words, known.vector && unpackVector(known.vector))
    else if (!vectors.has(words)) {
      vectors.set(words, null)
      wanted.push(words)
    }
  }
  const made = await unitVectors(memory.embedder, wanted, { pause }).catch(async (error) => {
    await pause()
    memory.noteUnembedded(error)
  })
  wanted.forEach((words, at) => {
    if (made) vectors.set(words, made[at]!)
    else vectors.delete(words)
  })
  return vectors
}

function itemOf(
  passage: KnowledgePassage,
  heading: string,
  version: number,
  at: number,
): Omit<NewItem, 'embedder' | 'vector' | 'placed'> {
  const { id, scope, title, text, source, documentId, place, untrusted } = passage
  const words = { kind: 'passage', title, heading, text } as const
  return {
    ...words,
    ...readItemTerms(words),
    id,
    version,
    scope,
    hash: sha256(text),
    source,
    document: documentId,
    place,
    untrusted,
    run: null,
    step: null,
    validFrom: null,
    validUntil: null,
    at,
  }
}

interface Words {
  title: string
  heading: string
  text: string
}

/** What is searched of a passage: equal ones need no new vector. */
function wordsOf({ title, heading, text }: Words): string {
  return `${title}\n${heading}\n\n${text}`
}

function isSame(
  one: KnownPassage,
  other: Words & { scope: string; source: string; untrusted: boolean },
): boolean {
  return (
    one.scope === other.scope &&
    one.source === other.source &&
    one.untrusted === other.untrusted &&
    wordsOf(one) === wordsOf(other)
  )
}
