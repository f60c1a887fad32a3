import type { InboxItem } from '../store/inbox.ts'

interface Wait {
  step: number
  take: (item: InboxItem) => boolean | undefined
}

/** A held run's inbox: matches what arrived with the calls that wait for it, both first in first out by name. */
export class Inbox {
  readonly #items = new Map<string, InboxItem[]>()
  readonly #waits = new Map<string, Wait[]>()
  #consumed: { item: number; step: number }[] = []
  #waiting = 0
  #lastId = 0

  constructor(items: InboxItem[]) {
    this.add(items)
  }

  /** How many calls wait for an item. */
  get waiting(): number {
    return this.#waiting
  }

  /** The highest id of the items that came. */
  get lastId(): number {
    return this.#lastId
  }

  add(items: InboxItem[]): void {
    for (const item of items) {
      if (item.id <= this.#lastId) continue
      this.#lastId = item.id
      const waits = this.#waits.get(item.name) ?? []
      if (waits.length === 0) {
        const list = this.#items.get(item.name)
        if (list) list.push(item)
        else this.#items.set(item.name, [item])
        continue
      }
      if (this.#offer(waits[0]!, item)) this.#stopWaiting(waits, waits[0]!)
    }
  }

  /**
   * Calls `take` with the next item of that name, at once if it is here. The item counts as taken by `step` and is marked
   * so in the same turn as what the callback writes. When it answers false, the item does not fit: it is used up, and the
   * wait goes on. Returns the way to stop waiting.
   */
  wait(name: string, step: number, take: Wait['take']): () => void {
    const wait: Wait = { step, take }
    const here = this.#items.get(name) ?? []
    for (let item = here.shift(); item; item = here.shift()) if (this.#offer(wait, item)) return () => {}
    const waits = this.#waits.get(name) ?? []
    waits.push(wait)
    this.#waits.set(name, waits)
    this.#waiting++
    return () => this.#stopWaiting(waits, wait)
  }

  #offer({ step, take }: Wait, item: InboxItem): boolean {
    this.#consumed.push({ item: item.id, step })
    return take(item) !== false
  }

  #stopWaiting(waits: Wait[], wait: Wait): void {
    const index = waits.indexOf(wait)
    if (index < 0) return
    waits.splice(index, 1)
    this.#waiting--
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
