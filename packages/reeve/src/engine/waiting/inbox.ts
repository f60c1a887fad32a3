import type { Row } from '../../store/database.ts'
import { type InboxItem, takenRow } from '../../store/runs/inbox.ts'
import { isOverride, overrideItem } from '../overriding/override.ts'

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
export interface InboxPort {
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
  /** What people say of calls in the place of what those would come to. */
  #overrides: InboxItem[] = []
  /** The names under which something lies there and waits: what is looked at when the code has come to rest. */
  readonly #ready = new Set<string>()
  readonly #run: InboxPort
  #mayBeGivenUp: Set<number> | undefined
  #taken: Row[] = []
  #waiting = 0
  #lastId = 0

  constructor(items: InboxItem[], run: InboxPort) {
    this.#run = run
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
      if (isOverride(item)) {
        this.#overrides.push(item)
        continue
      }
      const wait = this.#waits.get(item.name)?.[0]
      // What came before it is offered first, when the code has come to rest.
      if (!wait || this.#items.has(item.name) || this.#isHeldBack(wait)) this.#lay(item)
      else if (this.#offer(wait, item)) this.#stopWaiting(item.name, wait)
    }
  }

  #lay(item: InboxItem): void {
    const list = this.#items.get(item.name)
    if (list) list.push(item)
    else this.#items.set(item.name, [item])
    if (this.#waits.has(item.name)) this.#ready.add(item.name)
  }

  /** What the run was sent and did not take, as the database has it: to be offered at the next rest. */
  renew(items: InboxItem[]): void {
    this.#items.clear()
    this.#overrides = []
    for (const item of items) {
      this.#lastId = Math.max(this.#lastId, item.id)
      if (isOverride(item)) this.#overrides.push(item)
      else this.#lay(item)
    }
  }

  get hasOverrides(): boolean {
    return this.#overrides.length > 0
  }

  /** Takes out those of the overrides that came that `which` wants. They are used up one by one. */
  takeOverrides(which: (item: InboxItem) => boolean): InboxItem[] {
    const taken = this.#overrides.filter(which)
    this.#overrides = this.#overrides.filter((item) => !taken.includes(item))
    return taken
  }

  /** Whether a person said what that call comes to, and nobody took that yet. */
  isOverridden(call: number): boolean {
    return this.#overrides.some(({ name }) => name === overrideItem(call))
  }

  /** What it says goes to the journal: nothing of it stays in the inbox. */
  useUp({ id }: InboxItem): void {
    this.#taken.push(takenRow({ item: id, step: noCall, journaled: true }))
  }

  /** The wait of that call may be given up by the workflow's code. */
  expectGivingUp(step: number): void {
    this.#mayBeGivenUp ??= new Set()
    this.#mayBeGivenUp.add(step)
  }

  /**
   * Calls `take` with the next item of that name. The item counts as taken by `step` and is marked so in the same commit as
   * what the callback writes. One that does not fit is used up, and the wait goes on. Returns the way to stop waiting.
   */
  wait(name: string, step: number, take: Wait['take']): () => void {
    const wait: Wait = { step, take }
    const waits = this.#waits.get(name)
    if (waits) waits.push(wait)
    else this.#waits.set(name, [wait])
    this.#waiting++
    if (this.#items.has(name)) {
      this.#ready.add(name)
      this.#run.whenAtRest()
    }
    return () => this.#stopWaiting(name, wait)
  }

  /**
   * The workflow has come to rest: what waits is offered what is there, in the order in which it came. Looks at the first
   * item of each name alone, and at the next one where that was taken: what lies behind costs nothing.
   */
  offerAll(): void {
    if (this.#ready.size === 0) return
    const firsts = this.#firsts()
    for (let item = firsts.pop(); item; item = firsts.pop()) {
      const { name } = item
      const wait = this.#waits.get(name)?.[0]
      // What comes behind one that is held back is not the next.
      if (!wait || this.#isHeldBack(wait)) continue
      const list = this.#items.get(name)!
      list.shift()
      if (list.length === 0) this.#items.delete(name)
      if (this.#offer(wait, item)) this.#stopWaiting(name, wait)
      const next = this.#items.get(name)?.[0]
      if (next && this.#waits.has(name)) {
        firsts.splice(firsts.findLastIndex(({ id }) => id > next.id) + 1, 0, next)
      }
    }
  }

  /** Of each name under which something waits, the item that came first; the earliest of them last. */
  #firsts(): InboxItem[] {
    const firsts: InboxItem[] = []
    for (const name of this.#ready) {
      const first = this.#waits.has(name) ? this.#items.get(name)?.[0] : undefined
      if (first) firsts.push(first)
      else this.#ready.delete(name)
    }
    return firsts.sort((left, right) => right.id - left.id)
  }

  #isHeldBack({ step }: Wait): boolean {
    return this.#mayBeGivenUp?.has(step) === true && this.#run.isUnrest()
  }

  #offer({ step, take }: Wait, item: InboxItem): boolean {
    const taken = take(item)
    this.#taken.push(takenRow({ item: item.id, step, journaled: taken === 'journaled' }))
    return taken !== 'refused'
  }

  #stopWaiting(name: string, wait: Wait): void {
    const waits = this.#waits.get(name) ?? []
    const index = waits.indexOf(wait)
    if (index < 0) return
    waits.splice(index, 1)
    if (waits.length === 0) this.#waits.delete(name)
    this.#waiting--
  }

  /** The approvals that calls still wait for. */
  openApprovals(): string[] {
    const open: string[] = []
    for (const name of this.#waits.keys()) {
      if (name.startsWith('approval:')) open.push(name.slice('approval:'.length))
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
