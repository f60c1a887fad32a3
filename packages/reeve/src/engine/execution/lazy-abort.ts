import { ReeveError } from '../../base/errors.ts'

/** An abort controller that is made only when somebody asks for its signal: most runs end without. */
export class LazyAbort {
  #controller: AbortController | undefined
  #reason: { code: string; message: string } | undefined

  get aborted(): boolean {
    return this.#reason !== undefined
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController()
      if (this.#reason) this.#controller.abort(withoutStack(this.#reason))
    }
    return this.#controller.signal
  }

  /** The first reason stands. */
  abort(code: string, message: string): void {
    if (this.#reason) return
    this.#reason = { code, message }
    this.#controller?.abort(withoutStack(this.#reason))
  }
}

/** Where a run ended in this code helps nobody, and to write that down takes longer than to end it. */
function withoutStack({ code, message }: { code: string; message: string }): ReeveError {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 0
  try {
    return new ReeveError(code, message)
  } finally {
    Error.stackTraceLimit = limit
  }
}
