import { eachWord, normalize } from '../../../text/normalize.ts'

// Words that say nothing about a message's subject. Other languages do without: rare terms outweigh common ones.
const stopWords = new Set(
  (
    'a about after again all also am an and any are as at be because been before being but by can cannot cant could ' +
    'couldnt did didnt do does doesnt doing dont down for from further get getting give go going got had hadnt has ' +
    'hasnt have havent having he hello help her here hers hey hi him his how i id if ill im in into is isnt it its ' +
    'ive just know let like made make many may me might more most much must my need new no nor not now of off on once ' +
    'only or other our ours out over own please pls regards same see shall she should so some still such sure tell ' +
    'than thank thanks that thats the their them then there these they thing this those through to too try tried ' +
    'trying under until up us use using very want was wasnt we well were what whats when where which while who why ' +
    'will with within without wont would wouldnt yes yet you your yours youre'
  ).split(' '),
)

/**
 * The words of a text as `embed` reads them, and nothing else does (`text/terms.ts`): stored vectors were made from them, so
 * they stay as they are until the embedder gets another name and what it has made is made again.
 */
export function embeddedTerms(text: string): string[] {
  const clean = normalize(text)
  const terms: string[] = []
  eachWord(clean, (start, end) => {
    if (clean.charCodeAt(start) >= firstUnspacedCode && end - start > 2) {
      for (let at = start; at < end - 1; at++) terms.push(clean.slice(at, at + 2))
      return
    }
    let word = clean.slice(start, end)
    const apostrophe = word.indexOf("'")
    if (apostrophe >= 0) word = word.slice(0, apostrophe) + word.slice(apostrophe + 1)
    if (!stopWords.has(word)) terms.push(stem(word))
  })
  return terms
}

/** From here on, scripts mostly leave no spaces between words: CJK and its neighbours. */
const firstUnspacedCode = 0x2e80

/** Folds the commonest English endings: `refunds`, `refunded`, `refunding` are one term; so are `charge`, `charges`. */
function stem(word: string): string {
  let length = word.length
  if (length < 4 || length > 40) return word
  if (word.endsWith('ies') && length > 4) return `${word.slice(0, length - 3)}y`
  if (word.endsWith('s') && !word.endsWith('ss')) length--
  if (length > 5 && word.endsWith('ing', length)) length -= 3
  else if (length > 4 && word.endsWith('ed', length)) length -= 2
  if (length > 3 && word.endsWith('e', length)) length--
  if (length > 4 && word[length - 1] === word[length - 2] && word.length - length > 1) length--
  return word.slice(0, length)
}
