import { ReeveError } from '../../base/errors.ts'
import type { CallSite } from '../../engine/call-site.ts'
import type { Questions } from '../asking/questions.ts'
import type { Answer, Question, Solver } from '../solver.ts'

/** Vectors of texts, in the order of the texts. Those of two models have nothing in common and are never compared. */
export interface Embeddings {
  /** The solver that made them. */
  model: string
  dimensions: number
  vectors: Float32Array[]
}

/** What answers questions of the task `embed` for memory too. */
export interface EmbedderSolver extends Solver {
  /** The words' share in a score of words and vectors, 0 to 1. Up to 0.5 it shrinks where no item has the query's words together. Default 0.5; weak vectors want more. */
  readonly wordShare?: number | undefined
}

/** The names of embedders among the names of routes. */
export const embedderRoute = (embedder: string) => `embedder:${embedder}`

/**
 * The most texts of one batch, and the most bytes of them together. Every provider known takes as much in one request,
 * and a batch is the same whatever the model is, so that a replay finds it again after the model has changed.
 */
const batchTexts = 96
const batchBytes = 250_000

/**
 * Turns texts into vectors in batches, each a durable and paid call of its own: what is done stays done when a later
 * batch fails, and is not paid for again when its run is retried.
 * @throws `bad-text` (details: `index`), `mixed-embeddings`, `unknown-route`, `route-exhausted`, `over-budget`
 */
export async function embedTexts(
  questions: Questions,
  site: CallSite,
  name: string,
  texts: readonly string[],
  embedder: string,
): Promise<Embeddings> {
  const answers: { solver: string; value: string }[] = []
  // One after the other, so that there is one call at most that failed for a retry of the run to make again.
  for (const batch of toBatches(texts)) {
    const question: Question = {
      task: 'embed',
      name: `${name} ${batch.first + 1}–${batch.first + batch.texts.length}`,
      input: batch.texts,
    }
    const asked = { route: embedderRoute(embedder), question, schema: undefined }
    const { solver, value } = await questions.ask(site, asked)
    answers.push({ solver, value: value as string })
  }
  const [first] = answers
  if (!first) return { model: embedder, dimensions: 0, vectors: [] }
  const vectors = answers.flatMap(({ value }) => decodeVectors(value))
  const dimensions = vectors[0]!.length
  const other = answers.find(({ solver }) => solver !== first.solver)
  if (other || vectors.some(({ length }) => length !== dimensions))
    throw new ReeveError(
      'mixed-embeddings',
      `The vectors of "${name}" come from ${first.solver} and, after a change, from ${other?.solver ?? 'the same with another length'}. They cannot be compared: start the run again.`,
    )
  return { model: first.solver, dimensions, vectors }
}

interface Batch {
  /** The place of its first text. */
  first: number
  texts: string[]
}

export function toBatches(texts: readonly string[]): Batch[] {
  const batches: Batch[] = []
  let bytes = 0
  texts.forEach((text, index) => {
    const size = sizeOf(text, index)
    const current = batches.at(-1)
    if (!current || current.texts.length === batchTexts || bytes + size > batchBytes) {
      batches.push({ first: index, texts: [text] })
      bytes = size
    } else {
      current.texts.push(text)
      bytes += size
    }
  })
  return batches
}

function sizeOf(text: unknown, index: number): number {
  const size = typeof text === 'string' && text.trim() !== '' ? Buffer.byteLength(text) : 0
  if (size > 0 && size <= batchBytes) return size
  const fault =
    size > 0
      ? `is ${size} bytes long; the most is ${batchBytes}. Split it into passages.`
      : 'is empty or no text. Leave it out.'
  throw new ReeveError('bad-text', `Text ${index} to be embedded ${fault}`, { details: { index } })
}

/** Vectors of one length as an answer: the length, then all of them as 32-bit floats in base64. */
export function encodeVectors(vectors: readonly (readonly number[] | Float32Array)[]): Answer {
  const dimensions = vectors[0]?.length ?? 0
  const all = new Float32Array(vectors.length * dimensions)
  for (const [index, vector] of vectors.entries()) all.set(vector, index * dimensions)
  return { kind: 'value', value: `${dimensions}:${Buffer.from(all.buffer).toString('base64')}` }
}

export function decodeVectors(text: string): Float32Array[] {
  const colon = text.indexOf(':')
  const dimensions = Number(text.slice(0, colon))
  // Copied: a buffer of its own begins where 32-bit floats may.
  const bytes = new Uint8Array(Buffer.from(text.slice(colon + 1), 'base64'))
  const all = new Float32Array(bytes.buffer)
  return Array.from({ length: all.length / dimensions }, (_, index) =>
    all.slice(index * dimensions, (index + 1) * dimensions),
  )
}
