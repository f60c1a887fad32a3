import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { sha256 } from '../../base/hash.ts'
import type { StandInAnswer, StandInRequest } from './exchange.ts'
import type { KeyStanding } from './keyed-answers.ts'

/**
 * What a stand-in did, as plain JSON, in a file where it has one. It is on disk before it is answered, so that the stand-in forgets
 * nothing whoever dies.
 */
export class KeptState<State extends object> {
  readonly state: State
  readonly #answers: Record<string, { request: string; answer: StandInAnswer }>
  readonly #file: string | undefined

  constructor(file: string | undefined, begin: () => State) {
    this.#file = file
    const kept =
      file !== undefined && existsSync(file)
        ? (JSON.parse(readFileSync(file, 'utf8')) as { state: State; answers: Record<string, never> })
        : { state: begin(), answers: {} }
    this.state = kept.state
    this.#answers = kept.answers
  }

  save(): void {
    if (this.#file === undefined) return
    writeFileSync(`${this.#file}.new`, JSON.stringify({ state: this.state, answers: this.#answers }), {
      mode: 0o600,
    })
    renameSync(`${this.#file}.new`, this.#file)
  }

  /** How an idempotency key stands: see `KeyedAnswers`, which keeps them in memory. */
  look(key: string, request: StandInRequest): KeyStanding {
    const kept = Object.hasOwn(this.#answers, key) ? this.#answers[key] : undefined
    if (!kept) return { is: 'new' }
    return kept.request === nameOf(request) ? { is: 'same', answer: kept.answer } : { is: 'other' }
  }

  keep(key: string, request: StandInRequest, answer: StandInAnswer): void {
    this.#answers[key] = { request: nameOf(request), answer }
  }
}

function nameOf({ method, path, body }: StandInRequest): string {
  return sha256(`${method} ${path}\n${body.toString('base64')}`)
}
