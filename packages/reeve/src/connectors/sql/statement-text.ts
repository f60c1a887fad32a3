import { ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'

/** A statement as it is declared, with `:name` where values stand. */
export interface StatementText {
  readonly sql: string
  /** The names of its values, each once. */
  readonly names: readonly string[]
  /** With `$1`, `$2`, … in their place, in the order of `names`. */
  readonly numbered: string
}

/** What a value becomes at a database. */
export type SqlValue = string | number | null

/** What is no name of a value: texts, quoted names, comments, dollar quotes, casts. */
const tokens =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\/|\$([A-Za-z_]*)\$[\s\S]*?\$\1\$|::|:([A-Za-z_]\w*)|;/g

/**
 * Reads one statement. Its text is part of the program: no value ever becomes part of it.
 * @throws `bad-connector` for more than one
 */
export function statementText(sql: string): StatementText {
  const names: string[] = []
  const trimmed = sql.trim().replace(/;\s*$/, '')
  const numbered = trimmed.replace(tokens, (token, _tag: string | undefined, name: string | undefined) => {
    if (token === ';') throw bad(trimmed, 'it is more than one statement; give a list of them')
    if (name === undefined) return token
    if (!names.includes(name)) names.push(name)
    return `$${names.indexOf(name) + 1}`
  })
  if (trimmed === '') throw bad(sql, 'it is empty')
  return { sql: trimmed, names, numbered }
}

/** The values of a statement by name. @throws `bad-connector` for one that nobody gives */
export function valuesOf(
  { names, sql }: StatementText,
  given: Readonly<Record<string, unknown>>,
): Record<string, SqlValue> {
  return Object.fromEntries(
    names.map((name) => {
      if (!Object.hasOwn(given, name)) {
        // An argument that is optional and was not given.
        return [name, null]
      }
      return [name, boundValue(given[name], name, sql)]
    }),
  )
}

function boundValue(value: unknown, name: string, sql: string): SqlValue {
  switch (typeof value) {
    case 'string':
      return value
    case 'number':
      if (Number.isFinite(value)) return value
      throw bad(sql, `its value "${name}" is ${value}`)
    case 'boolean':
      return value ? 1 : 0
    case 'bigint':
      return String(value)
    case 'undefined':
      return null
    default:
      if (value === null) return null
      return value instanceof Date ? value.toISOString() : JSON.stringify(value as Json)
  }
}

function bad(sql: string, why: string): ReeveError {
  return new ReeveError(
    'bad-connector',
    `The statement ${JSON.stringify(sql.slice(0, 120))} cannot be used: ${why}.`,
  )
}
