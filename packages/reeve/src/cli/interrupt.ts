import { exitCodes } from './exit-codes.ts'
import type { Terminal } from './terminal.ts'

/**
 * Ctrl-C (or SIGTERM, or a reader that went away) aborts the signal, so that the command stops gracefully; a second
 * one ends the process at once. Either way nothing is lost: what is durable stays, and the next worker goes on.
 */
export class Interrupt {
  readonly #abort = new AbortController()
  readonly #terminal: Terminal
  readonly #remark: string

  constructor(terminal: Terminal, remark: string) {
    this.#terminal = terminal
    this.#remark = remark
    // Heard until the process ends: while the runtime stops, too, a second one must end it at once.
    process.on('SIGINT', () => this.#hear())
    process.on('SIGTERM', () => this.#hear())
    if (terminal.closed.aborted) this.#abort.abort()
    else terminal.closed.addEventListener('abort', () => this.#abort.abort(), { once: true })
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  #hear(): void {
    if (this.#abort.signal.aborted) process.exit(exitCodes.interrupted)
    this.#terminal.remark(`\nStopping: what acts now may finish. ${this.#remark} Ctrl-C again ends at once.`)
    this.#abort.abort()
  }
}
