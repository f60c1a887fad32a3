import { ReeveError } from '../base/errors.ts'
import { describeValue } from '../base/text/shorten.ts'
import type { Bulk, Value } from './database.ts'

/**
 * Whether every database keeps these values exactly as they are: numbers are whole and safe, texts are texts without NUL.
 * What is not would be kept as something else on one, and refused on another.
 * @throws `bad-value`
 */
export function checkRow(bulk: Bulk, row: readonly Value[]): void {
  const kinds = kindsOf(bulk)
  for (let index = 0; index < kinds.length; index++) {
    const value = row[index]
    if (value === null) continue
    const kind = kinds[index]!
    const isKept =
      kind === 'int'
        ? Number.isSafeInteger(value)
        : kind === 'text'
          ? typeof value === 'string' && !value.includes('\0')
          : value instanceof Uint8Array
    if (!isKept) throw badValue(Object.keys(bulk.columns)[index]!, kind, value)
  }
}

type Kind = Bulk['columns'][string]

const kindsByBulk = new WeakMap<Bulk, Kind[]>()

/** The kinds of a statement's columns in their order: looked up once for each row that is written. */
function kindsOf(bulk: Bulk): Kind[] {
  let kinds = kindsByBulk.get(bulk)
  if (!kinds) {
    kinds = Object.values(bulk.columns)
    kindsByBulk.set(bulk, kinds)
  }
  return kinds
}

function badValue(column: string, kind: Kind, value: unknown): ReeveError {
  const wanted = { int: 'a whole number below 2^53', text: 'a text without NUL', bytes: 'bytes' }[kind]
  return new ReeveError(
    'bad-value',
    `The database keeps ${wanted} as "${column}"; it was given ${describeValue(value)}.`,
  )
}

const valueCodes = new Set<unknown>([
  'bad-value',
  // A text that must be sealed, and cannot be.
  'secrets-key-missing',
  'ERR_INVALID_ARG_TYPE',
  'ERR_INVALID_ARG_VALUE',
  'ERR_OUT_OF_RANGE',
])

/** Whether an error is of the values themselves: found before the database saw them, or by its driver. */
export function isOfValues(error: unknown): boolean {
  return error instanceof Error && 'code' in error && valueCodes.has(error.code)
}
