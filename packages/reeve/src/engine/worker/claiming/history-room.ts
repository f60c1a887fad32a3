import { longJournal } from '../../../store/journal/journal-size.ts'
import type { RunRow } from '../../../store/runs/runs.ts'

type Sized = Pick<RunRow, 'no' | 'journal_bytes'>

/** What one round of claiming may take. */
export interface OpenRoom {
  /** Asked of runs in the order in which they would be claimed. */
  admits(run: Sized): boolean
  /** Whether something was refused that there will be room for later. */
  readonly isFull: boolean
}

/**
 * Bounds the histories that a worker holds at one time by their size. Short ones are bounded by their number alone. Of the
 * long ones as many are held as fit; one that is larger than all the room is held when no other is. A run that was refused
 * is next: until it fits no other long one goes before it, so that many middling ones cannot keep a large one waiting.
 */
export class HistoryRoom {
  readonly #mostBytes: number
  #next: number | undefined

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes
  }

  /** `heldBytes`: of the long histories that are held now. */
  open(heldBytes: number): OpenRoom {
    let bytes = heldBytes
    let isFull = false
    // The one that was refused may be another worker's by now.
    if (bytes === 0) this.#next = undefined
    return {
      admits: ({ no, journal_bytes: size }) => {
        if (size < longJournal) return true
        const isItsTurn = this.#next === undefined || this.#next === no
        if (isItsTurn && (bytes === 0 || bytes + size <= this.#mostBytes)) {
          this.#next = undefined
          bytes += size
          return true
        }
        if (isItsTurn) this.#next = no
        isFull = true
        return false
      },
      get isFull() {
        return isFull
      },
    }
  }
}
