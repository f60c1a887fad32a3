/** Languages whose words for effects are known. A request in another one asks before each effect. */
export type Language = 'en' | 'de' | 'fr' | 'es' | 'it' | 'pt' | 'nl'

/** Words that say nothing but which language it is, without accents. */
const functionWords: Record<Language, string> = {
  en: 'the a an and is are not with for from of on to my mine please this that these his her their in at it all what which who them him she he they we us you your be if so me i',
  de: 'der die das den dem des und ist sind nicht mit fur fuer von auf aus bei nach mir mich meine meinen meinem meiner mein ein eine einen einem einer bitte zu im am vom zum zur ihm ihr ihn sie er wir uns alle dass was wenn auch an ich es in als seine ihre',
  fr: 'le la les des du un une et est sont pas avec pour sur dans moi mon ma mes ses son sa il elle nous vous plait que qui ce cette ces au aux de en je tu lui leur l d a y stp svp',
  es: 'el la los las un una y es son no con para por de del al me mi mis su sus que este esta esto favor en lo le les se a yo tu ella',
  it: 'il lo la gli i le un una uno e non con per di del della dello dei delle degli al alla ai agli mi mio mia miei mie suo sua che questo questa favore nel nella da dal dalla in a io ti ci l',
  pt: 'o a os as um uma e nao com para por de do da dos das ao aos meu minha meus minhas me seu sua que este esta isso isto favor no na nos nas em eu lhe se pelo pela',
  nl: 'de het een en is zijn niet met voor van op uit bij naar mij me mijn haar hem wij ons alle dat die deze dit wat als ook alsjeblieft aan te om ik je jij u in er',
}

const listed = Object.entries(functionWords).map(
  ([language, words]) => [language as Language, new Set(words.split(' '))] as const,
)

/** Whether a word says nothing in one of these languages; of English `Request` has its own list. */
export function isFunctionWord(word: string, languages: readonly Language[]): boolean {
  const folded = foldedText(word)
  return listed.some(
    ([language, known]) => language !== 'en' && languages.includes(language) && known.has(folded),
  )
}

/** Small letters without accents, as the words of other languages are compared. */
export function foldedText(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').replaceAll('ß', 'ss').toLowerCase()
}

/**
 * The language of a text by its function words; related ones where it may be any of them, English where nothing says another.
 * Words of other languages do not count then: "Post" or "form" is an effect in one, and a thing to read in the next.
 */
export function languagesOf(text: string): readonly Language[] {
  // Whole words alone: parts of accounts, paths and addresses are of no language.
  const words = text
    .split(/[\s'’"“”„«»()]+/u)
    .map((word) => word.replace(/[.,;:!?…]+$/u, ''))
    .filter((word) => /^\p{L}+$/u.test(word) && !/^\p{Lu}{2,}$/u.test(word))
    .map((word) => ({ word: word.toLowerCase(), folded: foldedText(word) }))
  const counts = listed.map(([language, known]) => ({
    language,
    // No word of English has an accent.
    count: words.filter(({ word, folded }) => known.has(language === 'en' ? word : folded)).length,
  }))
  const most = Math.max(...counts.map(({ count }) => count))
  const likely = counts.filter(({ count }) => count === most).map(({ language }) => language)
  return most === 0 || likely.includes('en') ? ['en'] : likely
}
