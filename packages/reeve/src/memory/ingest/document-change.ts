import { sha256 } from '../../base/hash.ts'
import {
  type DocumentChange,
  type KnownDocument,
  type KnownPassage,
  passagesOf,
} from '../../store/memory/documents.ts'
import { type NewItem, unpackVector } from '../../store/memory/items.ts'
import { embeddedText, unitVector } from '../embedder.ts'
import type { Memory } from '../memory.ts'
import { readItemTerms } from '../search/terms.ts'
import type { KnowledgePassage } from './passages.ts'

/**
 * What has to be written so that a document holds these passages: those that stay as they are stay, and words that were
 * embedded before, wherever in the document they stood, are not embedded again.
 * @throws `bad-embedding`, what `pause` throws
 */
export async function changeOf(
  memory: Memory,
  document: KnownDocument,
  before: KnownDocument | undefined,
  passages: readonly KnowledgePassage[],
  pause: () => Promise<void>,
): Promise<DocumentChange> {
  // What an earlier document of that id had is there too.
  const stood = new Map((await passagesOf(memory.database, document.id)).map((one) => [one.id, one]))
  const embedded = new Map<string, KnownPassage>()
  for (const passage of stood.values())
    if (passage.embedder === memory.embedder.name) embedded.set(wordsOf(passage), passage)
  const ended = new Set([...stood.values()].filter(({ isCurrent }) => isCurrent).map(({ no }) => no))
  const added: NewItem[] = []
  const moved: { no: number; place: string }[] = []
  for (const passage of passages) {
    await pause()
    const last = stood.get(passage.id)
    const heading = passage.heading.join('\n')
    if (last?.isCurrent && isSame(last, { ...passage, heading })) {
      ended.delete(last.no)
      if (last.place !== passage.place) moved.push({ no: last.no, place: passage.place })
    } else added.push(await itemOf(memory, passage, heading, (last?.version ?? 0) + 1, embedded))
  }
  return { document, before: before?.hash, ended: [...ended], added, moved }
}

async function itemOf(
  { embedder, nearest, clock }: Memory,
  passage: KnowledgePassage,
  heading: string,
  version: number,
  embedded: ReadonlyMap<string, KnownPassage>,
): Promise<NewItem> {
  const { id, scope, title, text, source, documentId, place, untrusted } = passage
  const words = { kind: 'passage', title, heading, text } as const
  const known = embedded.get(wordsOf(words))
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
    at: clock.now(),
    embedder: embedder.name,
    vector: known
      ? known.vector && unpackVector(known.vector)
      : await unitVector(embedder, embeddedText(words)),
    placed: (await nearest.column()) !== undefined,
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
