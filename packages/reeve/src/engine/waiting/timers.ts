import type { Clock } from '../../base/time/time.ts'

/** The clock may be set meanwhile: what is far off is looked at again after this time. */
const longestNapMs = 10_000

interface Timer {
  at: number
  /** Of two that are due at one time, the one that was set first goes first. */
  order: number
  /** Undefined once it fired or was dropped. */
  fire: (() => void) | undefined
  /** The call that acts when it fires, and that a replay would let act at once when it is due. */
  acts: number | undefined
}

/**
 * A run's timers while a process holds it: one clock timer for the earliest, whatever their number. They lie in a binary
 * heap; one that is dropped stays in it until it comes up, or until half of the heap is dropped ones.
 */
export class Timers {
  readonly #clock: Clock
  #heap: Timer[] = []
  #size = 0
  #cancel: (() => void) | undefined
  #armedAt = Number.POSITIVE_INFINITY
  #next = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#size
  }

  /** When the first of them is due (ms). */
  get earliest(): number | undefined {
    while (this.#heap.length > 0 && !this.#heap[0]!.fire) this.#pop()
    return this.#heap[0]?.at
  }

  dueWithin(ms: number): boolean {
    const earliest = this.earliest
    return earliest !== undefined && earliest <= this.#clock.now() + ms
  }

  /** Calls back at `at` or soon after, never before. `acts`: the call that acts then. Returns the way to drop it. */
  set(at: number, fire: () => void, acts?: number): () => void {
    const timer: Timer = { at, order: this.#next++, fire, acts }
    this.#push(timer)
    this.#size++
    this.#arm()
    return () => {
      if (!timer.fire) return
      timer.fire = undefined
      this.#size--
      if (this.#size === 0) this.stop()
      if (this.#heap.length > 2 * this.#size + 16) this.#rebuild()
    }
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#armedAt = Number.POSITIVE_INFINITY
  }

  /** After `stop`: calls back again for those that are set. */
  resume(): void {
    this.#arm()
  }

  /** Takes out those due by which calls act, in the order of the calls. */
  takeDueActs(): (() => void)[] {
    const now = this.#clock.now()
    const due = this.#heap.filter(({ at, fire, acts }) => fire && acts !== undefined && at <= now)
    due.sort((left, right) => left.acts! - right.acts!)
    return due.map((timer) => {
      const begin = timer.fire!
      timer.fire = undefined
      this.#size--
      return begin
    })
  }

  /** Whether something is set by which that call acts. */
  hasActOf(call: number): boolean {
    return this.#heap.some(({ fire, acts }) => fire && acts === call)
  }

  /** Takes out what is set by which that call acts, and answers it. */
  takeActOf(call: number): (() => void) | undefined {
    const timer = this.#heap.find(({ fire, acts }) => fire && acts === call)
    const begin = timer?.fire
    if (!timer || !begin) return undefined
    timer.fire = undefined
    this.#size--
    if (this.#size === 0) this.stop()
    return begin
  }

  #arm(): void {
    const earliest = this.earliest
    if (earliest === undefined || earliest >= this.#armedAt) return
    this.stop()
    this.#armedAt = earliest
    const untilMs = earliest - this.#clock.now()
    const isNap = untilMs > longestNapMs
    this.#cancel = this.#clock.after(
      isNap ? longestNapMs : untilMs,
      () => this.#fire(),
      isNap ? 'upkeep' : undefined,
    )
  }

  #fire(): void {
    this.#armedAt = Number.POSITIVE_INFINITY
    const now = this.#clock.now()
    // What a timer sets when it fires waits for the next time.
    const due: Timer[] = []
    for (let first = this.earliest; first !== undefined && first <= now; first = this.earliest) {
      due.push(this.#pop())
    }
    for (const timer of due) {
      const { fire } = timer
      if (!fire) continue
      timer.fire = undefined
      this.#size--
      fire()
    }
    this.#arm()
  }

  #push(timer: Timer): void {
    const heap = this.#heap
    let index = heap.push(timer) - 1
    while (index > 0) {
      const above = (index - 1) >> 1
      if (isBefore(heap[above]!, timer)) break
      heap[index] = heap[above]!
      index = above
    }
    heap[index] = timer
  }

  #pop(): Timer {
    const heap = this.#heap
    const first = heap[0]!
    const last = heap.pop()!
    if (heap.length > 0) this.#sink(last)
    return first
  }

  /** Puts a timer into the empty place at the top. */
  #sink(timer: Timer): void {
    const heap = this.#heap
    let index = 0
    for (;;) {
      let below = 2 * index + 1
      if (below >= heap.length) break
      if (below + 1 < heap.length && isBefore(heap[below + 1]!, heap[below]!)) below++
      if (isBefore(timer, heap[below]!)) break
      heap[index] = heap[below]!
      index = below
    }
    heap[index] = timer
  }

  #rebuild(): void {
    const kept = this.#heap.filter(({ fire }) => fire)
    this.#heap = []
    for (const timer of kept) this.#push(timer)
  }
}

function isBefore(left: Timer, right: Timer): boolean {
  return left.at < right.at || (left.at === right.at && left.order < right.order)
}
