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
      if (this.#reason) this.#controller.abort(new ReeveError(this.#reason.code, this.#reason.message))
    }
    return this.#controller.signal
  }

  /** The first reason stands. */
  abort(code: string, message: string): void {
    if (this.#reason) return
    this.#reason = { code, message }
    this.#controller?.abort(new ReeveError(code, message))
  }
}
