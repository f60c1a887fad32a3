import { firstCharacters } from '../../../base/text/shorten.ts'
import { maxTextLength } from '../../../text/normalize.ts'
import { blocksOf, sentencesOf } from '../../../text/plain-text.ts'

/** The parts of a letter that is being reviewed. */
export interface Draft {
  /** Its first line. */
  opening: string
  /** All lines after the first. */
  rest: string
  /** What stands in quotation marks, if it is more than a name: from three words on. */
  quotes: string[]
  /** The sentences outside quotation marks and outside the list of sources. */
  sentences: string[]
  /** All but the list of sources. */
  body: string
}

const quotePattern = /“([^“”]{1,2000})”|"([^"\n]{1,2000})"/g
const sourcesPattern = /\n\s{0,8}sources:\s{0,8}\n/i

/** Reads `maxTextLength` characters. */
export function readDraft(text: string): Draft {
  const whole = firstCharacters(text, maxTextLength).trim()
  const sources = whole.search(sourcesPattern)
  const body = sources < 0 ? whole : whole.slice(0, sources)
  const quotes: string[] = []
  const unquoted = body.replace(quotePattern, (match: string, curly?: string, straight?: string) => {
    const quote = (curly ?? straight ?? '').replace(/\s+/g, ' ').trim()
    if (quote.split(' ', 3).length < 3) return match
    quotes.push(quote)
    return ' '
  })
  const lineEnd = whole.indexOf('\n')
  return {
    opening: lineEnd < 0 ? whole : whole.slice(0, lineEnd).trim(),
    rest: lineEnd < 0 ? '' : whole.slice(lineEnd + 1).trim(),
    quotes,
    sentences: blocksOf(unquoted).flatMap(sentencesOf),
    body,
  }
}
