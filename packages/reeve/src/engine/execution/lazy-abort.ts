import { ReeveError } from '../../base/errors.ts'

/** An abort controller that is made only when somebody asks for its signal: most runs end without. */
export class LazyAbort {
  /** Those that are aborted with it, and may be before. */
  #own: AbortController[] | undefined
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
    if (!this.#own) return
    const { reason } = this.signal
    for (const each of this.#own) each.abort(reason)
    this.#own = undefined
  }

  /** A controller of one call: one is a tenth of what a signal of signals costs. */
  own(): AbortController {
    const made = new AbortController()
    if (this.#reason) made.abort(this.signal.reason)
    else {
      this.#own ??= []
      this.#own.push(made)
    }
    return made
  }

  /** The run ends while something acts. */
  ending(returned: boolean): void {
    const notAwaited = 'The workflow returned while this call was in progress. If it must be done, await it.'
    this.abort('run-ending', returned ? notAwaited : 'The run is ending.')
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
