const closing: Readonly<Record<string, string>> = { '[': ']', '(': ')', '{': '}' }

/** Splits at a character where it stands outside brackets and double quotes. Empty parts are kept; an empty text has none. */
export function splitOutside(text: string, at: string): string[] {
  if (text.trim() === '') return []
  const parts: string[] = []
  const open: string[] = []
  let quoted = false
  let start = 0
  for (let index = 0; index < text.length; index++) {
    const character = text[index]!
    if (character === '"') quoted = !quoted
    else if (quoted) continue
    else if (closing[character]) open.push(closing[character])
    else if (character === open.at(-1)) open.pop()
    else if (open.length === 0 && text.startsWith(at, index)) {
      parts.push(text.slice(start, index))
      start = index + at.length
    }
  }
  parts.push(text.slice(start))
  return parts
}
