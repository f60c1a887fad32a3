import { parse } from 'yaml'
import type { Json } from '../packages/reeve/src/base/json/json.ts'

/**
 * What a recorded result was before it became text: JSON, what Python prints of its values, or YAML. Reeve's own tools answer
 * with JSON and need none of this. What is none of them is text.
 */
export function recordedResult(text: string): Json {
  const trimmed = text.trim()
  if (/^[{[]/.test(trimmed)) {
    try {
      return JSON.parse(trimmed) as Json
    } catch {
      return pythonValue(trimmed) ?? yamlValue(trimmed) ?? text
    }
  }
  if (/^- \S|^[\w ]{1,40}:(?: |\n)/.test(trimmed)) return yamlValue(trimmed) ?? text
  return text
}

function yamlValue(text: string): Json | undefined {
  try {
    const value = parse(text, { schema: 'core', maxAliasCount: 0, logLevel: 'error' }) as Json
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

/** Python's `repr` of dicts, lists, texts and numbers; undefined when it is something else. */
function pythonValue(text: string): Json | undefined {
  let at = 0
  const skip = () => {
    while (/\s/.test(text[at] ?? '')) at++
  }
  const take = (sign: string): boolean => {
    skip()
    if (text[at] !== sign) return false
    at++
    return true
  }
  /** After an entry: another follows, or this end. */
  const separate = (end: string) => {
    if (take(',')) return
    skip()
    if (text[at] !== end) throw failure
  }
  const failure = new Error('not Python')
  const quoted = (): string => {
    const quote = text[at++]
    let value = ''
    for (;;) {
      const letter = text[at++]
      if (letter === undefined) throw failure
      if (letter === quote) return value
      if (letter !== '\\') value += letter
      else {
        const escaped = text[at++]!
        const code = { x: 2, u: 4, U: 8 }[escaped]
        if (code === undefined) value += { n: '\n', t: '\t', r: '\r' }[escaped] ?? escaped
        else {
          value += String.fromCodePoint(Number.parseInt(text.slice(at, at + code), 16))
          at += code
        }
      }
    }
  }
  const list = (end: string): Json[] => {
    const values: Json[] = []
    while (!take(end)) {
      values.push(value())
      separate(end)
    }
    return values
  }
  const value = (): Json => {
    skip()
    const letter = text[at]
    if (letter === '"' || letter === "'") return quoted()
    if (take('[')) return list(']')
    if (take('(')) return list(')')
    if (take('{')) {
      const map: Record<string, Json> = {}
      while (!take('}')) {
        const key = value()
        if (!take(':')) throw failure
        map[String(key)] = value()
        separate('}')
      }
      return map
    }
    const word = /^[\w.+-]+(?:\([^)]{0,80}\))?/.exec(text.slice(at, at + 120))?.[0]
    if (word === undefined) throw failure
    at += word.length
    const known: Record<string, Json> = {
      True: true,
      False: false,
      None: null,
      true: true,
      false: false,
      null: null,
    }
    if (word in known) return known[word]!
    return Number.isNaN(Number(word)) ? word : Number(word)
  }
  try {
    const result = value()
    skip()
    return at === text.length ? result : undefined
  } catch {
    return undefined
  }
}
