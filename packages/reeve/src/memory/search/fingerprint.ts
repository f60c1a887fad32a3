import { createHash } from 'node:crypto'
import { sha256 } from '../../base/hash.ts'

/** Few enough to be read over at each change, many enough that each holds little of a million documents. */
const shelves = 1024

/**
 * A name for a set of documents: equal for equal ids with equal hashes, whatever the order they came in. Documents stand
 * on shelves by their ids, so that a change costs one shelf, not all documents, and no text of all of them is made.
 */
export class Fingerprint {
  readonly #shelves = Array.from({ length: shelves }, () => new Map<string, string>())
  readonly #digests: string[] = Array(shelves).fill('')
  readonly #changed = new Set<number>()
  #value: string | undefined

  set(id: string, hash: string): void {
    const shelf = shelfOf(id)
    this.#shelves[shelf]!.set(id, hash)
    this.#touch(shelf)
  }

  delete(id: string): void {
    const shelf = shelfOf(id)
    if (this.#shelves[shelf]!.delete(id)) this.#touch(shelf)
  }

  value(): string {
    for (const shelf of this.#changed) this.#digests[shelf] = digestOf(this.#shelves[shelf]!)
    this.#changed.clear()
    this.#value ??= sha256(this.#digests.join('\n'))
    return this.#value
  }

  #touch(shelf: number): void {
    this.#changed.add(shelf)
    this.#value = undefined
  }
}

function shelfOf(id: string): number {
  let sum = 0
  for (let index = 0; index < id.length; index++) sum = (Math.imul(sum, 31) + id.charCodeAt(index)) | 0
  return (sum >>> 0) % shelves
}

function digestOf(documents: ReadonlyMap<string, string>): string {
  if (documents.size === 0) return ''
  const digest = createHash('sha256')
  const inOrder = [...documents].sort(([left], [right]) => (left < right ? -1 : 1))
  for (const entry of inOrder) digest.update(`${JSON.stringify(entry)}\n`)
  return digest.digest('base64url')
}
