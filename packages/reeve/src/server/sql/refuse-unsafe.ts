import { ReeveError } from '../../base/errors.ts'
import { sqlViews } from './views.ts'

/** Functions that read what they are given, give something of about its size, and are the same in both databases. */
const functions = new Set(
  'abs avg coalesce count dense_rank first_value lag last_value lead length lower ltrim max min nullif ntile rank replace round row_number rtrim sign substr sum trim upper cast'.split(
    ' ',
  ),
)
/** Words that may stand before a bracket without being a function. */
const words = new Set(
  'all and any as between by case distinct else exists filter from having in is join like not on or over partition select then union values when where with except intersect using end'.split(
    ' ',
  ),
)

/** What cannot be there outside of a text: parameters, brackets of other dialects, settings, and what the store reads itself. */
const strange = /[?$@#`[\]{}:;\\]/

/**
 * Refuses a query that could read anything but the views, or do anything but read. It goes by words: there are no others
 * than names of views, columns, aliases and keywords, no function beside the listed, no quoted name, no second statement.
 * `hidden`: names of the database's own tables and schemas.
 * @throws `bad-query`
 */
export function refuseUnsafe(sql: string, hidden: readonly string[]): void {
  const shown = new Set(sqlViews.map(({ name }) => name))
  const forbidden = new Set(hidden.map((name) => name.toLowerCase()).filter((name) => !shown.has(name)))
  // A text of the query is data; nothing in it is looked at.
  const text = sql.replace(/'(?:[^']|'')*'/g, ' ')
  if (/['"]/.test(text)) throw refused('texts stand in single quotes, and names in none')
  if (/--|\/\*/.test(text)) throw refused('comments are not read here')
  const odd = strange.exec(text)?.[0]
  if (odd !== undefined) throw refused(`${JSON.stringify(odd)} is not read here`)
  if (!/^\s*(select|with|values)\b/i.test(text)) throw refused('it must begin with select')
  let depth = 0
  for (const bracket of text.match(/[()]/g) ?? []) {
    depth += bracket === '(' ? 1 : -1
    if (depth < 0) throw refused('a bracket closes that was not opened')
  }
  if (depth !== 0) throw refused('a bracket is not closed')
  for (const [, name, bracket] of text.matchAll(/([A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)(\s*\()?/g)) {
    const word = name!.toLowerCase()
    if (forbidden.has(word) || /^(pg_|sqlite_|information_schema$|reeve_)/.test(word) || /[^\w]/.test(word))
      throw refused(`"${name}" cannot be read; there are ${[...shown].join(', ')}`)
    if (/^(into|for|insert|update|delete|merge|pragma|attach|recursive|lateral|tablesample)$/.test(word))
      throw refused(`"${name}" is not allowed`)
    if (
      bracket !== undefined &&
      !functions.has(word) &&
      !words.has(word) &&
      !shown.has(word) &&
      !isNamed(text, word)
    )
      throw refused(`the function "${name}" is not allowed; there are ${[...functions].sort().join(', ')}`)
  }
}

/** A name of the query's own, as in `with mine (a, b) as (…)`. */
function isNamed(text: string, word: string): boolean {
  return new RegExp(`(?:\\bwith|,)\\s*${word}\\s*\\([\\w\\s,]*\\)\\s*as\\b`, 'i').test(text)
}

function refused(why: string): ReeveError {
  return new ReeveError(
    'bad-query',
    `The query is refused: ${why}. See the views and an example with: reeve sql --help`,
  )
}
