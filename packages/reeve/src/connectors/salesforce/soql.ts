/** A condition of a search: `{ field: 'Email', operator: '=', value: 'ann@x.example' }`. */
export interface Condition {
  field: string
  operator: '=' | '!=' | '<' | '<=' | '>' | '>=' | 'LIKE'
  /** A day or a time is `{ date: '2026-07-01' }`: SOQL has no quotes around those. */
  value: string | number | boolean | null | { date: string }
}

/** A day, or a time in UTC. */
export const datePattern = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d{3})?Z)?$/

/** A name of SOQL: letters, digits and `_`; of a related object, with one dot. */
export const namePattern = /^[A-Za-z]\w{0,79}(?:\.[A-Za-z]\w{0,79})?$/

/**
 * The text of a query. Names and dates were checked by their patterns; values become literals, in which nothing ends the literal.
 */
export function soql(query: {
  object: string
  fields: readonly string[]
  where: readonly Condition[]
  limit: number
}): string {
  const { object, fields, where, limit } = query
  const conditions = where.map(({ field, operator, value }) => `${field} ${operator} ${literal(value)}`)
  const filtered = conditions.length > 0 ? ` WHERE ${conditions.join(' AND ')}` : ''
  return `SELECT ${fields.join(', ')} FROM ${object}${filtered} ORDER BY Id LIMIT ${limit}`
}

function literal(value: Condition['value']): string {
  if (typeof value === 'object' && value !== null) return value.date
  if (typeof value !== 'string') return String(value)
  const escapes: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }
  return `'${value.replace(/[\\'"\n\r\t]/g, (each) => escapes[each] ?? `\\${each}`)}'`
}
