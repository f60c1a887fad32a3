import { firstCharacters } from '../base/text/shorten.ts'
/** Characters of a text that the local solvers read; what lies beyond is ignored, so that work stays bounded. */
export const maxTextLength = 16_384

const curlyApostrophes = /[\u2018\u2019]/g
const foreignPunctuation = /[\u00a0\u00ab\u00bb\u2000-\u206f]+/g
const combiningMarks = /\p{M}+/gu
// biome-ignore lint/suspicious/noControlCharactersInRegex: the range is ASCII itself
const notAscii = /[^\x00-\x7f]/
const separators = /[^\p{L}\p{N}\p{S}]+/gu

/**
 * One form for all spellings of a text: NFKC, lower case, no diacritics, and punctuation beyond ASCII as spaces.
 * At most `maxTextLength` characters in and out.
 */
export function normalize(text: string): string {
  const bounded = text.length > maxTextLength ? firstCharacters(text, maxTextLength) : text
  if (!notAscii.test(bounded)) return bounded.toLowerCase()
  // Most texts beyond ASCII only have typographic quotes and dashes: these need none of the slow steps.
  const straight = bounded.replace(curlyApostrophes, "'").replace(foreignPunctuation, ' ')
  if (!notAscii.test(straight)) return straight.toLowerCase()
  const folded = straight
    .normalize('NFKC')
    .slice(0, maxTextLength) // one character may have become eighteen
    .toLowerCase()
    .normalize('NFD')
    .replace(combiningMarks, '')
    .normalize('NFC')
    .replace(separators, keepAscii)
  return folded.length > maxTextLength ? firstCharacters(folded, maxTextLength) : folded
}

function keepAscii(run: string): string {
  return notAscii.test(run) ? ' ' : run
}

/** Letters, digits and every character outside ASCII: `normalize` has already removed foreign punctuation. */
function isWordCode(code: number): boolean {
  return (code >= 97 && code <= 122) || code >= 128 || (code >= 48 && code <= 57)
}

const apostrophe = 39

/**
 * Calls `visit` with each word's bounds in a normalised text. An apostrophe before one or two last letters
 * belongs to the word (`haven't`); readers pass over it, since many people leave it out.
 */
export function eachWord(text: string, visit: (start: number, end: number) => void): void {
  const length = text.length
  let at = 0
  while (at < length) {
    if (!isWordCode(text.charCodeAt(at))) {
      at++
      continue
    }
    const start = at
    while (at < length && isWordCode(text.charCodeAt(at))) at++
    if (at < length && text.charCodeAt(at) === apostrophe) {
      let tail = at + 1
      while (tail < length && tail < at + 4 && isWordCode(text.charCodeAt(tail))) tail++
      if (tail > at + 1 && tail <= at + 3) at = tail
    }
    visit(start, at)
  }
}
