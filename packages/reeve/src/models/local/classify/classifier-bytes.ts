import { createHash } from 'node:crypto'
import { ReeveError } from '../../../base/errors.ts'
import type { VocabularyData } from './vocabulary.ts'

/** Everything that a classifier knows. */
export interface ClassifierParts {
  labels: string[]
  vocabulary: VocabularyData
  /** The table of word vectors that it was trained with; its weights follow those of the features. */
  meaning?: { table: string; dimensions: number } | undefined
  /** Feature by feature, one weight per label; the last row is the bias. */
  weights: Int8Array
  /** What a row's weights are to be multiplied by. */
  scales: Float32Array
  sharpness: number
}

/** "reeve", as a classifier, version 1. Also tells the order of bytes: on the other one, it reads differently. */
const magic = 0x52766331
const checksumLength = 32
const fixedLength = 24

/**
 * Layout, in the machine's order of bytes: magic (u32), length of the labels (u32), features (u32), labels (u32),
 * sharpness (f64), then hashes (u32 each), rarities (f32 each), scales (f32 each), weights (i8 each), the labels as
 * JSON, with the table of word vectors if there is one, and the SHA-256 of all before it.
 */
export function packClassifier(parts: ClassifierParts): Uint8Array {
  const labels = new TextEncoder().encode(
    JSON.stringify(parts.meaning ? { labels: parts.labels, meaning: parts.meaning } : parts.labels),
  )
  const { hashes, rarities } = parts.vocabulary
  const sections = [hashes, rarities, parts.scales, parts.weights, labels]
  const length = sections.reduce((sum, section) => sum + section.byteLength, fixedLength)
  const bytes = new Uint8Array(length + checksumLength)
  new Uint32Array(bytes.buffer, 0, 4).set([magic, labels.length, hashes.length, parts.labels.length])
  new Float64Array(bytes.buffer, 16, 1)[0] = parts.sharpness
  let at = fixedLength
  for (const section of sections) {
    bytes.set(new Uint8Array(section.buffer, section.byteOffset, section.byteLength), at)
    at += section.byteLength
  }
  bytes.set(checksumOf(bytes.subarray(0, length)), length)
  return bytes
}

/** @throws `bad-classifier` */
export function unpackClassifier(source: Uint8Array): ClassifierParts {
  // A copy of its own: what a database gave may be a view of a larger buffer.
  const bytes = Uint8Array.from(source)
  const length = bytes.length - checksumLength
  if (length < fixedLength) throw badClassifier(`they are only ${bytes.length} bytes long`)
  const [mark, labelsLength, features, labelCount] = new Uint32Array(bytes.buffer, 0, 4)
  if (mark !== magic)
    throw badClassifier('they do not begin like a classifier of this version and byte order')
  if (!checksumOf(bytes.subarray(0, length)).every((byte, index) => byte === bytes[length + index])) {
    throw badClassifier('their checksum does not fit, so some of them were lost or changed')
  }
  if (labelsLength! > length - fixedLength) throw badClassifier('their length does not fit their header')
  const named = JSON.parse(new TextDecoder().decode(bytes.subarray(length - labelsLength!, length))) as
    | string[]
    | { labels: string[]; meaning: NonNullable<ClassifierParts['meaning']> }
  const { labels, meaning } = Array.isArray(named) ? { labels: named, meaning: undefined } : named
  const rows = features! + (meaning?.dimensions ?? 0) + 1
  if (fixedLength + features! * 8 + rows * 4 + rows * labelCount! + labelsLength! !== length) {
    throw badClassifier('their length does not fit their header')
  }
  let at = fixedLength
  const take = (size: number): ArrayBuffer => {
    at += size
    return bytes.buffer.slice(at - size, at)
  }
  const vocabulary = {
    hashes: new Uint32Array(take(features! * 4)),
    rarities: new Float32Array(take(features! * 4)),
  }
  const scales = new Float32Array(take(rows * 4))
  const weights = new Int8Array(take(rows * labelCount!))
  return {
    labels,
    vocabulary,
    meaning,
    weights,
    scales,
    sharpness: new Float64Array(bytes.buffer, 16, 1)[0]!,
  }
}

function checksumOf(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest()
}

export function badClassifier(why: string): ReeveError {
  return new ReeveError(
    'bad-classifier',
    `These bytes are not a classifier: ${why}. Train it again with trainClassifier and keep its toBytes().`,
  )
}
