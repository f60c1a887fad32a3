import { ReeveError } from '../base/errors.ts'
import { embed, embedderName } from '../models/local/text/embed.ts'
import type { Item } from '../store/memory/items.ts'

/** What turns texts into vectors. Its name changes whenever its vectors do: those of two names are never compared. */
export interface Embedder {
  readonly name: string
  /** The words' share in a score of words and vectors, 0..1. Default 0.5; weak vectors want more. */
  readonly wordShare?: number
  /** A vector of any length but zero; all zeros for a text that gives it nothing to go by. */
  embed(text: string): Float32Array | Promise<Float32Array>
}

/**
 * The built-in embedder: it knows spellings and no meanings, so words have most of the say (the best share for held-out
 * sentences of a bank's 698 articles).
 */
export const hashedNgrams: Embedder = { name: embedderName, wordShare: 0.84, embed }

/** Of length 1; null where the text gave it nothing to go by. @throws `bad-embedding` */
export async function unitVector(embedder: Embedder, text: string): Promise<Float32Array | null> {
  const vector = await embedder.embed(text)
  let squares = 0
  for (const value of vector) squares += value * value
  if (vector.length === 0 || !Number.isFinite(squares)) {
    throw new ReeveError(
      'bad-embedding',
      `Embedder ${embedder.name} gave ${vector.length} dimensions, some of them no finite numbers. Every text needs a vector of numbers.`,
    )
  }
  if (squares === 0) return null
  const scale = 1 / Math.sqrt(squares)
  return Float32Array.from(vector, (value) => value * scale)
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
