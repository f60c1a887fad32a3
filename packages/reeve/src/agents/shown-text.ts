import { firstCharacters, lastCharacters, shorten as shortenEnd } from '../base/text/shorten.ts'

/** A long result as the model sees it: beginning and end. The journal has the whole. */
export function shorten(text: string, length: number): string {
  if (text.length <= length) return text
  const head = Math.floor(length * 0.75)
  const tail = length - head
  const left = text.length - length
  return `${firstCharacters(text, head)}\n[… ${left} of ${text.length} characters left out; the run's journal keeps the whole …]\n${lastCharacters(text, tail)}`
}

/** The beginning of a text, for a log line or an error. */
export function brief(text: string): string {
  return shortenEnd(text, 300)
}
