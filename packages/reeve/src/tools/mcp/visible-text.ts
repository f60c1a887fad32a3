/** Control, format (bidi, zero width, tags), private and unassigned characters, separators of lines, lone surrogates. */
const unseen = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Zl}\p{Zp}]/gu

/** A text of somebody else's as a person can see all of it: what would be invisible or would move is written out. */
export function visible(text: string, longest = 300): string {
  const shown = text.replace(unseen, (character) =>
    character === '\n' ? '\\n' : `\\u{${character.codePointAt(0)!.toString(16)}}`,
  )
  return shown.length > longest ? `${shown.slice(0, longest)}… (${text.length} characters)` : shown
}

/** The characters of a text that a person would not see, besides line breaks and tabs. */
export function unseenIn(text: string): string[] {
  const found = new Set<string>()
  for (const [character] of text.matchAll(unseen)) {
    if (!'\n\r\t'.includes(character)) found.add(visible(character))
  }
  return [...found]
}
