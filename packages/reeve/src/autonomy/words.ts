/** A word of a line, without its quotes; `isQuoted` tells `"a b"` from `a`. */
export interface Word {
  text: string
  isQuoted: boolean
}

/**
 * The words of a line. Quotes hold a word together; `\"` stands for a quote inside of them. Nothing is expanded, and no shell is
 * asked. Undefined: a quote is not closed.
 */
export function wordsOf(line: string): Word[] | undefined {
  const words: Word[] = []
  let word: Word | undefined
  let quote = ''
  for (let index = 0; index < line.length; index++) {
    const character = line[index]!
    if (quote !== '') {
      if (character === quote) quote = ''
      else if (character === '\\' && (line[index + 1] === quote || line[index + 1] === '\\'))
        word!.text += line[++index]
      else word!.text += character
    } else if (character === '"' || character === "'") {
      word ??= { text: '', isQuoted: true }
      word.isQuoted = true
      quote = character
    } else if (/\s/.test(character)) {
      if (word) words.push(word)
      word = undefined
    } else {
      word ??= { text: '', isQuoted: false }
      word.text += character
    }
  }
  if (quote !== '') return undefined
  if (word) words.push(word)
  return words
}
