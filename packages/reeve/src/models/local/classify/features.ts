import { eachWord, normalize } from '../../../text/normalize.ts'

const shortestGram = 2
const longestGram = 5
const wordBoundary = 32
const apostrophe = 39

/**
 * The features of one text at a time, as 32-bit hashes with repetitions: first whole words and pairs of words that
 * are neighbours or have one word between them, then character n-grams of 2 to 5 within each word and its
 * boundaries. The buffers are reused between texts.
 */
export class FeatureReader {
  hashes = new Uint32Array(0)
  /** Word features are `hashes[0 .. wordEnd)`. */
  wordEnd = 0
  /** Character features are `hashes[wordEnd .. end)`. */
  end = 0

  #codes = new Uint16Array(0)
  #codeEnd = 0

  /** Work is linear in the text, of which at most `maxTextLength` characters are read. */
  read(text: string): void {
    const clean = normalize(text)
    // Each character opens at most 4 n-grams, each word at most 4 more and 3 word features.
    this.#reserve(clean.length * 6 + 16, clean.length * 2 + 2)
    this.end = 0
    this.#codeEnd = 0
    this.#codes[this.#codeEnd++] = wordBoundary
    let previous = 0
    let beforePrevious = 0
    eachWord(clean, (start, end) => {
      let hash = 0x9747b28c
      for (let at = start; at < end; at++) {
        const code = clean.charCodeAt(at)
        if (code === apostrophe) continue
        this.#codes[this.#codeEnd++] = code
        hash = step(hash, code)
      }
      this.#codes[this.#codeEnd++] = wordBoundary
      this.hashes[this.end++] = finish(hash, 1)
      if (previous !== 0) this.hashes[this.end++] = finish(step(previous, hash), 2)
      if (beforePrevious !== 0) this.hashes[this.end++] = finish(step(beforePrevious, hash), 3)
      beforePrevious = previous
      previous = hash
    })
    this.wordEnd = this.end
    this.#readGrams()
  }

  #readGrams(): void {
    const { hashes } = this
    const codes = this.#codes
    const codeEnd = this.#codeEnd
    let end = this.end
    for (let start = 0; start < codeEnd - 1; start++) {
      let hash = 0x85ebca6b
      const limit = Math.min(start + longestGram, codeEnd)
      for (let at = start; at < limit; at++) {
        const code = codes[at]!
        hash = step(hash, code)
        if (at - start + 1 >= shortestGram) hashes[end++] = finish(hash, 4)
        if (code === wordBoundary && at > start) break
      }
    }
    this.end = end
  }

  #reserve(hashCount: number, codeCount: number): void {
    if (this.hashes.length < hashCount) this.hashes = new Uint32Array(hashCount)
    if (this.#codes.length < codeCount) this.#codes = new Uint16Array(codeCount)
  }
}

function step(hash: number, code: number): number {
  return Math.imul(hash ^ code, 0x5bd1e995) + ((hash >>> 15) ^ code)
}

/** Spreads the bits (the finaliser of MurmurHash3); `kind` keeps a word apart from the same letters as an n-gram. */
function finish(hash: number, kind: number): number {
  let mixed = hash ^ Math.imul(kind, 0x9e3779b1)
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
