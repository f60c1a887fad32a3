import { normalize } from './normalize.ts'

/** Words that say nothing about the subject. They are neither indexed nor searched for. */
const stopWords = new Set(
  (
    'a about after again all also am an and any are as at be because been before being both but by can cannot ' +
    'cant could couldnt did didnt do does doesnt doing dont down during each else few for from further get ' +
    'gets getting give go going got had hadnt has hasnt have havent having he hello help her here hers hey hi ' +
    'him his how i id if ill im in into is isnt it its ive just know let like made make many may me might ' +
    'more most much must my need new no nor not now of off on once only or other our ours out over own please ' +
    'pls regards same see shall she should so some still such sure tell than thank thanks that thats the ' +
    'their them then there these they thing this those through to too tried try trying under until up us use ' +
    'using very want was wasnt we well were what whats when where which while who whom why will with within ' +
    'without wont would wouldnt yes yet you your youre yours'
  ).split(' '),
)

const longestTerm = 40
const anyWord = /\d+(?:[.,]\d+)*|[\p{L}\p{N}]+(?:'[\p{L}\p{N}]{1,2}(?![\p{L}\p{N}]))?/gu
const unspacedScript = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u
// biome-ignore lint/suspicious/noControlCharactersInRegex: the range is ASCII itself
const notAscii = /[^\x00-\x7f]/

/**
 * The terms of a text, in order and with repetitions: lower case, no diacritics, no stop words, English endings cut. An
 * amount is one term whatever its spelling (`$1,500.00`, `1500`); scripts without spaces between words give pairs of
 * neighbouring characters. Reads `maxTextLength` characters.
 */
export function termsOf(text: string): string[] {
  const clean = normalize(text)
  const terms: string[] = []
  if (notAscii.test(clean)) for (const word of clean.match(anyWord) ?? []) addWord(word, terms)
  else eachPlainWord(clean, (word) => addWord(word, terms))
  return terms
}

function addWord(word: string, terms: string[]): void {
  const first = word.charCodeAt(0)
  if (isDigit(first)) terms.push(numberTerm(word).slice(0, longestTerm))
  else if (first > 127 && unspacedScript.test(word)) pairsOf(word, terms)
  else {
    const apostrophe = word.indexOf("'")
    const plain = apostrophe < 0 ? word : word.slice(0, apostrophe) + word.slice(apostrophe + 1)
    if (plain.length > 1 && !stopWords.has(plain))
      terms.push(stem(plain.length > longestTerm ? plain.slice(0, longestTerm) : plain))
  }
}

/** The same words as `anyWord` finds, of a text in ASCII, which most are: several times faster. */
function eachPlainWord(text: string, visit: (word: string) => void): void {
  for (let at = 0; at < text.length; ) {
    const start = at
    if (isDigit(text.charCodeAt(at))) {
      at = endOfRun(text, at, digit)
      while (isPoint(text.charCodeAt(at)) && isDigit(text.charCodeAt(at + 1)))
        at = endOfRun(text, at + 1, digit)
    } else {
      at = endOfRun(text, at, letter)
      if (at === start) {
        at++
        continue
      }
      if (text.charCodeAt(at) === apostrophe) {
        const end = endOfRun(text, at + 1, letter)
        if (end - at === 2 || end - at === 3) at = end
      }
    }
    visit(text.slice(start, at))
  }
}

const apostrophe = 39

const letter = 1
const digit = 2
/** Of each character of ASCII in lower case; a digit is a letter too. */
const kinds = new Uint8Array(128).fill(letter, 97, 123).fill(digit, 48, 58)

function endOfRun(text: string, start: number, kind: number): number {
  let at = start
  while (at < text.length && kinds[text.charCodeAt(at)]! >= kind) at++
  return at
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57
}

function isPoint(code: number): boolean {
  return code === 46 || code === 44
}

function numberTerm(digits: string): string {
  if (!digits.includes(',') && !digits.includes('.')) return digits
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

/** By their last letter: no two end alike. */
const suffixes: Record<string, string> = { t: 'ment', g: 'ing', n: 'ion', d: 'ed', y: 'ly' }

/**
 * Cuts English endings so that forms of a word meet: `activates`, `activated`, `activation` → `activat`.
 * Lighter than Porter's: at most a plural, one suffix and a final e or y, and always three letters with a vowel left.
 */
function stem(word: string): string {
  if (word.length < 4 || word.charCodeAt(word.length - 1) > 127) return word
  let root = singular(word)
  const suffix = suffixes[root.at(-1)!]
  if (suffix !== undefined && root.endsWith(suffix)) {
    const rest = root.slice(0, -suffix.length)
    const isStem =
      rest.length >= 3 && hasVowel(rest) && (suffix !== 'ion' || rest.endsWith('s') || rest.endsWith('t'))
    if (isStem) root = suffix === 'ing' || suffix === 'ed' ? undouble(rest) : rest
  }
  if (root.length > 3 && root.endsWith('e')) return root.slice(0, -1)
  if (root.length > 3 && root.endsWith('y')) return `${root.slice(0, -1)}i`
  return root
}

function hasVowel(text: string): boolean {
  for (let at = 0; at < text.length; at++) if ('aeiouy'.includes(text[at]!)) return true
  return false
}

function singular(word: string): string {
  if (!word.endsWith('s')) return word
  if ('sui'.includes(word.at(-2)!)) return word
  if (word.endsWith('ies') && word.length > 4) return `${word.slice(0, -3)}y`
  if (word.endsWith('es') && /(?:x|ch|sh|ss)es$/.test(word)) return word.slice(0, -2)
  return word.slice(0, -1)
}

function undouble(root: string): string {
  const last = root.at(-1)!
  return root.length > 3 && last === root.at(-2) && !'lsz'.includes(last) ? root.slice(0, -1) : root
}
