const longestWord = 100
const unknownPiece = '[UNK]'

// biome-ignore lint/suspicious/noControlCharactersInRegex: the range is ASCII itself
const notAscii = /[^\x00-\x7f]/
const marks = /\p{Mn}+/gu
const invisible = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\ufffd]+/gu
/** A word, or one sign: punctuation, and a character of the scripts that leave no spaces between words. */
const parts = /[\p{P}\p{Script=Han}$+<=>^`|~]|[^\s\p{P}\p{Script=Han}$+<=>^`|~]+/gu
const asciiParts = /[a-z0-9]+|[!-/:-@[-`{-~]/g

/**
 * Cuts texts into the pieces of a vocabulary as uncased BERT models do (WordPiece: Wu and others, 2016): lower case without
 * accents, punctuation by itself, each word by its longest pieces from the left.
 */
export class WordPieces {
  readonly #ids = new Map<string, number>()
  readonly #unknown: number

  /** @param pieces in the order of their ids; those that go on within a word begin with `##` */
  constructor(pieces: readonly string[]) {
    pieces.forEach((piece, id) => {
      this.#ids.set(piece, id)
    })
    this.#unknown = this.#ids.get(unknownPiece) ?? 0
  }

  idOf(piece: string): number | undefined {
    return this.#ids.get(piece)
  }

  /** Ids of a text's pieces, at most `most` of them. Work is bounded by the length of the text times that of a word. */
  read(text: string, most = Number.POSITIVE_INFINITY): number[] {
    const found: number[] = []
    for (const [word] of wordsOf(text)) {
      if (found.length >= most) break
      const whole = this.#ids.get(word)
      if (whole === undefined) this.#cut(word, found)
      else found.push(whole)
    }
    if (found.length > most) found.length = most
    return found
  }

  #cut(word: string, found: number[]): void {
    const before = found.length
    let start = 0
    while (start < word.length && word.length <= longestWord) {
      let end = word.length
      let id: number | undefined
      for (; end > start; end--) {
        const piece = word.slice(start, end)
        id = this.#ids.get(start === 0 ? piece : `##${piece}`)
        if (id !== undefined) break
      }
      if (id === undefined) break
      found.push(id)
      start = end
    }
    if (start === word.length) return
    // A word that the vocabulary cannot spell to its end is one unknown piece.
    found.length = before
    found.push(this.#unknown)
  }
}

function wordsOf(text: string) {
  if (!notAscii.test(text)) return text.toLowerCase().matchAll(asciiParts)
  const clean = text.replace(/\s+/g, ' ').replace(invisible, '')
  return clean.toLowerCase().normalize('NFD').replace(marks, '').matchAll(parts)
}
