import { messageOf } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { SecretStream, Secrets } from '../../base/secrets/secrets.ts'

/** Which question a text belongs to. */
export interface TextOrigin {
  run: string
  question: string
  agent?: string
}

/**
 * A model's text while it is being written. It is raw: JSON where an answer has a schema, and none of it has been
 * checked. The answer is what the question comes to; the journal has it, and these events are kept nowhere.
 *
 *   text-started → text-written … → text-finished      it became the answer, or what was said beside calls of tools
 *                                 → text-discarded     cut, failed, invalid, unsure; the next try starts anew
 */
export type TextEvent = TextOrigin & { solver: string; try: number } & TextNews

/** What happened to a text that a model writes. */
export type TextNews =
  | { type: 'text-started' }
  | { type: 'text-written'; text: string }
  | { type: 'text-finished' }
  | { type: 'text-discarded'; reason: string }

/** May take its time: while it does, what is written meanwhile is joined. One that throws hears no more of its text. */
export type TextListener = (event: TextEvent) => unknown

/** Follows the tries at one question, one after the other. Says nothing of tries that write no text. */
export class TextStream {
  readonly #origin: TextOrigin
  readonly #secrets: Secrets
  readonly #mail: Mail
  #clean: SecretStream
  #solver = ''
  #try = 0
  #isOpen = false
  #isWriting = false

  constructor(origin: TextOrigin, listener: TextListener, { log, secrets }: { log: Log; secrets: Secrets }) {
    this.#origin = origin
    this.#secrets = secrets
    this.#clean = secrets.stream()
    this.#mail = new Mail(listener, (error) =>
      log.warn('a listener to texts threw and hears no more of this one', {
        ...origin,
        error: messageOf(error),
      }),
    )
  }

  /** Begins a try. What the function is called with after the try has ended is late and goes nowhere. */
  open(solver: string): (text: string) => void {
    const current = ++this.#try
    this.#solver = solver
    this.#isOpen = true
    this.#clean = this.#secrets.stream()
    return (text) => {
      if (this.#isOpen && current === this.#try) this.#write(this.#clean.push(text))
    }
  }

  discard(reason: string): void {
    this.#close({ type: 'text-discarded', reason })
  }

  finish(): void {
    this.#close({ type: 'text-finished' })
  }

  #write(text: string): void {
    if (text === '') return
    if (!this.#isWriting) this.#tell({ type: 'text-started' })
    this.#isWriting = true
    this.#tell({ type: 'text-written', text })
  }

  #close(ending: TextNews): void {
    this.#write(this.#clean.end())
    if (this.#isWriting) this.#tell(ending)
    this.#isWriting = false
    this.#isOpen = false
  }

  #tell(news: TextNews): void {
    this.#mail.post({ ...this.#origin, solver: this.#solver, try: this.#try, ...news })
  }
}

/** Hands events on in order and one at a time, never while the sender waits. */
class Mail {
  readonly #listener: TextListener
  readonly #onThrow: (error: unknown) => void
  #waiting: TextEvent[] = []
  #isOnTheWay = false
  #isRefused = false

  constructor(listener: TextListener, onThrow: (error: unknown) => void) {
    this.#listener = listener
    this.#onThrow = onThrow
  }

  post(event: TextEvent): void {
    if (this.#isRefused) return
    const last = this.#waiting.at(-1)
    if (last?.type === 'text-written' && event.type === 'text-written' && last.try === event.try)
      last.text += event.text
    else this.#waiting.push(event)
    if (!this.#isOnTheWay) void this.#deliver()
  }

  async #deliver(): Promise<void> {
    this.#isOnTheWay = true
    await null
    try {
      for (let event = this.#waiting.shift(); event; event = this.#waiting.shift())
        await this.#listener(event)
    } catch (error) {
      this.#isRefused = true
      this.#waiting = []
      this.#onThrow(error)
    }
    this.#isOnTheWay = false
  }
}
