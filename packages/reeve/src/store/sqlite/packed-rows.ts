import type { Value } from '../database.ts'

/**
 * Rows as they go to another thread: by columns, each as one number list, one long text, or one value that all share. A
 * message of few large parts costs a fraction of one with a part for every value.
 */
export interface PackedRows {
  count: number
  columns: Column[]
}

type Column =
  | { same: Value }
  | { numbers: Float64Array }
  /** `ends`: where each text ends in `text`; the one's end is the next one's start. Below 0: null, and nothing of `text`. */
  | { text: string; ends: Int32Array }
  | { values: Value[] }

/** All rows have as many values as the first. */
export function packRows(rows: readonly Value[][]): PackedRows {
  const columns: Column[] = []
  const width = rows[0]?.length ?? 0
  for (let column = 0; column < width; column++) columns.push(packColumn(rows, column))
  return { count: rows.length, columns }
}

export function unpackRows({ count, columns }: PackedRows): Value[][] {
  const rows: Value[][] = []
  for (let index = 0; index < count; index++) rows.push(new Array(columns.length))
  for (let column = 0; column < columns.length; column++) unpackColumn(columns[column]!, rows, column)
  return rows
}

function packColumn(rows: readonly Value[][], column: number): Column {
  const first = rows[0]![column]!
  let isSame = true
  let numbers = true
  let texts = true
  for (let index = 0; index < rows.length; index++) {
    const value = rows[index]![column]!
    if (isSame && value !== first) isSame = false
    if (typeof value !== 'number') numbers = false
    if (value !== null && typeof value !== 'string') texts = false
  }
  if (isSame) return { same: first }
  if (numbers) return { numbers: numbersOf(rows, column) }
  if (!texts) return { values: rows.map((row) => row[column]!) }
  const ends = new Int32Array(rows.length)
  let text = ''
  for (let index = 0; index < rows.length; index++) {
    const value = rows[index]![column] as string | null
    if (value !== null) text += value
    ends[index] = value === null ? -1 : text.length
  }
  return { text, ends }
}

/** `Float64Array.from` goes by an iterator, at many times the price of a loop. */
function numbersOf(rows: readonly Value[][], column: number): Float64Array {
  const numbers = new Float64Array(rows.length)
  for (let index = 0; index < rows.length; index++) numbers[index] = rows[index]![column] as number
  return numbers
}

function unpackColumn(packed: Column, rows: Value[][], column: number): void {
  if ('same' in packed) {
    for (let index = 0; index < rows.length; index++) rows[index]![column] = packed.same
  } else if ('numbers' in packed) {
    for (let index = 0; index < rows.length; index++) rows[index]![column] = packed.numbers[index]!
  } else if ('values' in packed) {
    for (let index = 0; index < rows.length; index++) rows[index]![column] = packed.values[index]!
  } else unpackTexts(packed.text, packed.ends, rows, column)
}

function unpackTexts(text: string, ends: Int32Array, rows: Value[][], column: number): void {
  let start = 0
  for (let index = 0; index < rows.length; index++) {
    const end = ends[index]!
    rows[index]![column] = end < 0 ? null : text.slice(start, end)
    if (end >= 0) start = end
  }
}
