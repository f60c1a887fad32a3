import { FeatureReader } from '../classify/features.ts'
import { embeddedTerms } from './embedded-terms.ts'

export const embeddingDimensions = 256
/** Changes whenever `embed` gives another vector for any text. */
export const embedderName = 'reeve-ngrams-256-v1'

/**
 * A text as a vector of length 1 in 256 dimensions: each of its words, word pairs and character n-grams is hashed to a
 * dimension and a sign (feature hashing, Weinberger and others, 2009), once for the text as it stands and once for its
 * terms alone, so that words without meaning count half. Texts with common words or spellings are near; it knows
 * nothing of meaning. Without a word, the vector is zero. Reads `maxTextLength` characters.
 */
export function embed(text: string): Float32Array {
  const reader = new FeatureReader()
  const vector = new Float32Array(embeddingDimensions)
  for (const version of [text, embeddedTerms(text).join(' ')]) {
    reader.read(version)
    addBlock(vector, reader.hashes, 0, reader.wordEnd)
    addBlock(vector, reader.hashes, reader.wordEnd, reader.end)
  }
  toUnitLength(vector)
  return vector
}

/** 1 for the same direction, 0 for nothing in common. Both must come from `embed`. */
export function cosine(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let at = 0; at < embeddingDimensions; at++) sum += a[at]! * b[at]!
  return sum
}

/** Words and n-grams have an equal say, and the root of each sum keeps what is repeated from drowning the rest. */
function addBlock(vector: Float32Array, hashes: Uint32Array, from: number, to: number): void {
  const sums = new Float32Array(embeddingDimensions)
  for (let at = from; at < to; at++) {
    const hash = hashes[at]!
    sums[hash >>> 24]! += hash & 1 ? 1 : -1
  }
  for (let at = 0; at < embeddingDimensions; at++)
    sums[at] = Math.sign(sums[at]!) * Math.sqrt(Math.abs(sums[at]!))
  toUnitLength(sums)
  for (let at = 0; at < embeddingDimensions; at++) vector[at]! += sums[at]!
}

function toUnitLength(vector: Float32Array): void {
  let squares = 0
  for (const value of vector) squares += value * value
  if (squares === 0) return
  const scale = 1 / Math.sqrt(squares)
  for (let at = 0; at < vector.length; at++) vector[at]! *= scale
}
