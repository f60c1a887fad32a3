export interface Spelling {
  add(number: number, term: string): void
  /** The numbers of at most three indexed terms that share most of their trigrams with `term`, best first. */
  alike(term: string, isInUse: (number: number) => boolean): number[]
}

const shortestTerm = 4
/** Dice's coefficient of the two sets of trigrams. One changed letter in eight leaves 0.67. */
const leastAlike = 0.5
const mostAlike = 3

/** Finds the indexed spelling of a misspelt or unknown word, without comparing it to the whole vocabulary. */
export function createSpelling(): Spelling {
  const terms: string[] = []
  const sizes: number[] = []
  const byGram = new Map<string, number[]>()

  return {
    add(number, term) {
      const grams = isWord(term) ? gramsOf(term) : new Set<string>()
      terms[number] = term
      sizes[number] = grams.size
      for (const gram of grams) {
        const numbers = byGram.get(gram)
        if (numbers) numbers.push(number)
        else byGram.set(gram, [number])
      }
    },

    alike(term, isInUse) {
      if (!isWord(term)) return []
      const grams = gramsOf(term)
      const shared = new Map<number, number>()
      for (const gram of grams) {
        for (const number of byGram.get(gram) ?? []) shared.set(number, (shared.get(number) ?? 0) + 1)
      }
      const found: { number: number; alike: number }[] = []
      for (const [number, count] of shared) {
        const alike = (2 * count) / (grams.size + sizes[number]!)
        if (alike >= leastAlike && isInUse(number)) found.push({ number, alike })
      }
      found.sort(
        (left, right) => right.alike - left.alike || (terms[left.number]! < terms[right.number]! ? -1 : 1),
      )
      const close = found.filter((candidate) => candidate.alike >= found[0]!.alike - 0.1)
      return close.slice(0, mostAlike).map((candidate) => candidate.number)
    },
  }
}

/** A wrong digit makes another number, not a misspelling. */
function isWord(term: string): boolean {
  return term.length >= shortestTerm && !/\d/.test(term)
}

function gramsOf(term: string): Set<string> {
  const padded = `^${term}$`
  const grams = new Set<string>()
  for (let at = 0; at + 3 <= padded.length; at++) grams.add(padded.slice(at, at + 3))
  return grams
}
