import { exitCodes } from './exit-codes.ts'
import type { Terminal } from './terminal.ts'

/**
 * Ctrl-C (or SIGTERM, or a reader that went away) aborts the signal, so that the command stops gracefully; a second
 * one ends the process at once. Either way nothing is lost: what is durable stays, and the next worker goes on.
 */
export class Interrupt implements Disposable {
  readonly #abort = new AbortController()
  readonly #terminal: Terminal
  readonly #remark: string
  readonly #heard = () => this.#hear()
  readonly #unread = () => this.#abort.abort()

  constructor(terminal: Terminal, remark: string) {
    this.#terminal = terminal
    this.#remark = remark
    process.on('SIGINT', this.#heard)
    process.on('SIGTERM', this.#heard)
    if (terminal.closed.aborted) this.#unread()
    else terminal.closed.addEventListener('abort', this.#unread, { once: true })
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  #hear(): void {
    if (this.#abort.signal.aborted) process.exit(exitCodes.interrupted)
    this.#terminal.remark(`\nStopping: what acts now may finish. ${this.#remark} Ctrl-C again ends at once.`)
    this.#abort.abort()
  }

  [Symbol.dispose](): void {
    process.off('SIGINT', this.#heard)
    process.off('SIGTERM', this.#heard)
    this.#terminal.closed.removeEventListener('abort', this.#unread)
  }
}
