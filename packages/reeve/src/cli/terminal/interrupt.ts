import { exitCodes } from './exit-codes.ts'
import type { Terminal } from './terminal.ts'

/** A terminal and `npx` both pass Ctrl-C on: what comes so soon after the first is the same one. */
const sameWithinMs = 500

/**
 * Ctrl-C (SIGINT), SIGTERM, SIGHUP, or a reader that went away aborts the signal, so that the command stops gracefully. A
 * second one stops waiting for what acts, and gives the runs back at once; a third ends the process. Either way nothing is
 * lost: what is durable stays, and the next worker goes on.
 */
export class Interrupt {
  readonly #abort = new AbortController()
  readonly #terminal: Terminal
  readonly #remark: string

  readonly #hurry: () => void
  #heardAt = Number.NEGATIVE_INFINITY
  #isHurried = false

  constructor(terminal: Terminal, remark: string, hurry: () => void) {
    this.#hurry = hurry
    this.#terminal = terminal
    this.#remark = remark
    // Heard until the process ends: while the runtime stops, too, a second one must count.
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => this.#hear())
    if (terminal.closed.aborted) this.#abort.abort()
    else terminal.closed.addEventListener('abort', () => this.#abort.abort(), { once: true })
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  #hear(): void {
    const at = performance.now()
    if (at - this.#heardAt < sameWithinMs) return
    this.#heardAt = at
    if (this.#isHurried) process.exit(exitCodes.interrupted)
    if (this.#abort.signal.aborted) {
      this.#isHurried = true
      this.#hurry()
      return
    }
    this.#terminal.remark(
      `\nStopping: calls in progress may finish. ${this.#remark} Ctrl-C again ends at once.`,
    )
    this.#abort.abort()
  }
}
