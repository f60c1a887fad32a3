import { isRetryable, messageOf, ReeveError } from '../../base/errors.ts'
import { wait } from '../../base/time/abort.ts'
import { backoffMs } from '../../base/time/backoff.ts'
import type { Clock } from '../../base/time/time.ts'
import type { TextStream } from '../asking/text-stream.ts'
import type { Answer, Question, SolveOptions, Solver } from '../solver.ts'

/** Where one question to one solver runs: who may stop it, and how long it may take. */
export interface AttemptLimits {
  clock: Clock
  signal: AbortSignal
  timeoutMs: number
  /** Times that a retryable failure is tried again. */
  maxRetries: number
  /** The longest wait before trying again; a solver that asks for more is left for the next one. */
  maxRetryWaitMs: number
  /** 0..1, to spread the retries of many processes; absent: no jitter. */
  random?: () => number
  /** Handed to the solver. */
  promptCache?: boolean | undefined
  /** Hears the text of each try. */
  texts?: TextStream | undefined
}

export interface AttemptFailure {
  error: unknown
  timedOut: boolean
  retries: number
  /** How many of the calls may have been billed without an answer to count. */
  billsUnknown: number
}

const retryPace = { firstMs: 250, factor: 2 }

/**
 * Puts one question to one solver, trying again after a retryable failure. A solver that answers at once costs no
 * timer and no abort controller. @throws the signal's reason when the caller aborts; failures are returned.
 */
export async function attempt(
  solver: Solver,
  question: Question,
  limits: AttemptLimits,
): Promise<
  { answer: Answer; failure?: undefined; retries: number; billsUnknown: number } | { failure: AttemptFailure }
> {
  let billsUnknown = 0
  for (let retries = 0; ; retries++) {
    const call = new SolverCall(limits, limits.texts?.open(solver.name))
    try {
      const answer = solver.solve(question, call)
      return { answer: isPromise(answer) ? await call.settle(answer) : answer, retries, billsUnknown }
    } catch (error) {
      limits.texts?.discard(messageOf(error))
      limits.signal.throwIfAborted()
      if (call.timedOut || leavesBillUnknown(error)) billsUnknown++
      const waitMs = retryWaitMs(error, retries, limits)
      if (call.timedOut || waitMs === undefined)
        return { failure: { error, timedOut: call.timedOut, retries, billsUnknown } }
      await wait(waitMs, limits)
    }
  }
}

/** What a solver gets as its options. The abort controller exists only once someone asks for the signal. */
class SolverCall implements SolveOptions {
  readonly #limits: AttemptLimits
  #controller: AbortController | undefined
  #stoppedBy: unknown
  readonly onText: SolveOptions['onText']
  timedOut = false

  constructor(limits: AttemptLimits, onText: SolveOptions['onText']) {
    this.#limits = limits
    this.onText = onText
  }

  get promptCache(): boolean | undefined {
    return this.#limits.promptCache
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController()
      if (this.#limits.signal.aborted) this.#controller.abort(this.#limits.signal.reason)
      else if (this.#stoppedBy !== undefined) this.#controller.abort(this.#stoppedBy)
    }
    return this.#controller.signal
  }

  /** Waits for the answer, the time limit or the caller's abort, whichever comes first. */
  settle(answer: PromiseLike<Answer>): Promise<Answer> {
    const { clock, signal, timeoutMs } = this.#limits
    return new Promise((resolve, reject) => {
      const stop = (reason: unknown) => {
        this.#stoppedBy = reason
        done()
        reject(reason)
        this.#controller?.abort(reason)
      }
      const onAbort = () => stop(signal.reason)
      const cancelTimer = clock.after(timeoutMs, () => {
        this.timedOut = true
        stop(new ReeveError('timeout', `no answer within ${timeoutMs} ms`, { retryable: true }))
      })
      const done = () => {
        cancelTimer()
        signal.removeEventListener('abort', onAbort)
      }
      if (signal.aborted) return onAbort()
      signal.addEventListener('abort', onAbort)
      answer.then(
        (value) => {
          done()
          resolve(value)
        },
        (error: unknown) => {
          done()
          reject(error)
        },
      )
    })
  }
}

/** How long to wait before trying again; undefined: do not. */
function retryWaitMs(error: unknown, retries: number, limits: AttemptLimits): number | undefined {
  if (!isRetryable(error) || retries >= limits.maxRetries) return undefined
  const asked = retryAfterMsOf(error)
  if (asked !== undefined) return asked <= limits.maxRetryWaitMs ? asked : undefined
  const backoff = backoffMs({ ...retryPace, longestMs: limits.maxRetryWaitMs }, retries + 1)
  return limits.random ? Math.round(backoff * (0.5 + limits.random() / 2)) : backoff
}

/** What the solver's side asked to wait, in milliseconds. */
export function retryAfterMsOf(error: unknown): number | undefined {
  if (!(error instanceof ReeveError)) return undefined
  const { retryAfterMs } = error.details
  return typeof retryAfterMs === 'number' && retryAfterMs >= 0 ? retryAfterMs : undefined
}

function leavesBillUnknown(error: unknown): boolean {
  return error instanceof ReeveError && error.details.billUnknown === true
}

export function describeFailure(failure: AttemptFailure, maxRetryWaitMs: number): string {
  const asked = retryAfterMsOf(failure.error)
  const tries = failure.retries > 0 ? ` (after ${failure.retries + 1} tries)` : ''
  const waiting = asked !== undefined && asked > maxRetryWaitMs ? `; it asks to wait ${asked} ms` : ''
  return `${messageOf(failure.error)}${waiting}${tries}`
}

function isPromise(answer: Answer | PromiseLike<Answer>): answer is PromiseLike<Answer> {
  return 'then' in answer && typeof answer.then === 'function'
}
