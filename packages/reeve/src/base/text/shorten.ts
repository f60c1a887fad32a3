/** The most bytes of a text that names something. Two of them fit into one entry of an index of either database. */
export const longestName = 1024

/** The first `most` characters at most, never with half a surrogate pair at the end. */
export function firstCharacters(text: string, most: number): string {
  if (text.length <= most) return text
  return text.slice(0, isHigh(text.charCodeAt(most - 1)) ? most - 1 : most)
}

/** The last `most` characters at most, never with half a surrogate pair at the beginning. */
export function lastCharacters(text: string, most: number): string {
  if (text.length <= most) return text
  const from = text.length - most
  return text.slice(isLow(text.charCodeAt(from)) ? from + 1 : from)
}

/** A text of `most` characters at most, and `mark` where something was cut off. */
export function shorten(text: string, most: number, mark = '…'): string {
  return text.length <= most ? text : firstCharacters(text, most) + mark
}

/** Beginning and end of a text, `most` characters in all and the share `head` of them at the beginning; `mark` stands between. */
export function shortenMiddle(
  text: string,
  most: number,
  head: number,
  mark: (left: number) => string,
): string {
  if (text.length <= most) return text
  const first = Math.floor(most * head)
  return firstCharacters(text, first) + mark(text.length - most) + lastCharacters(text, most - first)
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff
}

/**
 * A text for a person to read in a column of the database: no longer than `most`, well-formed, and without NUL, which
 * Postgres cannot keep.
 */
export function storable(text: string, most: number): string {
  return shorten(text, most).toWellFormed().replaceAll('\0', '\\0')
}

/** What a value is, for an error: `undefined`, `the number 3`, `an array`, `"a text"`. Never throws. */
export function describeValue(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(shorten(value, 60))
    case 'number':
    case 'bigint':
      return `the number ${value}`
    case 'boolean':
      return `the boolean ${value}`
    case 'undefined':
      return 'undefined'
    case 'function':
    case 'symbol':
      return `a ${typeof value}`
  }
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (value instanceof Date) return 'a Date'
  return value instanceof Promise ? 'a Promise' : 'an object'
}

/** Plain data whose texts hold no half of a surrogate pair, which providers refuse; the very same where none does. */
export function wellFormed<T>(data: T): T {
  return mended(data) as T
}

function mended(data: unknown): unknown {
  if (typeof data === 'string') return data.isWellFormed() ? data : data.toWellFormed()
  if (Array.isArray(data)) {
    const parts = data.map(mended)
    return parts.some((part, index) => part !== data[index]) ? parts : data
  }
  if (typeof data !== 'object' || data === null) return data
  let isSame = true
  const parts = Object.entries(data).map(([name, part]) => {
    const after = [mended(name) as string, mended(part)] as const
    if (after[0] !== name || after[1] !== part) isSame = false
    return after
  })
  return isSame ? data : Object.fromEntries(parts)
}
