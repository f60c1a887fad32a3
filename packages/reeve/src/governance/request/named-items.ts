import { canonicalText, canonicalValue, isFileName, namesIn, wordsOf } from '../provenance/canonical.ts'
import type { Item, RunValues } from '../provenance/run-values.ts'
import { isTelling, type Request } from './request.ts'

/**
 * How closely the operator's words name a thing that was read:
 * `exactly` (its writer, title, path or address stands there), `within` (only the folder that it lies in does).
 */
export type Naming = 'exactly' | 'within'

/**
 * Decided by what stands literally in the words, never by a model. A channel or folder of several things is named as such, not
 * each thing in it. What a record's writer or title names is the record, not the prose in it, unless it is a file.
 */
export function namingOf(item: Item, request: Request, values: RunValues): Naming | undefined {
  const { reading } = item
  const isRecord = reading.label === 'trusted' && !reading.isProse
  if (item.titles.some((title) => (!isRecord || isFileName(title)) && isTitleQuoted(title, request)))
    return 'exactly'
  if (isRecord) return undefined
  if (isWriterNamed(item, request, values)) return 'exactly'
  let naming: Naming | undefined
  for (const location of item.locations) {
    const found = locationNaming(location, request)
    if (found === 'exactly' && item.siblings === 1) return found
    naming ??= found && 'within'
  }
  return naming
}

/**
 * Addresses stand in the words or not. A name in full counts where each of its words is a name there: whoever writes may call
 * themselves by any words of a request ("messages", "the mails").
 */
function isWriterSaid(writer: string, request: Request): boolean {
  if (canonicalValue(writer).kind !== 'text') return request.says(writer)
  const words = wordsOf(writer)
  return words.length > 1 && words.every((word) => request.names(word)) && request.quotes(writer)
}

/** A name that fits two different writers names neither: which Bob is meant is for a person to say. */
function isWriterNamed(item: Item, request: Request, values: RunValues): boolean {
  return item.writers.some((writer) => {
    if (isWriterSaid(writer, request)) return true
    const said = (other: string) => namesIn(other).filter((name) => request.namesWriter(name))
    const names = said(writer)
    const me = canonicalText(writer)
    const isOther = (other: string) => other !== me && said(other).length >= names.length
    return names.length > 0 && !names.some((name) => values.writersCalled(name).some(isOther))
  })
}

/** A short title may stand in the words by chance, or because whoever gave it guessed them: it must stand there as a quotation. */
function isTitleQuoted(title: string, request: Request): boolean {
  if (isFileName(title)) return request.quotes(title)
  return request.quotesMarked(title) || (wordsOf(title).length >= fewestOfTitle && request.quotes(title))
}

const fewestOfTitle = 4

function locationNaming(location: string, request: Request): Naming | undefined {
  const { kind, key } = canonicalValue(location)
  if (request.says(location) && (kind !== 'text' || isPlaceNamed(location, request))) return 'exactly'
  if (kind !== 'path') return undefined
  const base = key.slice(key.lastIndexOf('/') + 1)
  if (base.includes('.') && request.quotes(base)) return 'exactly'
  if (namedFolderOf(location, request) === undefined) return undefined
  return wordsOf(base.replace(/[._-]/g, ' ')).some((word) => request.names(word)) ? 'exactly' : 'within'
}

/** Any word of a request could be handed to a tool as the place it reads; it names one only where the words speak of a place. */
function isPlaceNamed(location: string, request: Request): boolean {
  const words = wordsOf(location)
  if (!words.some(isTelling)) return false
  if (isFileName(location)) return request.quotes(location)
  if (request.quotesMarked(location) || /\d/.test(location)) return true
  const name = words.map((word) => word.replace(/[^\p{L}\p{N}]/gu, '')).join('[\\W_]+')
  return request.matches(
    new RegExp(`#${name}\\b|\\b${name}\\W{1,3}(?:${places})\\b|\\b(?:${places})\\W{1,3}${name}\\b`, 'iu'),
  )
}

const places = 'channels?|folders?|rooms?|lists?|boards?|groups?|files?|documents?'

/** The folder of this path, however far up, that stands in the words. */
export function namedFolderOf(location: string, request: Request): string | undefined {
  const { kind, key } = canonicalValue(location)
  if (kind !== 'path') return undefined
  for (let end = key.lastIndexOf('/'); end > 0; end = key.lastIndexOf('/', end - 1)) {
    const folder = key.slice(0, end)
    if (request.says(folder)) return folder
  }
  return undefined
}
