import { ReeveError } from '../../base/errors.ts'
import { describeValue } from '../../base/text/shorten.ts'
import type { Call } from '../execution/call.ts'
import type { Execution } from '../execution/execution.ts'

/** The waits of one run that can be given up, by the promises that its workflow has of them. */
export class OpenWaits {
  readonly #waits = new WeakMap<Promise<unknown>, { step: number; giveUp: () => void }>()

  add(promise: Promise<unknown>, step: number, giveUp: () => void): void {
    this.#waits.set(promise, { step, giveUp })
  }

  /** The call that waits behind `promise`, if there is one. */
  stepOf(promise: Promise<unknown>): number | undefined {
    return this.#waits.get(promise)?.step
  }

  /** The wait behind `promise`, if there is one, ends; nothing happens when it has ended already. */
  giveUp(promise: Promise<unknown>): void {
    this.#waits.get(promise)?.giveUp()
  }
}

/** The calls that only wait. */
type WaitKind = 'timer' | 'signal' | 'approval' | 'child-result'

/**
 * Performs a call that only waits:
 *
 *   held → waiting → over         what it waited for came
 *      ↘       ↘ given up         `signal` was aborted, or its race was lost
 *
 * `begin` begins to wait and answers the way to stop; it calls `over` in the same breath as it settles the call. A wait
 * that is given up takes nothing from the inbox any more. Its end is journaled, so that a replay delivers it where it was;
 * when the process died before, the replay gives the wait up at the same place of the code, before anything acts.
 * Answers the way to give up.
 */
export function performWait(
  execution: Execution,
  call: Call<WaitKind>,
  signal: AbortSignal | undefined,
  begin: (over: () => void) => () => void,
): void {
  let state: 'held' | 'waiting' | 'over' | 'given up' = 'held'
  let stop = () => {}
  const fail = () => execution.fail(call, `${call.kind}-given-up`, givenUp(call))
  const giveUp = () => {
    if (state === 'waiting') {
      stop()
      fail()
    }
    if (state !== 'over') state = 'given up'
    signal?.removeEventListener('abort', giveUp)
  }
  requireSignal(signal)
  if (signal?.aborted) giveUp()
  else signal?.addEventListener('abort', giveUp)
  if (signal) execution.inbox.expectGivingUp(call.step)
  execution.openWaits.add(call.promise, call.step, giveUp)
  execution.perform(call, () => {
    if (state === 'given up') return fail()
    state = 'waiting'
    const over = () => {
      state = 'over'
      signal?.removeEventListener('abort', giveUp)
    }
    try {
      stop = begin(over)
    } catch (error) {
      over()
      throw error
    }
  })
}

function givenUp(call: Call): ReeveError {
  return new ReeveError(
    'wait-given-up',
    `The wait for ${call.kind} "${call.name}" was given up: its signal was aborted, or another branch of its ctx.race came first.`,
  )
}

function requireSignal(signal: unknown): void {
  if (signal === undefined || signal instanceof AbortSignal) return
  throw new ReeveError(
    'bad-option',
    `The option \`signal\` of a wait is ${describeValue(signal)}; it must be an AbortSignal: new AbortController().signal`,
  )
}

/**
 * The first of them to settle; those that only wait are given up then.
 * @throws `empty-race` and what the first one fails with
 */
export async function race<T>(
  execution: Execution,
  items: readonly (Promise<T> | ((signal: AbortSignal) => T | Promise<T>))[],
): Promise<T> {
  if (!Array.isArray(items) || items.length === 0) {
    const what = Array.isArray(items) ? 'an empty array, which would never settle' : describeValue(items)
    throw new ReeveError('empty-race', `ctx.race got ${what}. Give it one promise or function at least.`)
  }
  const lost = new AbortController()
  const running = items.map((item) => (typeof item === 'function' ? run(item, lost.signal) : item))
  for (const each of running) {
    const step = each instanceof Promise ? execution.openWaits.stepOf(each) : undefined
    if (step !== undefined) execution.inbox.expectGivingUp(step)
  }
  try {
    return await Promise.race(running)
  } finally {
    lost.abort()
    for (const each of running) if (each instanceof Promise) execution.openWaits.giveUp(each)
  }
}

/** As a promise, also when the function throws at once. */
async function run<T>(item: (signal: AbortSignal) => T | Promise<T>, signal: AbortSignal): Promise<T> {
  return item(signal)
}
