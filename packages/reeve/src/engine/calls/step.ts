import type { StandardSchemaV1 } from '@standard-schema/spec'
import { fromErrorRecord, isRetryable, ReeveError, toErrorRecord } from '../../base/errors.ts'
import type { AsJson } from '../../base/json/as-json.ts'
import { checkOption, optionNames, refuseUnknownOptions } from '../../base/options.ts'
import { type Duration, toWaitMs } from '../../base/time/time.ts'
import type { Row } from '../../store/database.ts'
import { checkedEvent, type NewEvent, newEvent, payloadOf } from '../../store/journal/events.ts'
import type { CallSite } from '../call-site.ts'
import { overridingError } from '../overriding/override.ts'
import type { Call } from '../replay/call.ts'
import { runBody } from '../replay/inside-body.ts'
import { type Lacking, untilThere } from '../waiting/until-there.ts'
import { fail } from './fail.ts'
import { delayAfter, type ResolvedRetry, type RetryPolicy, resolveRetry } from './retry.ts'

/** What a step's body gets. */
export interface StepAttempt {
  /** 1 for the first. */
  attempt: number
  /** The same on every attempt: an idempotency key for whatever the body calls. */
  key: string
  /** Aborted when the attempt times out or the run ends. */
  signal: AbortSignal
}

/**
 * What `ctx.step` runs. Its result must be plain JSON: a body that gives a Date, a Map or a bigint does not compile. A
 * function of your own that hands a body on takes it as this type.
 * @example
 * import type { Context, StepBody } from 'reeve'
 *
 * const timed = <T>(ctx: Context, name: string, body: StepBody<T>) => ctx.step(name, body, { timeout: '30s' })
 */
export type StepBody<T> = ((attempt: StepAttempt) => T | Promise<T>) & JsonBody<Awaited<T>>

type JsonBody<T> = [T] extends [AsJson<T>]
  ? unknown
  : (attempt: StepAttempt) => AsJson<T> | Promise<AsJson<T>>

/** For `ctx.step`. */
export interface StepOptions {
  /** How often a failed attempt is repeated. Default: see `RetryPolicy`. */
  retry?: RetryPolicy | undefined
  /** For one attempt. Default: none. */
  timeout?: Duration | undefined
  /** Says which texts of the result are marked (`personal`): they are kept apart. The result is not checked by it. */
  marks?: StandardSchemaV1 | undefined
}

const stepOptions = optionNames<StepOptions>({ retry: true, timeout: true, marks: true })

export function step(
  site: CallSite,
  name: string,
  body: (attempt: StepAttempt) => unknown,
  options: StepOptions | undefined,
): Promise<unknown> {
  const call = site.issue('step', name, null)
  if (options?.marks) call.resultMarks = options.marks
  site.perform(call, () => {
    if (typeof body !== 'function') checkOption(body, `What step "${call.name}" does`, 'function!')
    if (options !== undefined) checkStepOptions(call, options)
    const policy = resolveRetry(options?.retry)
    const timeoutMs =
      options?.timeout === undefined
        ? undefined
        : toWaitMs(options.timeout, `\`timeout\` of step "${call.name}"`)
    const what = `step "${call.name}"`
    const acts = site.services.substitutes?.step(call.name, body) ?? body
    const marked = options?.marks
    const completed = (value: unknown) => {
      if (marked) site.mark(marked, value)
      return checkedEvent('step-completed', value, `the result of ${what}`)
    }
    return attempts(site, call, { policy, timeoutMs, body: acts, what, completed })
  })
  return call.promise
}

function checkStepOptions(call: Call, options: StepOptions): void {
  checkOption(options, `The options of step "${call.name}"`, 'object')
  refuseUnknownOptions(options, `Step "${call.name}"`, stepOptions)
}

/** An attempt without a time limit of its own. Key and signal are made when a body looks at them: few do. */
class FreeAttempt implements StepAttempt {
  readonly attempt: number
  readonly #site: CallSite
  readonly #call: Call
  #signal: AbortSignal | undefined

  constructor(site: CallSite, call: Call, attempt: number) {
    this.attempt = attempt
    this.#site = site
    this.#call = call
  }

  get key(): string {
    return keyOf(this.#site, this.#call)
  }

  get signal(): AbortSignal {
    this.#signal ??= signalOf(this.#site, this.#call)
    return this.#signal
  }
}

/** Aborted when the run ends or leaves, and when a person overrides the call. */
function signalOf(site: CallSite, call: Call): AbortSignal {
  call.stop ??= site.ownStop()
  if (call.overridden) call.stop.abort(overridingError('A person overrode this call.'))
  return call.stop.signal
}

/** The calls that are tried until they give a value. */
type TriedKind = 'step' | 'question'

/** What is tried until it gives a value: a step's body, or a question to a route. */
export interface Attempted<T> {
  /** How it is named in errors. */
  what: string
  policy: ResolvedRetry
  timeoutMs: number | undefined
  body: (attempt: StepAttempt) => T | Promise<T>
  /** The event that says what it gave. @throws `not-serialisable` `payload-too-large` */
  completed: (value: T) => NewEvent
  /** What an attempt failed for want of: it is made again, and does not count. */
  lacked?: (error: unknown) => Lacking | undefined
}

/** Goes on from the attempts that the journal knows. Settles the call with the value, as `KIND-completed`. */
export function attempts<T>(
  site: CallSite,
  call: Call<TriedKind>,
  attempted: Attempted<T>,
): Promise<void> | void {
  const last = call.recorded?.opened.at(-1)
  if (!last) return tries(site, call, attempted, 1)
  const { attempt, dueAt, error } = payloadOf(last, 'step-retrying', 'question-retrying', 'budget-awaited')
  const next = () => tries(site, call, attempted, attempt + 1)
  if (dueAt <= site.services.clock.now() && !site.waits.isOverridden(call.step)) return next()
  const lacking =
    last.type === 'budget-awaited' ? attempted.lacked?.(error && fromErrorRecord(error)) : undefined
  if (lacking) return untilThere(site, call, { ...lacking, at: dueAt }, next)
  again(site, call, dueAt, next)
}

/** A body that answers at once is written down at once, without a turn of a promise. */
function tries<T>(
  site: CallSite,
  call: Call<TriedKind>,
  attempted: Attempted<T>,
  attempt: number,
): Promise<void> | void {
  const { body, timeoutMs, what } = attempted
  let value: T | Promise<T>
  try {
    const free = new FreeAttempt(site, call, attempt)
    value =
      timeoutMs === undefined
        ? runBody(site, what, () => body(free))
        : within(site, timeoutMs, what, (signal) =>
            runBody(site, what, () =>
              body({ attempt, key: free.key, signal: AbortSignal.any([signal, free.signal]) }),
            ),
          )
  } catch (error) {
    return attemptFailed(site, call, attempted, { attempt, error })
  }
  if (isThenable(value)) return awaited(site, call, attempted, { attempt, value })
  site.append(call, attempted.completed(value), { value })
}

async function awaited<T>(
  site: CallSite,
  call: Call<TriedKind>,
  attempted: Attempted<T>,
  { attempt, value: promise }: { attempt: number; value: Promise<T> },
): Promise<void> {
  let value: T
  try {
    value = await promise
  } catch (error) {
    return attemptFailed(site, call, attempted, { attempt, error })
  }
  site.append(call, attempted.completed(value), { value })
}

/** As `await` sees it. */
function isThenable<T>(value: T | Promise<T>): value is Promise<T> {
  if (value instanceof Promise) return true
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false
  return typeof (value as { then?: unknown }).then === 'function'
}

function attemptFailed<T>(
  site: CallSite,
  call: Call<TriedKind>,
  attempted: Attempted<T>,
  { attempt, error }: { attempt: number; error: unknown },
): Promise<void> | void {
  // Nothing of it counts any more.
  if (call.overridden) return
  const { policy } = attempted
  const lacking = attempted.lacked?.(error)
  if (lacking && !site.aborted) {
    const { at: dueAt, until } = lacking
    const waiting = { attempt: attempt - 1, dueAt, error: toErrorRecord(error), until }
    return site
      .append(call, newEvent('budget-awaited', waiting), { wait: true })
      .then(() => untilThere(site, call, lacking, () => tries(site, call, attempted, attempt)))
  }
  if (attempt >= policy.attempts || !isRetryable(error) || site.aborted) {
    fail(site, call, `${call.kind}-failed`, error)
    return
  }
  retryLater(site, call, { type: `${call.kind}-retrying`, policy, attempt, error }, () =>
    tries(site, call, attempted, attempt + 1),
  )
}

/** Journals a failed attempt and makes the next one when its time has come, in this process or another. */
export function retryLater(
  site: CallSite,
  call: Call,
  retried: {
    type: `${TriedKind | 'effect'}-retrying`
    policy: ResolvedRetry
    attempt: number
    error: unknown
    /** Which failure it is, where not each attempt counts as one. Default: that of the attempt. */
    failure?: number
    /** What is written with it. */
    rows?: readonly Row[]
  },
  next: () => Promise<void> | void,
): void {
  const { type, policy, attempt, error, failure = attempt, rows } = retried
  const delayMs = delayAfter(policy, failure, site.services.random(), error)
  const dueAt = Math.ceil(site.services.clock.now() + delayMs)
  site.append(call, newEvent(type, { attempt, dueAt, error: toErrorRecord(error) }), { rows })
  again(site, call, dueAt, next)
}

export function again(site: CallSite, call: Call, dueAt: number, next: () => Promise<void> | void): void {
  site.waits.until(dueAt, () => site.perform(call, next), call.step)
}

/** The same upon a time that the journal has: at once where it has passed, unless a person has said something of the call. */
export function whenDue(
  site: CallSite,
  call: Call,
  dueAt: number,
  next: () => Promise<void> | void,
): Promise<void> | void {
  if (dueAt <= site.services.clock.now() && !site.waits.isOverridden(call.step)) return next()
  again(site, call, dueAt, next)
}

/** The idempotency key of a call: the same on every attempt, and unlike any other call's in any database. */
export function keyOf(site: CallSite, call: Call): string {
  return `${site.services.identity}:${site.run.id}:${call.step}`
}

/** Runs one attempt under its time limit and the run's own end. @throws `timeout` */
export async function within<T>(
  site: CallSite,
  timeoutMs: number | undefined,
  what: string,
  body: (signal: AbortSignal) => T | Promise<T>,
): Promise<T> {
  if (timeoutMs === undefined) return body(site.signal)
  const limit = new AbortController()
  let expire: (error: Error) => void = () => {}
  const expired = new Promise<never>((_resolve, reject) => {
    expire = reject
  })
  const cancel = site.services.clock.after(timeoutMs, () => {
    const error = new ReeveError('timeout', `${what} took longer than its limit of ${timeoutMs} ms.`, {
      retryable: true,
    })
    limit.abort(error)
    expire(error)
  })
  try {
    return await Promise.race([body(AbortSignal.any([site.signal, limit.signal])), expired])
  } finally {
    cancel()
  }
}
