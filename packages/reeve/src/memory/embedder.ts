import { ReeveError } from '../base/errors.ts'
import type { EmbeddingCaller } from '../models/asking/embedding-calls.ts'
import { embed, embedderName } from '../models/local/text/embed.ts'
import { installedTable, installedTableName } from '../models/local/text/static-table.ts'
import type { Usage } from '../models/solver.ts'
import type { Item } from '../store/memory/items.ts'

/** What turns texts into vectors. Its name changes whenever its vectors do: those of two names are never compared. */
export interface Embedder {
  readonly name: string
  /** The words' share in a score of words and vectors, 0..1. Up to 0.5 it shrinks where no item has the query's words together. Default 0.5; weak vectors want more. */
  readonly wordShare?: number
  /** A vector of any length but zero; all zeros for a text that gives it nothing to go by. */
  embed(text: string, call?: EmbedCall): Float32Array | Promise<Float32Array>
  /** The vectors of many, in their order. Default: one after the other. */
  embedAll?(texts: readonly string[], call?: EmbedCall): Promise<readonly Float32Array[]>
}

/** Whose call embeds. */
export interface EmbedCall extends EmbeddingCaller {
  /** Told what it has cost, where it costs. */
  paid?(usage: Usage): void
  /** Told why something that is kept has no vector until it is embedded later. */
  missed?(error: unknown): void
}

/**
 * The built-in embedder: it knows spellings and no meanings, so words have most of the say (the best share for held-out
 * sentences of a bank's 698 articles).
 */
export const hashedNgrams: Embedder = { name: embedderName, wordShare: 0.84, embed }

/**
 * Word vectors of the package `reeve-embedding-table`, read when they are first needed; undefined where it is not installed. They know
 * which words mean alike, in English.
 */
function tableEmbedder(): Embedder | undefined {
  const name = installedTableName()
  if (name === undefined) return undefined
  return { name, wordShare: tableWordShare, embed: (text) => installedTable()!.embed(text) }
}

const tableWordShare = 0.7

/** The embedder of a project that configures none. */
export function defaultEmbedder(): Embedder {
  return tableEmbedder() ?? hashedNgrams
}

/** Stands in the place of an embedder's name on items whose vectors could not be made: they are made later. */
export const notEmbedded = ''

/** Of length 1; null where the text gave it nothing to go by. @throws `bad-embedding`, what the embedder throws */
export async function unitVector(
  embedder: Embedder,
  text: string,
  call?: EmbedCall,
): Promise<Float32Array | null> {
  return unit(embedder, await embedder.embed(text, call))
}

/** As `unitVector`, of many. `pause`: called between two where each is made here. */
export async function unitVectors(
  embedder: Embedder,
  texts: readonly string[],
  { pause, ...call }: EmbedCall & { pause?: () => Promise<void> } = {},
): Promise<(Float32Array | null)[]> {
  if (texts.length === 0) return []
  if (embedder.embedAll) {
    const vectors = await embedder.embedAll(texts, call)
    return vectors.map((vector) => unit(embedder, vector))
  }
  const vectors: (Float32Array | null)[] = []
  for (const text of texts) {
    await pause?.()
    vectors.push(await unitVector(embedder, text, call))
  }
  return vectors
}

function unit({ name }: Embedder, vector: Float32Array): Float32Array | null {
  let squares = 0
  for (let at = 0; at < vector.length; at++) squares += vector[at]! * vector[at]!
  if (vector.length === 0 || !Number.isFinite(squares)) {
    throw new ReeveError(
      'bad-embedding',
      `Embedder ${name} gave ${vector.length} dimensions, some of them no finite numbers. Every text needs a vector of numbers.`,
    )
  }
  if (squares === 0) return null
  const scale = 1 / Math.sqrt(squares)
  const whole = new Float32Array(vector.length)
  for (let at = 0; at < vector.length; at++) whole[at] = vector[at]! * scale
  return whole
}

/** What a vector is made of: a passage is found by its title too. */
export function embeddedText({
  kind,
  title,
  heading,
  text,
}: Pick<Item, 'title' | 'heading' | 'text'> & { kind: string }): string {
  return kind === 'passage' ? `${title}\n${heading}\n\n${text}` : text
}
