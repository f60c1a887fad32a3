import type { Json } from '../../base/json/json.ts'
import { isRecord } from '../../base/json/record.ts'
import type { ApprovalRow } from '../../store/approvals/approvals.ts'
import { type From, type Leaf, leavesOf, type Source } from './sources.ts'

/** One argument, or one part of what is shown, with where it comes from as far as that is known. */
export interface Field {
  /** The keys and places that lead to it in what is shown: `['args', 'to']`, `['args', 'lines', 0]`. */
  path: (string | number)[]
  /** A text, number, true, false or null as it is; an empty object or list. Foreign. */
  value: Json
  /**
   * Where the same value stood before, what came first first; three at most, empty where nothing is known. Found by
   * comparing: it tells where to look, and is no proof of where the value went.
   */
  origins: Origin[]
}

export interface Origin {
  from: From
  /** The call that gave it; null: the input. */
  call: number | null
  /** Of the call. Foreign text. */
  name: string
  /** The solver or person; null: nobody is named. */
  by: string | null
  /** Where in that value. */
  path: (string | number)[]
  /** `same`: all of that text or number; `part`: it stands within a longer text. */
  how: 'same' | 'part'
}

const mostFields = 300
const mostOrigins = 3
/** What is compared: leaves of sources, and characters of texts that are searched through. */
const mostLeaves = 20_000
const mostSearched = 300_000
/** A shorter text stands in any longer one. */
const shortestPart = 5
const longestPart = 2000

/** What is decided on, one scalar after the other. */
export function fieldsOf(
  asked: Pick<ApprovalRow, 'kind' | 'binds'>,
  shown: Json,
  sources: readonly Source[],
): Field[] {
  const index = indexOf(sources)
  const begin = beginOf(asked, shown)
  return leavesOf(begin.value, mostFields).map(({ path, value }) => ({
    path: [...begin.path, ...path],
    value,
    origins: originsOf({ path, value }, index),
  }))
}

/** The arguments of a tool; of anything else all that is shown. */
function beginOf({ kind, binds }: Pick<ApprovalRow, 'kind' | 'binds'>, shown: Json): Leaf {
  if (!isRecord(shown)) return { path: [], value: shown }
  const key = kind === 'question' ? 'input' : kind === 'outcome' || binds !== null ? 'args' : undefined
  const value = key === undefined ? undefined : (shown[key] as Json | undefined)
  return key === undefined || value === undefined
    ? { path: [], value: shown as Json }
    : { path: [key], value }
}

interface Known extends Leaf {
  source: Source
}

interface Index {
  bySame: Map<string, Known[]>
  texts: (Known & { value: string })[]
}

function indexOf(sources: readonly Source[]): Index {
  const index: Index = { bySame: new Map(), texts: [] }
  let left = mostLeaves
  let searched = 0
  for (const source of sources) {
    for (const leaf of leavesOf(source.value, left)) {
      left--
      const known = { ...leaf, source }
      const key = JSON.stringify(leaf.value)
      const same = index.bySame.get(key)
      if (same) same.push(known)
      else index.bySame.set(key, [known])
      if (typeof leaf.value !== 'string' || searched + leaf.value.length > mostSearched) continue
      searched += leaf.value.length
      index.texts.push({ ...known, value: leaf.value })
    }
  }
  return index
}

function originsOf(field: Leaf, index: Index): Origin[] {
  const { value } = field
  const name = field.path.at(-1)
  const same = (index.bySame.get(JSON.stringify(value)) ?? []).filter(
    ({ path }) => saysEnough(value) || path.at(-1) === name,
  )
  const origins = same.map((known) => originOf(known, 'same'))
  if (origins.length < mostOrigins && typeof value === 'string' && isSearched(value)) {
    for (const known of index.texts)
      if (known.value.length > value.length && known.value.includes(value))
        origins.push(originOf(known, 'part'))
  }
  return origins.slice(0, mostOrigins)
}

/** `true`, 1 and "no" stand everywhere: such a value counts only where its name is the same. */
function saysEnough(value: Json): boolean {
  if (typeof value === 'string') return value.length >= 4
  return typeof value === 'number' && Math.abs(value) >= 100
}

function isSearched(text: string): boolean {
  return text.length >= shortestPart && text.length <= longestPart
}

function originOf({ source, path }: Known, how: Origin['how']): Origin {
  const { from, call, name, by } = source
  return { from, call, name, by, path, how }
}
