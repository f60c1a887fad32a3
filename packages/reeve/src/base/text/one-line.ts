import { firstCharacters } from './shorten.ts'
import { visibleText } from './visible-text.ts'

/** Safe to print on one line. */
export function safeLine(text: string): string {
  return visibleText(text).replaceAll('\n', '⏎')
}

/** One line of at most `limit` characters; says how much was cut. */
export function briefLine(text: string, limit = 100): string {
  const line = safeLine(text.length > limit * 2 ? firstCharacters(text, limit * 2) : text)
  if (line.length <= limit && text.length <= limit * 2) return line
  return `${firstCharacters(line, limit).toWellFormed()}… (+${text.length - Math.min(limit, text.length)} characters)`
}

/** A JSON value on one line. */
export function briefValue(value: unknown, limit = 100): string {
  return briefLine(typeof value === 'string' ? value : (JSON.stringify(value) ?? 'null'), limit)
}
