import { normalize } from '../../models/local/text/normalize.ts'

/** Words that say nothing about the subject. They are neither indexed nor searched for. */
const stopWords = new Set(
  (
    'a about after again all also am an and any are as at be because been before being both but by can cant could ' +
    'did do does doing dont during each else few for from further get gets getting go going got had has have havent ' +
    'having he hello her here hers hey hi him his how i id if im in into is isnt it its ive just let like may me ' +
    'might more most must my need no nor not now of off on once only or other our ours out over own please same she ' +
    'should so some still such than thank thanks that thats the their them then there these they this those through ' +
    'to too under until up us very want was we well were what whats when where which while who whom why will with ' +
    'would yet you your yours'
  ).split(' '),
)

const longestTerm = 40
const anyWord = /\d+(?:[.,]\d+)*|[\p{L}\p{N}]+(?:'[\p{L}\p{N}]{1,2}(?![\p{L}\p{N}]))?/gu
const unspacedScript = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u
const vowel = /[aeiouy]/

/**
 * The index terms of a text, in order and with repetitions: lower case, no diacritics, no stop words, English
 * endings cut. An amount is one term whatever its spelling (`$1,500.00`, `1500`); scripts without spaces between
 * words give pairs of neighbouring characters.
 */
export function termsOf(text: string): string[] {
  const terms: string[] = []
  for (const word of normalize(text).match(anyWord) ?? []) {
    const first = word.charCodeAt(0)
    if (first >= 48 && first <= 57) terms.push(numberTerm(word).slice(0, longestTerm))
    else if (first > 127 && unspacedScript.test(word)) pairsOf(word, terms)
    else {
      const plain = word.replace("'", '')
      if (plain.length > 1 && !stopWords.has(plain)) terms.push(stem(plain.slice(0, longestTerm)))
    }
  }
  return terms
}

function numberTerm(digits: string): string {
  const value = digits.replace(/,(?=\d{3})/g, '')
  const point = value.indexOf('.')
  // A cent amount of nothing is the amount itself; a version such as 1.0.2 keeps its parts.
  if (point === -1 || value.indexOf('.', point + 1) !== -1) return value
  return /^0+$/.test(value.slice(point + 1)) ? value.slice(0, point) : value
}

function pairsOf(word: string, terms: string[]): void {
  const characters = [...word]
  if (characters.length === 1) terms.push(word)
  for (let at = 0; at + 1 < characters.length; at++) terms.push(characters[at]! + characters[at + 1]!)
}

/**
 * Cuts English endings so that forms of a word meet: `activates`, `activated`, `activation` → `activat`.
 * Lighter than Porter's: at most a plural, one suffix and a final e or y, and always three letters with a vowel left.
 */
function stem(word: string): string {
  if (word.length < 4 || word.charCodeAt(word.length - 1) > 127) return word
  let root = singular(word)
  for (const suffix of ['ment', 'ing', 'ion', 'ed', 'ly']) {
    if (!root.endsWith(suffix)) continue
    const rest = root.slice(0, -suffix.length)
    const isStem = rest.length >= 3 && vowel.test(rest) && (suffix !== 'ion' || /[st]$/.test(rest))
    if (isStem) root = suffix === 'ing' || suffix === 'ed' ? undouble(rest) : rest
    break
  }
  if (root.length > 3 && root.endsWith('e')) return root.slice(0, -1)
  if (root.length > 3 && root.endsWith('y')) return `${root.slice(0, -1)}i`
  return root
}

function singular(word: string): string {
  if (!word.endsWith('s') || /(?:ss|us|is)$/.test(word)) return word
  if (word.endsWith('ies') && word.length > 4) return `${word.slice(0, -3)}y`
  if (/(?:x|ch|sh|ss)es$/.test(word)) return word.slice(0, -2)
  return word.slice(0, -1)
}

function undouble(root: string): string {
  const last = root.at(-1)!
  return root.length > 3 && last === root.at(-2) && !'lsz'.includes(last) ? root.slice(0, -1) : root
}
