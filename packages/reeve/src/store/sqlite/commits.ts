import type { LoopStretch } from '../../base/time/loop-stretch.ts'
import type { Session } from '../database.ts'

type Body = (session: Session) => Promise<unknown>

interface Waiting {
  body: Body
  resolve: (result: never) => void
  reject: (error: unknown) => void
}

/** What a shared transaction needs of the connection that writes. */
export interface Writer {
  session: Session
  begin(): Promise<void>
  /** Everything is durable, and in the file that stands at its path. */
  commit(): void
  /** Makes nothing of what was written since `begin`, where SQLite has not done so itself. */
  rollback(): void
  /** False when SQLite ended the transaction by itself: for a disk that was full, for one. */
  isOpen(): boolean
  /** Whether nobody can tell any more what is on disk: nothing is tried again then, and `onBroken` ends the process. */
  isBroken(error: unknown): boolean
  onBroken(error: unknown): void
}

type Result = { value: unknown } | { error: unknown }

/**
 * Transactions that wait at one moment become one, with one sync of the disk.
 *
 *   waiting (until the current work has yielded) → written, each behind a savepoint of its own → committed together → answered, in their order
 *
 * One that fails is undone alone. When the whole is undone (a full disk, a commit that failed), each is done again by
 * itself, so that none fails for another's sake. Nobody hears anything before the commit: what a body read may have been
 * written by one before it.
 */
export class SharedCommits {
  readonly #writer: Writer
  readonly #stretch: LoopStretch
  /** Has something done when the connection is free. */
  readonly #inTurn: (work: () => Promise<void>) => Promise<void>
  #waiting: Waiting[] = []

  constructor(writer: Writer, stretch: LoopStretch, inTurn: (work: () => Promise<void>) => Promise<void>) {
    this.#writer = writer
    this.#stretch = stretch
    this.#inTurn = inTurn
  }

  add<T>(body: (session: Session) => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ body, resolve, reject })
      if (this.#waiting.length === 1) this.#commitLater()
    })
  }

  #commitLater(): void {
    this.#inTurn(() => this.#commit()).catch((error) => {
      for (const { reject } of this.#waiting.splice(0)) reject(error)
    })
  }

  async #commit(): Promise<void> {
    await microtasksDone()
    await this.#stretch.yield()
    if (this.#waiting.length === 0) return
    await this.#writer.begin()
    const all = this.#waiting
    this.#waiting = []
    if (all.length === 1) return this.#commitOne(all[0]!)
    let results: Result[]
    try {
      results = await this.#writeAll(all)
    } catch (error) {
      return this.#fail(all, error)
    }
    const written = all.slice(0, results.length)
    this.#putBack(all.slice(results.length))
    if (!this.#commitAll(written, results)) for (const each of written) await this.#commitAlone(each)
  }

  /** What there was no time for has waited longest. */
  #putBack(left: Waiting[]): void {
    if (left.length === 0) return
    const isAsked = this.#waiting.length > 0
    this.#waiting.unshift(...left)
    if (!isAsked) this.#commitLater()
  }

  async #commitAlone(one: Waiting): Promise<void> {
    try {
      await this.#writer.begin()
    } catch (error) {
      return one.reject(error)
    }
    await this.#commitOne(one)
  }

  async #commitOne(one: Waiting): Promise<void> {
    try {
      const result = await one.body(this.#writer.session)
      this.#writer.commit()
      one.resolve(result as never)
    } catch (error) {
      this.#fail([one], error)
    }
  }

  #fail(written: Waiting[], error: unknown): void {
    if (this.#writer.isBroken(error)) this.#writer.onBroken(error)
    this.#writer.rollback()
    for (const { reject } of written) reject(error)
  }

  /** Writes one after the other while there is time, at least one. Ends early where SQLite undid all of them. */
  async #writeAll(all: Waiting[]): Promise<Result[]> {
    const { session } = this.#writer
    const results: Result[] = []
    const began = performance.now()
    for (const { body } of all) {
      if (results.length > 0 && performance.now() - began >= this.#stretch.longestMs) break
      await session.run('savepoint one')
      try {
        results.push({ value: await body(session) })
      } catch (error) {
        if (this.#writer.isBroken(error)) throw error
        results.push({ error })
        if (!this.#writer.isOpen()) break
        await session.run('rollback to one')
      }
      await session.run('release one')
    }
    return results
  }

  /** Commits and answers. False when all was undone and each is to be done by itself. */
  #commitAll(written: Waiting[], results: Result[]): boolean {
    if (!this.#writer.isOpen()) return false
    try {
      this.#writer.commit()
    } catch (error) {
      if (this.#writer.isBroken(error)) this.#fail(written, error)
      else this.#writer.rollback()
      return this.#writer.isBroken(error)
    }
    for (const [index, result] of results.entries()) {
      const { resolve, reject } = written[index]!
      if ('error' in result) reject(result.error)
      else resolve(result.value as never)
    }
    return true
  }
}

/** SQLite answers at once: whatever else is ready at this moment comes by microtasks. */
function microtasksDone(): Promise<void> {
  return new Promise((resolve) => queueMicrotask(() => process.nextTick(resolve)))
}
