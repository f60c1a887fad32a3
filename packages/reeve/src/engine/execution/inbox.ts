import type { Row } from '../../store/database.ts'
import { type InboxItem, takenRow } from '../../store/runs/inbox.ts'

const none: Row[] = []

/** Takes what no call waits for any more. */
const noCall = 0

/** What became of an item that a call was offered: the journal has its payload; it was used up; it does not fit. */
type Taken = 'journaled' | 'used' | 'refused'

interface Wait {
  step: number
  /** Without an answer it was used up. */
  take: (item: InboxItem) => Taken | undefined
}

/** What of its run an inbox must know. */
interface InboxEdges {
  /** Whether something was settled that the workflow has not heard of, or has not come to rest from. */
  isUnrest(): boolean
  /** Sees to it that `offerAll` is called when the workflow has come to rest. */
  whenAtRest(): void
}

/**
 * A held run's inbox: matches what arrived with the calls that wait for it, both first in first out by name. An item that
 * is there before its wait is offered when the code has come to rest. A wait that may be given up (a branch of a race, or
 * one with an AbortSignal) is offered something only while nothing else is about to be told to the workflow: what is told
 * first may give the wait up, and what it had taken would be lost.
 */
export class Inbox {
  readonly #items = new Map<string, InboxItem[]>()
  readonly #waits = new Map<string, Wait[]>()
  readonly #edges: InboxEdges
  #mayBeGivenUp: Set<number> | undefined
  #taken: Row[] = []
  #waiting = 0
  #lastId = 0

  constructor(items: InboxItem[], edges: InboxEdges) {
    this.#edges = edges
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
      const list = this.#items.get(item.name)
      // What came before it is offered first, when the code has come to rest.
      if (waits.length === 0 || list?.length || this.#isHeldBack(waits[0]!)) {
        if (list) list.push(item)
        else this.#items.set(item.name, [item])
      } else if (this.#offer(waits[0]!, item)) this.#stopWaiting(waits, waits[0]!)
    }
  }

  /** What the run was sent and did not take, as the database has it: to be offered at the next rest. */
  renew(items: InboxItem[]): void {
    this.#items.clear()
    for (const item of items) {
      this.#lastId = Math.max(this.#lastId, item.id)
      const list = this.#items.get(item.name)
      if (list) list.push(item)
      else this.#items.set(item.name, [item])
    }
  }

  /** The wait of that call may be given up by the workflow's code. */
  expectGivingUp(step: number): void {
    this.#mayBeGivenUp ??= new Set()
    this.#mayBeGivenUp.add(step)
  }

  /**
   * Calls `take` with the next item of that name. The item counts as taken by `step` and is marked so in the same turn as
   * what the callback writes. One that does not fit is used up, and the wait goes on. Returns the way to stop waiting.
   */
  wait(name: string, step: number, take: Wait['take']): () => void {
    const wait: Wait = { step, take }
    const waits = this.#waits.get(name) ?? []
    waits.push(wait)
    this.#waits.set(name, waits)
    this.#waiting++
    if (this.#items.get(name)?.length) this.#edges.whenAtRest()
    return () => this.#stopWaiting(waits, wait)
  }

  /** The workflow has come to rest: what waits is offered what is there, in the order in which it came. */
  offerAll(): void {
    if (this.#waiting === 0 || this.#items.size === 0) return
    const here = [...this.#waits.keys()].flatMap((name) => this.#items.get(name) ?? [])
    for (const item of here.sort((left, right) => left.id - right.id)) {
      const [waits, list] = [this.#waits.get(item.name)!, this.#items.get(item.name)!]
      const [wait] = waits
      // One before it of the same name may have been held back: then it is not the next.
      if (!wait || list[0] !== item || this.#isHeldBack(wait)) continue
      list.shift()
      if (this.#offer(wait, item)) this.#stopWaiting(waits, wait)
    }
  }

  #isHeldBack({ step }: Wait): boolean {
    return this.#mayBeGivenUp?.has(step) === true && this.#edges.isUnrest()
  }

  #offer({ step, take }: Wait, item: InboxItem): boolean {
    const taken = take(item)
    this.#taken.push(takenRow({ item: item.id, step, journaled: taken === 'journaled' }))
    return taken !== 'refused'
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

  /**
   * Uses up what came for calls of a chapter that is over: no call of another can wait for it. Signals stay, for whoever
   * waits next.
   */
  closeChapter(): void {
    for (const [name, items] of this.#items) {
      if (name.startsWith('signal:')) continue
      for (const { id } of items) this.#taken.push(takenRow({ item: id, step: noCall, journaled: false }))
      this.#items.delete(name)
    }
  }

  /** The rows by which the items that calls took are used up. */
  takeRows(): Row[] {
    if (this.#taken.length === 0) return none
    const rows = this.#taken
    this.#taken = []
    return rows
  }
}
