import type { Value } from '../database.ts'

/**
 * Rows as they go to another thread: by columns, whose texts lie one behind the other in one long text and whose numbers in
 * one list, for all tables of a message. A message of few large parts costs a fraction of one with a part for every value.
 */
export interface PackedRows {
  count: number
  columns: Column[]
}

/** A value that all share; `numbers`; `texts`, each with its length among the numbers (below 0: null); or as they are. */
type Column = { same: Value } | 'numbers' | 'texts' | { values: Value[] }

export interface PackedValues {
  text: string
  numbers: Float64Array
}

/** Packs tables, and numbers between them, to be unpacked in the same order. */
export class Packing {
  readonly #texts: string[] = []
  #numbers = new Float64Array(4096)
  #count = 0

  /** All rows have as many values as the first. */
  rows(rows: readonly Value[][]): PackedRows {
    const columns: Column[] = []
    const width = rows[0]?.length ?? 0
    for (let column = 0; column < width; column++) columns.push(this.#column(rows, column))
    return { count: rows.length, columns }
  }

  numbers(numbers: readonly number[]): void {
    const into = this.#roomFor(numbers.length)
    for (let index = 0; index < numbers.length; index++) into[this.#count++] = numbers[index]!
  }

  /** What all of it has in common. */
  get values(): PackedValues {
    // `join` lays the texts side by side once; added to one another they would be walked again when the message is made.
    return { text: this.#texts.join(''), numbers: this.#numbers.slice(0, this.#count) }
  }

  #column(rows: readonly Value[][], column: number): Column {
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
    if (!numbers && !texts) return { values: rows.map((row) => row[column]!) }
    const into = this.#roomFor(rows.length)
    let count = this.#count
    this.#count += rows.length
    if (numbers) {
      for (let index = 0; index < rows.length; index++) into[count++] = rows[index]![column] as number
      return 'numbers'
    }
    const all = this.#texts
    for (let index = 0; index < rows.length; index++) {
      const value = rows[index]![column] as string | null
      into[count++] = value === null ? -1 : value.length
      if (value !== null) all.push(value)
    }
    return 'texts'
  }

  #roomFor(count: number): Float64Array {
    if (this.#count + count > this.#numbers.length) {
      const larger = new Float64Array(2 * (this.#count + count))
      larger.set(this.#numbers)
      this.#numbers = larger
    }
    return this.#numbers
  }
}

/** Gives back what was packed, in the order in which it was. */
export class Unpacking {
  readonly #text: string
  readonly #numbers: Float64Array
  #textAt = 0
  #numberAt = 0

  constructor({ text, numbers }: PackedValues) {
    this.#text = text
    this.#numbers = numbers
  }

  rows({ count, columns }: PackedRows): Value[][] {
    const rows: Value[][] = []
    for (let index = 0; index < count; index++) rows.push(new Array(columns.length))
    for (let column = 0; column < columns.length; column++) this.#column(columns[column]!, rows, column)
    return rows
  }

  numbers(count: number): number[] {
    const numbers: number[] = []
    for (let index = 0; index < count; index++) numbers.push(this.#numbers[this.#numberAt++]!)
    return numbers
  }

  #column(packed: Column, rows: Value[][], column: number): void {
    if (packed === 'numbers') {
      for (let index = 0; index < rows.length; index++)
        rows[index]![column] = this.#numbers[this.#numberAt++]!
    } else if (packed === 'texts') {
      for (let index = 0; index < rows.length; index++) {
        const length = this.#numbers[this.#numberAt++]!
        rows[index]![column] = length < 0 ? null : this.#text.slice(this.#textAt, this.#textAt + length)
        if (length > 0) this.#textAt += length
      }
    } else if ('same' in packed) {
      for (let index = 0; index < rows.length; index++) rows[index]![column] = packed.same
    } else {
      for (let index = 0; index < rows.length; index++) rows[index]![column] = packed.values[index]!
    }
  }
}
