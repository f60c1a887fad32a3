/** A shorter text stands in too much that is about nobody. */
export const shortest = 4

/** Whether a text speaks of a person, by a text that stands for them. */
export function speaksOf(text: string, subject: string): boolean {
  return oneForm(text).includes(oneForm(subject))
}

function oneForm(text: string): string {
  return text.normalize('NFC').toLowerCase()
}

/**
 * The same of a column, whatever its case, as it stands, as JSON writes it, or as JSON does within JSON. Databases know the case of
 * a letter beyond ASCII or not, by their kind and locale; and such a letter may be written as one sign or as two.
 */
export function holdsAny(column: string, subject: string): { sql: string; values: string[] } {
  const cases = [subject.toLowerCase(), subject.toUpperCase(), titled(subject)]
  const signs = cases.flatMap((each) => [each.normalize('NFC'), each.normalize('NFD')])
  const forms = new Set(signs.flatMap((each) => [each, inJson(each), inJson(inJson(each))]).map(lowerAscii))
  const patterns = [...forms].map((each) => `%${each.replace(/[\\%_]/g, '\\$&')}%`)
  return {
    sql: `(${patterns.map(() => `lower(${column}) like ? escape '\\'`).join(' or ')})`,
    values: patterns,
  }
}

/** The same of one of several columns. */
export function holdsOneOf(columns: readonly string[], subject: string): { sql: string; values: string[] } {
  const parts = columns.map((column) => holdsAny(column, subject))
  return {
    sql: `(${parts.map(({ sql }) => sql).join(' or ')})`,
    values: parts.flatMap(({ values }) => values),
  }
}

function titled(text: string): string {
  return text.toLowerCase().replace(/(?<![\p{L}\p{M}])\p{L}/gu, (letter) => letter.toUpperCase())
}

function inJson(text: string): string {
  return JSON.stringify(text).slice(1, -1)
}

function lowerAscii(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
}
