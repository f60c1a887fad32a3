/**
 * What models, customers and other systems wrote may hold escapes that drive a terminal, or marks that reorder what a
 * reader sees. On its way to a screen every such character becomes its visible escape.
 */
const unsafe = /(?!\n)[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}\u200b\u2060-\u2064\ufeff]/gu

/** Safe to print; lines stay lines. */
export function safeText(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replaceAll('\t', '  ')
    .replace(unsafe, (character) => escaped(character))
}

/** Safe to print on one line. */
export function safeLine(text: string): string {
  return safeText(text).replaceAll('\n', '⏎')
}

/** JSON in which nothing can drive a terminal; the value is the same when it is read back. */
export function safeJson(value: unknown, indent?: number): string {
  return (JSON.stringify(value, null, indent) ?? 'null').replace(unsafe, (character) => escaped(character))
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** One line of at most `limit` characters; says how much was cut. */
export function briefLine(text: string, limit = 100): string {
  const line = safeLine(text.length > limit * 2 ? text.slice(0, limit * 2) : text)
  if (line.length <= limit && text.length <= limit * 2) return line
  return `${line.slice(0, limit)}… (+${text.length - Math.min(limit, text.length)} characters)`
}

/** A JSON value on one line. */
export function briefValue(value: unknown, limit = 100): string {
  return briefLine(typeof value === 'string' ? value : (JSON.stringify(value) ?? 'null'), limit)
}

/** A moment to the second, in the time zone of whoever reads. */
export function moment(at: number): string {
  const date = new Date(at)
  const two = (part: number) => String(part).padStart(2, '0')
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}
