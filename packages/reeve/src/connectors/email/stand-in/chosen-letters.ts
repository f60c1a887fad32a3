import { setReader } from './imap-syntax.ts'
import type { MailFolder, StoredLetter } from './mail-store.ts'

export type Chosen = readonly (readonly [sequence: number, letter: StoredLetter])[]

/** Those of a set such as `1:5`, by their UIDs or by their places. @throws `ImapSyntaxError` */
export function chosenLetters({ letters }: MailFolder, set: string, isUid: boolean): Chosen {
  const isIn = setReader(set, isUid ? (letters.at(-1)?.uid ?? 0) : letters.length)
  const chosen: (readonly [number, StoredLetter])[] = []
  // A client of a large folder asks for a few at a time.
  const [lowest, highest] = isUid ? [placeOf(letters, lowestIn(set)), letters.length] : [0, letters.length]
  for (let index = lowest; index < highest; index++) {
    const letter = letters[index]!
    if (isIn(isUid ? letter.uid : index + 1)) chosen.push([index + 1, letter])
    else if (isUid && letter.uid > highestIn(set)) break
  }
  return chosen
}

function lowestIn(set: string): number {
  return Math.min(...numbersIn(set))
}

function highestIn(set: string): number {
  return set.includes('*') ? Number.POSITIVE_INFINITY : Math.max(...numbersIn(set))
}

function numbersIn(set: string): number[] {
  // The last one is above none: from the beginning, then.
  return set.split(/[,:]/).map((each) => (each === '*' ? 0 : Number(each)))
}

/** The index of the first letter with that UID or a higher one. */
function placeOf(letters: readonly StoredLetter[], uid: number): number {
  let [low, high] = [0, letters.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (letters[middle]!.uid < uid) low = middle + 1
    else high = middle
  }
  return low
}
