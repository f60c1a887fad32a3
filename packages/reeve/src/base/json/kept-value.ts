import type { Json } from './json.ts'

/** Stands as the only key of what is no JSON, before its kind. */
const mark = '$reeve'
const deepest = 500

/**
 * Data that a schema may make of JSON and that JSON has no word for (dates, maps, sets, big integers, NaN, addresses),
 * written as JSON from which `fromKept` makes it again. Undefined for what cannot be made again, such as an instance of a
 * class or a function.
 */
export function toKept(value: unknown): Json | undefined {
  return written(value, 0)
}

export function fromKept(kept: Json): unknown {
  if (Array.isArray(kept)) return kept.map(fromKept)
  if (typeof kept !== 'object' || kept === null) return kept
  if (Object.hasOwn(kept, mark)) return made(kept[mark] as [kind: string, of: Json])
  return Object.fromEntries(Object.entries(kept).map(([key, part]) => [key, fromKept(part as Json)]))
}

function written(value: unknown, depth: number): Json | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      return Number.isFinite(value) ? value + 0 : marked('number', String(value))
    case 'bigint':
      return marked('bigint', String(value))
    case 'undefined':
      return marked('undefined', null)
    case 'function':
    case 'symbol':
      return
  }
  if (value === null) return null
  if (depth > deepest) return
  if (Array.isArray(value)) return list(value, depth)
  switch (Object.getPrototypeOf(value)) {
    case Date.prototype:
      return marked('date', (value as Date).getTime())
    case URL.prototype:
      return marked('url', (value as URL).href)
    case Map.prototype:
      return marked('map', list([...(value as Map<unknown, unknown>)], depth))
    case Set.prototype:
      return marked('set', list([...(value as Set<unknown>)], depth))
    case Object.prototype:
    case null: {
      const entries = Object.entries(value as object).filter(([, part]) => part !== undefined)
      if (Object.hasOwn(value as object, mark)) return marked('object', list(entries, depth))
      const parts = list(
        entries.map(([, part]) => part),
        depth,
      )
      return parts && Object.fromEntries(entries.map(([key], index) => [key, parts[index]]))
    }
  }
  return
}

function list(values: unknown[], depth: number): Json[] | undefined {
  const parts: Json[] = []
  for (const value of values) {
    const part = written(value, depth + 1)
    if (part === undefined) return
    parts.push(part)
  }
  return parts
}

function marked(kind: string, of: Json | undefined): Json | undefined {
  // A date that is none has NaN for its time.
  return of === undefined ? undefined : { [mark]: [kind, Number.isNaN(of) ? null : of] }
}

function made([kind, of]: [kind: string, of: Json]): unknown {
  switch (kind) {
    case 'number':
      return Number(of)
    case 'bigint':
      return BigInt(of as string)
    case 'date':
      return new Date((of as number | null) ?? Number.NaN)
    case 'url':
      return new URL(of as string)
    case 'map':
      return new Map(fromKept(of) as [unknown, unknown][])
    case 'set':
      return new Set(fromKept(of) as unknown[])
    case 'object':
      return Object.fromEntries(fromKept(of) as [string, unknown][])
  }
  return undefined
}
