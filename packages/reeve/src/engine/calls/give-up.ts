import { ReeveError } from '../../base/errors.ts'
import { describeValue } from '../../base/text/shorten.ts'
import type { Row } from '../../store/database.ts'
import type { WaitKind } from '../../store/journal/vocabulary/define.ts'
import type { CallSite } from '../call-site.ts'
import type { OverriddenWait, Override } from '../overriding/override.ts'
import type { Call } from '../replay/call.ts'
import { fail } from './fail.ts'

/** A wait that has begun: the way to stop it, and what is written with its end when it is given up. */
export interface Begun {
  stop: () => void
  rows?: readonly Row[]
  /** How it ends as a person says. Absent: nobody overrides it. */
  override?: (given: Override) => OverriddenWait
}

/**
 * Performs a call that only waits:
 *
 *   held → waiting → over         what it waited for came
 *      ↘       ↘ given up         `signal` was aborted, or its race was lost
 *
 * `begin` begins to wait; it calls `over` in the same breath as it settles the call. A wait that is given up takes nothing
 * from the inbox any more. Its end is journaled, so that a replay delivers it where it was; when the process died before,
 * the replay gives the wait up at the same place of the code, before anything acts.
 */
export function performWait(
  site: CallSite,
  call: Call<WaitKind>,
  signal: AbortSignal | undefined,
  begin: (over: () => void) => Begun,
): void {
  let state: 'held' | 'waiting' | 'over' | 'given up' = 'held'
  let begun: Begun | undefined
  const endAsGivenUp = () => fail(site, call, `${call.kind}-given-up`, givenUp(call), begun?.rows)
  const giveUp = () => {
    if (state === 'waiting') {
      begun?.stop()
      endAsGivenUp()
    }
    if (state !== 'over') state = 'given up'
    signal?.removeEventListener('abort', giveUp)
  }
  requireSignal(signal)
  if (signal?.aborted) giveUp()
  else signal?.addEventListener('abort', giveUp)
  if (signal) site.waits.expectGivingUp(call.step)
  site.waits.add(call.promise, call.step, giveUp)
  call.override = (given) => {
    const ending = state === 'waiting' ? begun?.override?.(given) : undefined
    if (ending === undefined || typeof ending === 'string') return ending ?? 'it does not wait now'
    return () => {
      begun?.stop()
      state = 'over'
      signal?.removeEventListener('abort', giveUp)
      site.append(call, ending.event, ending.options)
    }
  }
  site.perform(call, () => {
    if (state === 'given up') return endAsGivenUp()
    state = 'waiting'
    const over = () => {
      state = 'over'
      signal?.removeEventListener('abort', giveUp)
    }
    try {
      begun = begin(over)
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
  site: CallSite,
  items: readonly (Promise<T> | ((signal: AbortSignal) => T | Promise<T>))[],
): Promise<T> {
  if (!Array.isArray(items) || items.length === 0) {
    const what = Array.isArray(items) ? 'an empty array, which would never settle' : describeValue(items)
    throw new ReeveError('empty-race', `ctx.race got ${what}. Give it one promise or function at least.`)
  }
  const lost = new AbortController()
  const running = items.map((item) => (typeof item === 'function' ? run(item, lost.signal) : item))
  for (const each of running) {
    if (each instanceof Promise) site.waits.expectGivingUp(each)
  }
  try {
    return await Promise.race(running)
  } finally {
    lost.abort()
    for (const each of running) {
      if (!(each instanceof Promise)) continue
      site.waits.giveUp(each)
      site.leave(each)
    }
  }
}

/** As a promise, also when the function throws at once. */
async function run<T>(item: (signal: AbortSignal) => T | Promise<T>, signal: AbortSignal): Promise<T> {
  return item(signal)
}
