import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { WordPieces } from './word-piece.ts'

/** The optional package that holds the table. */
export const tablePackage = 'reeve-embedding-table'
/** What lies beyond is not read: the mean of more pieces hardly moves. */
const mostPieces = 4_096

/** A row for each piece of a vocabulary: the vector of a text is the sum of the rows of its pieces. */
export interface StaticTable {
  /** Another one whenever its vectors are others. */
  readonly name: string
  readonly dimensions: number
  /** Of length 1; all zeros for a text without a piece that it knows. Some 30 µs for a short text. */
  embed(text: string): Float32Array
}

interface Packed {
  name: string
  /** `packTable` of the package's build says how. */
  table: Uint8Array
  /** A piece a line, in the order of the rows. */
  vocabulary: string
}

/** The installed table, read when it is first needed (some 30 ms, 8 MB); undefined: there is none. */
export const installedTable: () => StaticTable | undefined = once(() => {
  const packed = readInstalled()
  return packed && openTable(packed)
})

/** Its name, without reading it; undefined: there is none. */
export const installedTableName: () => string | undefined = once(() => {
  const file = placeOf()
  return file === undefined ? undefined : nameIn(file)
})

function readInstalled(): Packed | undefined {
  const file = placeOf()
  if (file === undefined) return undefined
  const folder = dirname(file)
  return {
    name: nameIn(file),
    table: readFileSync(join(folder, 'table.bin')),
    vocabulary: readFileSync(join(folder, 'vocabulary.txt'), 'utf8'),
  }
}

const nameIn = (file: string) => (JSON.parse(readFileSync(file, 'utf8')) as { tableName: string }).tableName

function placeOf(): string | undefined {
  try {
    return createRequire(import.meta.url).resolve(`${tablePackage}/package.json`)
  } catch {
    return undefined
  }
}

export function openTable({ name, table, vocabulary }: Packed): StaticTable {
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength)
  const dimensions = view.getUint32(0, true)
  const count = view.getUint32(4, true)
  const rows = new Int8Array(table.buffer, table.byteOffset + 8 + count * 4, count * dimensions)
  const scales = Float32Array.from({ length: count }, (_, row) => view.getFloat32(8 + row * 4, true))
  const pieces = new WordPieces(vocabulary.trimEnd().split('\n'))
  const unknown = pieces.idOf('[UNK]')
  const embed = (text: string) => {
    const vector = new Float32Array(dimensions)
    for (const piece of pieces.read(text, mostPieces)) {
      if (piece === unknown) continue
      const scale = scales[piece]!
      for (let at = 0, row = piece * dimensions; at < dimensions; at++, row++)
        vector[at]! += rows[row]! * scale
    }
    let squares = 0
    for (let at = 0; at < dimensions; at++) squares += vector[at]! * vector[at]!
    if (squares === 0) return vector
    const length = Math.sqrt(squares)
    for (let at = 0; at < dimensions; at++) vector[at]! /= length
    return vector
  }
  return { name, dimensions, embed }
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
