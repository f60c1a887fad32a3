import type { Inbox } from './inbox.ts'
import type { Timers } from './timers.ts'

/**
 * What the calls of one run wait for: points in time, items of its inbox; and the ways to give a wait up, by the promises
 * that its workflow has of them.
 */
export class OpenWaits {
  readonly #timers: Timers
  readonly #inbox: Inbox
  #byPromise: WeakMap<Promise<unknown>, { step: number; giveUp: () => void }> | undefined

  constructor(timers: Timers, inbox: Inbox) {
    this.#timers = timers
    this.#inbox = inbox
  }

  /** Calls back at `at` (ms) or soon after, never before. `acts`: the call that acts then. Returns the way to drop it. */
  until(at: number, fire: () => void, acts?: number): () => void {
    return this.#timers.set(at, fire, acts)
  }

  /** Calls `take` with the next item of that name: see `Inbox.wait`. Returns the way to stop waiting. */
  forItem(name: string, step: number, take: Parameters<Inbox['wait']>[2]): () => void {
    return this.#inbox.wait(name, step, take)
  }

  /** What the workflow has of a wait, and how that is given up. */
  add(promise: Promise<unknown>, step: number, giveUp: () => void): void {
    this.#byPromise ??= new WeakMap()
    this.#byPromise.set(promise, { step, giveUp })
  }

  /** The wait of that call, or behind that promise, may be given up by the workflow's code. */
  expectGivingUp(of: number | Promise<unknown>): void {
    const step = typeof of === 'number' ? of : this.#byPromise?.get(of)?.step
    if (step !== undefined) this.#inbox.expectGivingUp(step)
  }

  /** The wait behind `promise`, if there is one, ends; nothing happens when it has ended already. */
  giveUp(promise: Promise<unknown>): void {
    this.#byPromise?.get(promise)?.giveUp()
  }
}
