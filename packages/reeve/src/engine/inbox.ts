import type { InboxItem } from '../store/inbox.ts'

/** A held run's inbox: matches what arrived with the calls that wait for it, both first in first out by name. */
export class Inbox {
  readonly #items = new Map<string, InboxItem[]>()
  readonly #waits = new Map<string, ((item: InboxItem) => void)[]>()
  readonly #seen = new Set<number>()
  #consumed: { item: number; step: number }[] = []
  #waiting = 0

  constructor(items: InboxItem[]) {
    this.add(items)
  }

  /** How many calls wait for an item. */
  get waiting(): number {
    return this.#waiting
  }

  add(items: InboxItem[]): void {
    for (const item of items) {
      if (this.#seen.has(item.id)) continue
      this.#seen.add(item.id)
      const waits = this.#waits.get(item.name)
      const next = waits?.shift()
      if (next) {
        this.#waiting--
        next(item)
      } else {
        const list = this.#items.get(item.name)
        if (list) list.push(item)
        else this.#items.set(item.name, [item])
      }
    }
  }

  /**
   * Calls back with the next item of that name, at once if it is here. The item counts as taken by `step` and is marked
   * so in the same turn as what the callback writes. Returns the way to stop waiting.
   */
  wait(name: string, step: number, callback: (item: InboxItem) => void): () => void {
    const receive = (item: InboxItem) => {
      this.#consumed.push({ item: item.id, step })
      callback(item)
    }
    const here = this.#items.get(name)?.shift()
    if (here) {
      receive(here)
      return () => {}
    }
    const waits = this.#waits.get(name) ?? []
    waits.push(receive)
    this.#waits.set(name, waits)
    this.#waiting++
    return () => {
      const index = waits.indexOf(receive)
      if (index < 0) return
      waits.splice(index, 1)
      this.#waiting--
    }
  }

  /** The approvals that calls still wait for. */
  openApprovals(): string[] {
    const open: string[] = []
    for (const [name, waits] of this.#waits) {
      if (name.startsWith('approval:') && waits.length > 0) open.push(name.slice('approval:'.length))
    }
    return open
  }

  takeConsumed(): { item: number; step: number }[] | undefined {
    if (this.#consumed.length === 0) return
    const consumed = this.#consumed
    this.#consumed = []
    return consumed
  }
}
