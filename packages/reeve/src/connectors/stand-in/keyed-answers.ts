import { sha256 } from '../../base/hash.ts'
import type { StandInAnswer, StandInRequest } from './exchange.ts'

/** How a key stands: never seen, seen with this request, or seen with another. */
export type KeyStanding = { is: 'new' } | { is: 'same'; answer: StandInAnswer } | { is: 'other' }

/** Answers by idempotency key, as services keep them: a repeat gets the first answer, another request with that key is refused. */
export class KeyedAnswers {
  readonly #kept = new Map<string, { request: string; answer: StandInAnswer }>()

  look(key: string, request: StandInRequest): KeyStanding {
    const kept = this.#kept.get(key)
    if (!kept) return { is: 'new' }
    return kept.request === nameOf(request) ? { is: 'same', answer: kept.answer } : { is: 'other' }
  }

  keep(key: string, request: StandInRequest, answer: StandInAnswer): void {
    this.#kept.set(key, { request: nameOf(request), answer })
  }
}

function nameOf({ method, path, body }: StandInRequest): string {
  return sha256(`${method} ${path}\n${body.toString('base64')}`)
}
