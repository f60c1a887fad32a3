import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Clock } from '../../base/time/time.ts'
import type { Announcement, Batch, Change, Session } from '../database.ts'
import { isBusy } from './busy.ts'

/** Half of it is what a decision from another process waits at the median; a look costs microseconds. */
const pollMs = 20
/** What nobody announced is looked at once in so many polls: every 2 s. */
const pollsToSafety = 100

/** Under which names the table of counters has how often each was announced, by all processes. */
const counters = {
  work: 'announced-work',
  end: 'announced-end',
  authority: 'announced-authority',
} as const
type Kind = keyof typeof counters
const kinds = ['work', 'end', 'authority'] as const

type Counts = Record<Kind, number>

const count =
  'insert into counters (name, value) values (?, 1) on conflict (name) do update set value = counters.value + 1'

function kindsOf(change: Announcement): readonly Kind[] {
  return change === 'any' ? ['work', 'end'] : [change]
}

/** What a batch announces as it is written. */
export function announcedBy({ writes }: Batch): Set<Kind> {
  const found = new Set<Kind>()
  for (const { statement, next } of writes) {
    for (const change of [statement.announces, next?.announces]) {
      if (change) for (const kind of kindsOf(change)) found.add(kind)
    }
  }
  return found
}

/** Announces inside a transaction of another connection of this process. */
export async function announceIn(session: Session, announced: Iterable<Kind>): Promise<void> {
  for (const kind of announced) await session.run(count, [counters[kind]])
}

/**
 * Tells the other processes on a file what changed, and hears of what they changed: by a poll, which first asks whether
 * the file is as it was, then for the counts of announcements. Without these every worker would look for work after each
 * commit and each heartbeat of every other, and the cost of one would grow with their number.
 */
export class SqliteChanges {
  readonly #database: DatabaseSync
  readonly #clock: Clock
  /** Whether the file still is the one at its path, and open: asked at each poll. */
  readonly #isThere: () => boolean
  readonly #statements = new Map<string, StatementSync>()
  readonly #callbacks = new Set<(change: Change) => void>()
  readonly #announced = new Set<Kind>()
  /** Announcements of this process, of which it need not hear. */
  readonly #own: Counts = { work: 0, end: 0, authority: 0 }
  /** Those of other processes that it heard of. */
  #heard: Counts = { work: 0, end: 0, authority: 0 }
  #version: unknown
  #polls = 0
  #hasUntold = false
  #cancel = () => {}

  constructor(database: DatabaseSync, clock: Clock, isThere: () => boolean) {
    this.#database = database
    this.#clock = clock
    this.#isThere = isThere
  }

  /** Something in the open transaction is for others to hear of. */
  note(change: Announcement): void {
    for (const kind of kindsOf(change)) this.#announced.add(kind)
  }

  /** Ends the open transaction, with the announcements that were noted. */
  commit(): void {
    for (const kind of this.#announced) {
      this.#prepare(count).run(counters[kind])
    }
    this.#prepare('commit').run()
    this.countOwn(this.#announced)
    this.#announced.clear()
  }

  /** So much was announced by this process, here or in its other thread. */
  countOwn(kinds: Iterable<Kind>): void {
    for (const kind of kinds) this.#own[kind]++
  }

  /** The transaction was undone. */
  forget(): void {
    this.#announced.clear()
  }

  subscribe(callback: (change: Change) => void): () => void {
    this.#callbacks.add(callback)
    if (this.#callbacks.size === 1) {
      this.#look()
      this.#heard = this.#others()
      this.#pollLater()
    }
    return () => {
      this.#callbacks.delete(callback)
      if (this.#callbacks.size === 0) this.#cancel()
    }
  }

  close(): void {
    this.#callbacks.clear()
    this.#cancel()
  }

  #pollLater(): void {
    const poll = () => {
      if (!this.#isThere()) return
      for (const change of this.#look()) for (const callback of [...this.#callbacks]) callback(change)
      if (this.#callbacks.size > 0) this.#pollLater()
    }
    this.#cancel = this.#clock.after(pollMs, poll, 'upkeep')
  }

  #look(): Change[] {
    this.#polls++
    const version = this.#currentVersion()
    const found: Change[] = []
    if (version !== this.#version) {
      this.#version = version
      this.#hasUntold = true
      const others = this.#others()
      for (const kind of kinds) if (others[kind] !== this.#heard[kind]) found.push(kind)
      this.#heard = others
    }
    if (this.#hasUntold && this.#polls % pollsToSafety === 0) {
      this.#hasUntold = false
      found.push('unannounced')
    }
    return found
  }

  /** Another value after each commit of another connection. */
  #currentVersion(): unknown {
    if (this.#database.isTransaction) return this.#version
    try {
      return this.#prepare('pragma data_version').get()?.data_version
    } catch (error) {
      if (isBusy(error)) return this.#version
      throw error
    }
  }

  #others(): Counts {
    const countOf = (kind: Kind) => {
      const row = this.#prepare('select value from counters where name = ?').get(counters[kind])
      return Number(row?.value ?? 0) - this.#own[kind]
    }
    try {
      return { work: countOf('work'), end: countOf('end'), authority: countOf('authority') }
    } catch (error) {
      if (isBusy(error)) this.#version = undefined
      // Without tables there is nothing to hear of yet.
      return this.#heard
    }
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql)
    if (!statement) {
      statement = this.#database.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }
}
