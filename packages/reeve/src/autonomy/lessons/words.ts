import type { Json } from '../../base/json/json.ts'
import { inertText } from '../../base/text/inert-text.ts'

/** A text that may be a label and is no sentence: what strangers write cannot become an instruction by it. */
export function isLabelLike(text: string): boolean {
  return text.length <= 40 && /^[\p{L}\p{N}][\p{L}\p{N}_.:@/+-]*(?: [\p{L}\p{N}_.:@/+-]+){0,2}$/u.test(text)
}

/** A value as a lesson quotes it. */
export function quotedValue(value: Json): string {
  return typeof value === 'string' ? `"${inertText(value, { maxLength: 200 })}"` : JSON.stringify(value)
}

const longestSentence = 300

/** The sentences of a text, in the form in which equal ones are equal. */
export function sentencesOf(text: string): string[] {
  return text
    .normalize('NFKC')
    .split(/(?<=[.!?])\s+|\n+/u)
    .map((each) => each.replace(/\s+/g, ' ').trim())
    .filter((each) => each.length >= 3 && each.length <= longestSentence)
}
