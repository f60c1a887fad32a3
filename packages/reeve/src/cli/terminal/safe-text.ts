import { firstCharacters } from '../../base/text/shorten.ts'
import { visibleText } from '../../base/text/visible-text.ts'
import { lastMoment } from '../../base/time/time.ts'

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

/** A moment to the second, in the time zone of whoever reads. */
export function moment(at: number): string {
  const date = new Date(Math.min(Math.max(at, -lastMoment), lastMoment))
  const two = (part: number) => String(part).padStart(2, '0')
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}
