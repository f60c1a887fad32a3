/** Something that a stand-in did. */
export interface Deed {
  /** What: `ticket-created`. */
  what: string
  /** What it is done once for: the idempotency key of the request, or what stands for one in the thing itself. */
  key?: string
  /** The thing that it was done to. */
  id?: string
  /** When, by the stand-in's clock (ms). */
  at: number
}

/**
 * What a stand-in really did, in its order. Requests may fail and repeat; a deed stands here once for each time that it was done, so
 * that a test counts from outside what was done twice and what was not done at all.
 */
export class Books {
  readonly deeds: Deed[] = []
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  record(what: string, deed: Omit<Deed, 'what' | 'at'> = {}): void {
    this.deeds.push({ what, ...deed, at: this.#now() })
  }

  count(what: string): number {
    return this.deeds.filter((deed) => deed.what === what).length
  }

  /** Deeds that were done more than once for the same key. */
  doubled(): { what: string; key: string; times: number }[] {
    const times = new Map<string, { what: string; key: string; times: number }>()
    for (const { what, key } of this.deeds) {
      if (key === undefined) continue
      const entry = times.get(`${what} ${key}`) ?? { what, key, times: 0 }
      entry.times += 1
      times.set(`${what} ${key}`, entry)
    }
    return [...times.values()].filter((entry) => entry.times > 1)
  }
}
