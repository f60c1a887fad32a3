/**
 * What models, customers and other systems wrote may hold characters that a reader does not see, that reorder or overlay
 * what he sees, or that drive his terminal. This is the one definition of them; on its way to a screen every one is
 * written out as its escape, so that what is seen is all that is there.
 *
 * - control, format (bidi, zero width, joiners, soft hyphen, tags, annotations), private, unassigned, lone surrogates
 * - separators of lines and paragraphs, and every space but the plain one
 * - what Unicode says is ignored where it is not known: variation selectors, fillers, joiners
 * - blanks that are letters or symbols, and marks that overlay or enclose what stands before them
 */
const unseen =
  '\\p{Cc}\\p{Cf}\\p{Co}\\p{Cn}\\p{Cs}\\p{Zl}\\p{Zp}\\u00a0\\u1680\\u2000-\\u200a\\u202f\\u205f\\u3000' +
  '\\p{Default_Ignorable_Code_Point}\\u2800\\u{1d159}\\p{Me}\\u0334-\\u0338\\u20d2\\u20d3\\u20e5\\u20e6\\u20ea\\u20eb'

/** More marks than any script puts on one letter, or marks on nothing: they reach over other lines. */
const flood = '(?<=\\p{M}{4})\\p{M}|(?<![^\\s\\p{Cc}])\\p{M}'

const anyUnseen = new RegExp(`(?!\\n)[${unseen}]|${flood}`, 'gu')
const anyUnseenOrBreak = new RegExp(`[${unseen}]|${flood}`, 'gu')

/** The text with everything unseen written out. Lines stay lines; a tab is two spaces. */
export function visibleText(text: string): string {
  return text.replaceAll('\r\n', '\n').replaceAll('\t', '  ').replace(anyUnseen, escaped)
}

/** The text on one line, line breaks and tabs written out too. */
export function visibleLine(text: string): string {
  return text.replace(anyUnseenOrBreak, escaped)
}

/** The same, at most `longest` characters of it; says how long the text is. */
export function visibleBrief(text: string, longest = 300): string {
  const shown = visibleLine(text)
  return shown.length > longest
    ? `${shown.slice(0, longest).toWellFormed()}… (${text.length} characters)`
    : shown
}

/** JSON with everything unseen written out in JSON's own way: read back, the value is the same. */
export function visibleJson(value: unknown, indent?: number): string {
  return (JSON.stringify(value, null, indent) ?? 'null').replace(anyUnseen, (character) =>
    [...Array(character.length).keys()].map((at) => codeUnit(character, at)).join(''),
  )
}

/** The characters of a text that a person would not see, besides line breaks and tabs: each once, written out. */
export function unseenIn(text: string): string[] {
  const found = new Set<string>()
  for (const [character] of text.matchAll(anyUnseen))
    if (!'\r\t'.includes(character)) found.add(escaped(character))
  return [...found]
}

function escaped(character: string): string {
  if (character === '\n') return '\\n'
  if (character === '\t') return '\\t'
  return `\\u{${character.codePointAt(0)!.toString(16)}}`
}

function codeUnit(text: string, at: number): string {
  return `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`
}

const scripts: Record<string, RegExp> = {
  Latin: /\p{Script=Latin}/u,
  Cyrillic: /\p{Script=Cyrillic}/u,
  Greek: /\p{Script=Greek}/u,
  Armenian: /\p{Script=Armenian}/u,
  Cherokee: /\p{Script=Cherokee}/u,
  Georgian: /\p{Script=Georgian}/u,
  Lisu: /\p{Script=Lisu}/u,
}

const words = /[\p{L}\p{M}\p{N}@._%+-]+/gu
/** A text with more words than this is not read further for look-alikes. */
const mostWords = 20_000

/**
 * Words of a text that can be taken for others, each with why: letters of several scripts in one word, an address or
 * domain with letters beyond ASCII, or forms that only look like plain letters and digits.
 */
export function lookAlikesIn(text: string): { word: string; why: string }[] {
  const found = new Map<string, string>()
  let count = 0
  for (const [word] of text.matchAll(words)) {
    if (++count > mostWords) break
    if (/^[\x20-\x7e]*$/.test(word) || found.has(word)) continue
    const why = whyMistaken(word)
    if (why !== undefined) found.set(word, why)
  }
  return [...found].map(([word, why]) => ({ word, why }))
}

function whyMistaken(word: string): string | undefined {
  const mixed = Object.keys(scripts).filter((name) => scripts[name]!.test(word))
  if (mixed.length > 1) return `mixes ${mixed.join(' and ')} letters`
  if (/[@.]\p{L}/u.test(word) && /[^\x20-\x7e]/.test(word)) {
    const odd = [...word].filter((character) => /[^\x20-\x7e]/.test(character))
    return `has letters beyond ASCII in an address: ${[...new Set(odd)].map(escaped).join(' ')}`
  }
  const plain = word.normalize('NFKC')
  if (/^[\x20-\x7e]+$/.test(plain)) return `only looks like "${plain}"`
  return undefined
}
