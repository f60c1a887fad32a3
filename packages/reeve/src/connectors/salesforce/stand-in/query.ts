type Fields = Record<string, unknown>

/** What a stand-in understands of a query. */
interface Query {
  fields: string[]
  object: string
  limit: number
  matches(fields: Fields): boolean
}

const condition = /^(\w+)\s+(=|!=|LIKE|<=|>=|<|>)\s+('(?:[^'\\]|\\.)*'|[\w.:+-]+)$/i

/** SOQL as far as the connector writes it: `SELECT a, b FROM O WHERE c = 'x' AND d LIKE '%y%' ORDER BY e LIMIT 5`. */
export function readQuery(text: string): Query | { problem: string } {
  const parts =
    /^SELECT\s+([\w.,\s]+?)\s+FROM\s+(\w+)(?:\s+WHERE\s+(.+?))?(?:\s+ORDER\s+BY\s+[\w\s,]+?)?(?:\s+LIMIT\s+(\d+))?$/is.exec(
      text.trim(),
    )
  if (!parts) return { problem: `unexpected token in: ${text.slice(0, 80)}` }
  const [, fields = '', object = '', where, limit] = parts
  const tests: ((row: Fields) => boolean)[] = []
  for (const one of where === undefined ? [] : conditionsIn(where)) {
    const read = condition.exec(one.trim())
    if (!read) return { problem: `unexpected token: ${one.trim().slice(0, 80)}` }
    tests.push(testOf(read[1]!, read[2]!.toUpperCase(), literal(read[3]!)))
  }
  return {
    fields: fields.split(',').map((field) => field.trim()),
    object,
    limit: limit === undefined ? Number.POSITIVE_INFINITY : Number(limit),
    matches: (row) => tests.every((test) => test(row)),
  }
}

/** Parts between AND that do not stand in a literal. */
function conditionsIn(where: string): string[] {
  return (
    where.match(/(?:'(?:[^'\\]|\\.)*'|(?!\sAND\s).)+/gis)?.map((part) => part.replace(/^\s*AND\s+/i, '')) ??
    []
  )
}

function literal(text: string): string | number | boolean | null {
  if (text.startsWith("'"))
    return text.slice(1, -1).replace(/\\(.)/g, (_, each: string) => (each === 'n' ? '\n' : each))
  if (/^(true|false)$/i.test(text)) return text.toLowerCase() === 'true'
  if (/^null$/i.test(text)) return null
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text
}

function testOf(
  field: string,
  operator: string,
  value: string | number | boolean | null,
): (row: Fields) => boolean {
  return (row) => {
    const has = row[field] ?? null
    switch (operator) {
      case '=':
        return same(has, value)
      case '!=':
        return !same(has, value)
      case 'LIKE':
        return like(String(value)).test(String(has ?? ''))
      case '<':
        return has !== null && has < value!
      case '<=':
        return has !== null && has <= value!
      case '>':
        return has !== null && has > value!
      default:
        return has !== null && has >= value!
    }
  }
}

/** Texts are the same in any case of their letters. */
function same(one: unknown, other: unknown): boolean {
  if (typeof one === 'string' && typeof other === 'string') return one.toLowerCase() === other.toLowerCase()
  return one === other
}

function like(pattern: string): RegExp {
  const escaped = pattern.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`^${escaped.replaceAll('%', '.*').replaceAll('_', '.')}$`, 'is')
}

export function selected(fields: Fields, names: readonly string[]): Fields {
  return Object.fromEntries(names.map((name) => [name, fields[name] ?? null]))
}
