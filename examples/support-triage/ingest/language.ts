const functionWords = {
  en: 'the and is are was to of in it you my we i have not this that for with on can but your from please',
  de: 'der die das und ist nicht ich wir sie ein eine zu mit auf für haben habe bitte von den dem es im auch wie',
  fr: 'le la les et est pas je nous vous un une de des du pour avec dans que qui mon ma sur ne votre bonjour',
  es: 'el la los las y es no yo un una de del para con en que mi por se su pero hola gracias lo está me',
  it: 'il lo la gli e è non io un una di del per con che mi sono ho questo anche buongiorno grazie nel si',
  nl: 'de het een en is niet ik wij u van voor met op dat die heb mijn ook maar te er aan zijn graag',
  pt: 'o os as e é não eu um uma de do da para com em que meu minha por se mas olá obrigado obrigada',
  sv: 'och är inte jag vi en ett att för med på som den det har min av men till kan ni hej',
  pl: 'i jest nie się na do z że w mam to jak ale czy dla mój moje proszę dzień dobry od po',
}

const languagesByWord = new Map<string, string[]>()
for (const [language, list] of Object.entries(functionWords)) {
  for (const word of new Set(list.split(' ')))
    languagesByWord.set(word, [...(languagesByWord.get(word) ?? []), language])
}

/**
 * Guesses a language from script and function words: enough to route a ticket, not to judge a text.
 * @returns ISO 639-1, or undefined when the evidence is thin.
 */
export function guessLanguage(text: string): string | undefined {
  const sample = text.slice(0, 4000)
  if (/[\u3040-\u30ff]/.test(sample)) return 'ja'
  if (/[\uac00-\ud7af]/.test(sample)) return 'ko'
  if (/[\u4e00-\u9fff]{4}/.test(sample)) return 'zh'
  if (/[\u0400-\u04ff]{4}/.test(sample)) return 'ru'
  const counts = new Map<string, number>()
  for (const word of sample.toLowerCase().split(/[^\p{L}]+/u)) {
    for (const language of languagesByWord.get(word) ?? [])
      counts.set(language, (counts.get(language) ?? 0) + 1)
  }
  const [best, second] = [...counts].sort((a, b) => b[1] - a[1])
  if (!best || best[1] < 3) return
  return second && second[1] === best[1] ? undefined : best[0]
}
