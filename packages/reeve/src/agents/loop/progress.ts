import { sha256 } from '../../base/hash.ts'
import { firstCharacters } from '../../base/text/shorten.ts'

/** Turns without a new result that are let pass. */
const patience = 3
/** Times that a call with the same arguments may give the same result. */
const sameResults = 2

/** What a turn's calls came to, as far as progress goes. */
export interface CallOutcome {
  /** The tool and its arguments. */
  key: string
  status: 'done' | 'failed' | 'rejected' | 'repeated'
  text: string
  /** The key and the text as the journal may have them, where nobody can tell what in them is marked. */
  noted?: { key: string; text: string }
}

export type ProgressVerdict =
  | { verdict: 'go-on' }
  | { verdict: 'tell'; notice: string }
  | { verdict: 'stop'; why: 'repeated-call' | 'no-progress'; reason: string }

/**
 * Notices an agent that goes round in circles. It trips when the same call was wanted a third time though it had given
 * the same result twice, or when three turns in a row brought nothing new. The first trip tells the agent, the next one
 * stops it. Calls that were rejected are nothing new, whatever their message.
 */
export class Progress {
  readonly #seen = new Set<string>()
  readonly #calls = new Map<string, { result: string; times: number }>()
  #stalled = 0
  #told = false

  /** Whether to call it once more would be a repetition. */
  isRepetition(key: string): boolean {
    return (this.#calls.get(key)?.times ?? 0) >= sameResults
  }

  after(outcomes: CallOutcome[]): ProgressVerdict {
    const repeated = outcomes.find(({ status }) => status === 'repeated')
    // The same call twice in one turn was made once.
    const made = new Map(outcomes.map((outcome) => [outcome.key, outcome]))
    const isNew = [...made.values()].map((outcome) => this.#note(outcome)).some(Boolean)
    this.#stalled = isNew ? 0 : this.#stalled + 1
    if (!repeated && this.#stalled < patience) return { verdict: 'go-on' }
    const reason = repeated
      ? `the same call was made again and again: ${firstCharacters(repeated.key, 200)}`
      : `${this.#stalled} turns in a row brought nothing new`
    if (this.#told) return { verdict: 'stop', why: repeated ? 'repeated-call' : 'no-progress', reason }
    this.#told = true
    const notice = `Notice: ${reason}. Do something else, or give the final answer now. This is said once; you are stopped if it continues.`
    return { verdict: 'tell', notice }
  }

  #note({ key, status, text }: CallOutcome): boolean {
    if (status === 'rejected' || status === 'repeated') return false
    const result = sha256(`${key}\n${text}`)
    const known = this.#calls.get(key)
    if (known?.result === result) known.times++
    else this.#calls.set(key, { result, times: 1 })
    if (this.#seen.has(result)) return false
    this.#seen.add(result)
    return true
  }
}
