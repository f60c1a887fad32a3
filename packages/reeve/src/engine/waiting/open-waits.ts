import type { Inbox } from './inbox.ts'
import type { Timers } from './timers.ts'

interface GivenUp {
  /** Whose wait it is: a promise of another run gives nothing up. */
  of: OpenWaits
  step: number
  giveUp: () => void
}

/** Stands on the promise itself: a WeakMap with very many entries costs each collection of garbage more than all else. */
const givesUp = Symbol('givesUp')

type Waiting = Promise<unknown> & { [givesUp]?: GivenUp }

/**
 * What the calls of one run wait for: points in time, items of its inbox; and the ways to give a wait up, by the promises
 * that its workflow has of them.
 */
export class OpenWaits {
  readonly #timers: Timers
  readonly #inbox: Inbox

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

  /** Whether a person said what that call comes to: it counts before the call is tried again. */
  isOverridden(call: number): boolean {
    return this.#inbox.isOverridden(call)
  }

  /** What the workflow has of a wait, and how that is given up. */
  add(promise: Promise<unknown>, step: number, giveUp: () => void): void {
    Object.defineProperty(promise, givesUp, {
      value: { of: this, step, giveUp } satisfies GivenUp,
      writable: true,
    })
  }

  /** The wait of that call, or behind that promise, may be given up by the workflow's code. */
  expectGivingUp(of: number | Promise<unknown>): void {
    const step = typeof of === 'number' ? of : this.#behind(of)?.step
    if (step !== undefined) this.#inbox.expectGivingUp(step)
  }

  /** The wait behind `promise`, if there is one, ends; nothing happens when it has ended already. */
  giveUp(promise: Promise<unknown>): void {
    this.#behind(promise)?.giveUp()
  }

  #behind(promise: Promise<unknown>): GivenUp | undefined {
    const found = (promise as Waiting)[givesUp]
    return found?.of === this ? found : undefined
  }
}
