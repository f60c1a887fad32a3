import { eachWord, normalize } from './normalize.ts'

const articles = new Set(['a', 'an', 'the'])
const negations = new Set(['not', 'never', 'no', 'cannot', 'without', 'nobody', 'nothing', 'none'])
const numberWords = new Set(
  'zero one two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty hundred thousand'.split(
    ' ',
  ),
)

/** What a text says in its words, whatever its case, punctuation and articles: equal for near duplicates, and for nothing else. */
export function sayingOf(text: string): string {
  return wordsOf(text).join(' ')
}

/**
 * Whether two texts say the same thing with other numbers, or one denies what the other says. What says the opposite in other words
 * is not seen.
 */
export function contradict(one: string, other: string): boolean {
  const [left, right] = [wordsOf(one), wordsOf(other)]
  if (left.join(' ') === right.join(' ')) return false
  const [leftShape, rightShape] = [left.map(shapeOf).join(' '), right.map(shapeOf).join(' ')]
  if (leftShape === rightShape) return leftShape.includes('#')
  const [leftPlain, rightPlain] = [undenied(left), undenied(right)]
  return leftPlain.said === rightPlain.said && leftPlain.denials % 2 !== rightPlain.denials % 2
}

function wordsOf(text: string): string[] {
  const clean = normalize(text)
  const words: string[] = []
  eachWord(clean, (start, end) => {
    const word = clean.slice(start, end)
    const isNegative = clean[start - 1] === '-' && /[\s(]|^$/.test(clean[start - 2] ?? '')
    if (!articles.has(word)) words.push(isNegative ? `-${word}` : word)
  })
  return words
}

const shapeOf = (word: string) => (/^-?\d+$/.test(word) || numberWords.has(word) ? '#' : word)

function undenied(words: readonly string[]): { said: string; denials: number } {
  let denials = 0
  const said: string[] = []
  for (const word of words) {
    const isShort = word.endsWith("n't")
    if (isShort || negations.has(word)) denials++
    if (word === 'cannot') said.push('can')
    // `don't come` denies `come`.
    else if (isShort && !/^(?:do|does|did)n't$/.test(word)) said.push(word.slice(0, -3))
    else if (!isShort && !negations.has(word) && !/^(?:do|does|did)$/.test(word)) said.push(word)
  }
  return { said: said.map((word) => word.replace(/s$/, '')).join(' '), denials }
}
