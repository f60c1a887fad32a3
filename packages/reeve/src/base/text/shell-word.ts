import { unseenIn } from './visible-text.ts'

/**
 * One word of a command line as it can be pasted into a shell: whatever is in it, the shell takes it as this one word and
 * runs nothing of it. What a reader would not see is written as an escape (`$'…'`, as bash, zsh and ksh read it).
 */
export function shellWord(word: string): string {
  if (/^[\w./:@%+=,-]+$/.test(word)) return word
  if (unseenIn(word).length === 0 && !/[\n\r\t]/.test(word)) return `'${word.replaceAll("'", `'\\''`)}'`
  return `$'${[...word].map(escaped).join('')}'`
}

/** A command line of such words. */
export function shellLine(words: readonly string[]): string {
  return words.map(shellWord).join(' ')
}

/** Bytes in octal, which every such shell reads alike. */
function escaped(character: string): string {
  if (character === '\\' || character === "'") return `\\${character}`
  if (character >= ' ' && character <= '~') return character
  const isSeen = unseenIn(character).length === 0 && !/[\n\r\t]|\p{M}/u.test(character)
  if (isSeen) return character
  return [...Buffer.from(character)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('')
}
