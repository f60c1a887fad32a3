import { wordsOf } from './canonical.ts'

const pieceLength = 4
/** So much of a value, in pieces, tells it. */
const tellingShare = 0.6
/** Of a longer value only its beginning is looked for. */
const longestLookedFor = 256
const alphabet = 'abcdefghijklmnopqrstuvwxyz'

/** Small letters of other scripts, each followed by the Latin one that it looks like. */
const lookalikes = new Map(
  'аa вb сc ԁd еe һh іi јj кk ӏl мm нh оo рp ԛq ѕs тt ѵv ԝw хx уy з3 αa βb εe ηn ιi κk νv οo ρp τt υu χx ωw γy օo սu ոn հh ցg զq ıi ɡg ɑa'
    .split(' ')
    .map((pair) => [...pair] as [string, string]),
)

/** The letters and digits of a text in one row, in small Latin letters where they look like them. */
export function lettersOf(text: string): string {
  const letters = wordsOf(text).join('')
  return letters.replace(/[^a-z0-9]/gu, (letter) => lookalikes.get(letter) ?? letter)
}

/**
 * Looks for a value that must not be told: whole or in pieces with other words between them, forwards or backwards, with its
 * letters moved along the alphabet. A text of 1,000 letters costs some 30 µs.
 */
export class SecretFinder {
  readonly #whole: string
  readonly #ways: readonly string[]
  /** Where each piece stands in each way of writing; made when it is first needed. */
  #pieces: Map<string, { way: number; at: number }[]> | undefined

  constructor(value: string) {
    this.#whole = lettersOf(value).slice(0, longestLookedFor)
    this.#ways = waysToWrite(this.#whole)
  }

  /** Whether a text, as `lettersOf` gives it, tells the value. */
  isIn(text: string): boolean {
    const { length } = this.#whole
    if (length < pieceLength) return false
    if (this.#ways.some((written) => text.includes(written))) return true
    // Pieces of a short one are found by chance.
    return length >= 2 * pieceLength && this.#isInPieces(text)
  }

  #isInPieces(text: string): boolean {
    this.#pieces ??= piecesOf(this.#ways)
    const told = new Map<number, Set<number>>()
    for (let from = 0; from + pieceLength <= text.length; from++) {
      for (const { way, at } of this.#pieces.get(text.slice(from, from + pieceLength)) ?? []) {
        const letters = told.get(way) ?? new Set()
        told.set(way, letters)
        for (let letter = at; letter < at + pieceLength; letter++) letters.add(letter)
        if (letters.size >= this.#whole.length * tellingShare) return true
      }
    }
    return false
  }
}

function waysToWrite(whole: string): string[] {
  const ways = new Set<string>()
  for (const written of [whole, [...whole].reverse().join('')]) {
    for (let by = 0; by < alphabet.length; by++)
      ways.add(written.replace(/[a-z]/g, (letter) => alphabet[(alphabet.indexOf(letter) + by) % 26]!))
    ways.add(written.replace(/[a-z]/g, (letter) => alphabet[25 - alphabet.indexOf(letter)]!))
  }
  return [...ways]
}

function piecesOf(ways: readonly string[]): Map<string, { way: number; at: number }[]> {
  const pieces = new Map<string, { way: number; at: number }[]>()
  for (const [way, written] of ways.entries())
    for (let at = 0; at + pieceLength <= written.length; at++) {
      const piece = written.slice(at, at + pieceLength)
      const places = pieces.get(piece)
      if (places) places.push({ way, at })
      else pieces.set(piece, [{ way, at }])
    }
  return pieces
}
