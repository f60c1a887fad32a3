/** A text in an address, such as a name; what looks like a number there is a text, too. */
export const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : undefined

/** What an address names, of these. */
export function oneOf<T extends string>(values: readonly T[], value: unknown): T | undefined {
  return values.find((each) => each === value)
}

/** What a filter in an address names, of a table that has words for all there are. */
export function keyOf<T extends string>(table: Readonly<Record<T, unknown>>, value: unknown): T | undefined {
  return oneOf(Object.keys(table) as T[], value)
}
