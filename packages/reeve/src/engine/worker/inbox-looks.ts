import type { Database } from '../../store/database.ts'
import { readInbox } from '../../store/runs/inbox.ts'
import { readClaimedInboxes, readRunByNo } from '../../store/runs/runs.ts'
import type { LocalRuns } from './local-runs.ts'

/**
 * Looks at what came for the runs that are driven here: items of their inboxes, and wishes to pause or to cancel them.
 *
 * One look at a run at a time: whoever comes during one shares the next, for the one under way may have begun too early.
 */
export class InboxLooks {
  readonly #worker: string
  readonly #database: Database
  readonly #runs: LocalRuns
  /** By run: the look that is under way, and the one that follows it. */
  readonly #looks = new Map<number, Promise<void>>()
  readonly #nextLooks = new Map<number, Promise<void>>()

  constructor({ id, database, runs }: { id: string; database: Database; runs: LocalRuns }) {
    this.#worker = id
    this.#database = database
    this.#runs = runs
  }

  /** Something came for a run. Answers false when it is not driven here. */
  async lookAt(no: number): Promise<boolean> {
    if (!this.#runs.has(no)) return false
    const next = this.#nextLooks.get(no) ?? this.#lookAfter(no, this.#looks.get(no))
    this.#nextLooks.set(no, next)
    await next
    return true
  }

  async #lookAfter(no: number, current: Promise<void> | undefined): Promise<void> {
    await current?.catch(() => {})
    this.#nextLooks.delete(no)
    const look = this.#look(no)
    this.#looks.set(no, look)
    try {
      await look
    } finally {
      if (this.#looks.get(no) === look) this.#looks.delete(no)
    }
  }

  async #look(no: number): Promise<void> {
    const execution = this.#runs.get(no)
    if (!execution) return
    // One that parked meanwhile is nobody's: its next claim sees what came.
    const isDriven = () => this.#runs.get(no) === execution
    const run = await readRunByNo(this.#database, no)
    if (!isDriven() || run?.epoch !== execution.claim.epoch) return
    if (run.cancelled_by !== null) execution.cancel(run.cancelled_by)
    else if (run.paused) execution.drain()
    const items = await readInbox(this.#database, no, execution.lastItem)
    if (isDriven()) execution.receive(items, run.inbox)
  }

  /** Looks whether another process put something into the inbox of a run that is driven here. */
  async noticeOutside(): Promise<void> {
    for (const { no, inbox } of await readClaimedInboxes(this.#database, this.#worker)) {
      const execution = this.#runs.get(no)
      if (execution && inbox > execution.claim.inbox) await this.lookAt(no)
    }
  }
}
