import { ReeveError } from '../base/errors.ts'
import { describeValue } from '../base/shorten.ts'
import type { Bulk, Value } from './database.ts'

/**
 * Whether every database keeps these values exactly as they are: numbers are whole and safe, texts are texts without NUL.
 * What is not would be kept as something else on one, and refused on another.
 * @throws `bad-value`
 */
export function checkRow(bulk: Bulk, row: readonly Value[]): void {
  let index = 0
  for (const column in bulk.columns) {
    const value = row[index++]
    if (value === null) continue
    const kind = bulk.columns[column]!
    const isKept =
      kind === 'int'
        ? Number.isSafeInteger(value)
        : kind === 'text'
          ? typeof value === 'string' && !value.includes('\0')
          : value instanceof Uint8Array
    if (!isKept) throw badValue(column, kind, value)
  }
}

function badValue(column: string, kind: Bulk['columns'][string], value: unknown): ReeveError {
  const wanted = { int: 'a whole number below 2^53', text: 'a text without NUL', bytes: 'bytes' }[kind]
  return new ReeveError(
    'bad-value',
    `The database keeps ${wanted} as "${column}"; it was given ${describeValue(value)}.`,
  )
}

const valueCodes = new Set<unknown>([
  'bad-value',
  'ERR_INVALID_ARG_TYPE',
  'ERR_INVALID_ARG_VALUE',
  'ERR_OUT_OF_RANGE',
])

/** Whether an error is of the values themselves: found before the database saw them, or by its driver. */
export function isOfValues(error: unknown): boolean {
  return error instanceof Error && 'code' in error && valueCodes.has(error.code)
}
