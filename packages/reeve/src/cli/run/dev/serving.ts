import { systemClock } from '../../../base/time/time.ts'
import { EventFeed } from '../../../inspect/follow/follow-events.ts'
import { internalsOf, type Runtime } from '../../../runtime/runtime.ts'
import type { Page } from '../../../server/open-page.ts'
import type { EventType } from '../../../store/journal/events.ts'
import type { Cli } from '../../cli.ts'
import { openWeb, type WebOptions } from '../web.ts'

/** What is worth a line while a project is served; `show` has the rest. */
const told: EventType[] = [
  'run-started',
  'run-succeeded',
  'run-failed',
  'run-stuck',
  'run-cancelled',
  'run-released',
  'run-retried',
  'run-continued',
  'run-forked',
  'approval-requested',
  'approval-decided',
  'effect-intended',
  'effect-completed',
  'effect-failed',
  'effect-unknown',
  'timer-set',
  'signal-awaited',
  'signal-refused',
  'step-retrying',
  'effect-retrying',
  'question-retrying',
  'budget-awaited',
]

/** A runtime that drives runs, with its page and with what it tells at the terminal. */
export class Serving {
  readonly runtime: Runtime
  readonly page: Page
  readonly feed: EventFeed
  readonly options: WebOptions

  private constructor(runtime: Runtime, page: Page, feed: EventFeed, options: WebOptions) {
    this.runtime = runtime
    this.page = page
    this.feed = feed
    this.options = options
  }

  /**
   * Starts the runtime and serves its page. What fails stops the runtime.
   * @param cursor from where the events are told; absent: from now on
   */
  static async open(cli: Cli, runtime: Runtime, options: WebOptions, cursor?: string): Promise<Serving> {
    let page: Page | undefined
    try {
      const { database } = internalsOf(runtime)
      const filter = { types: told, ...(cursor !== undefined && { cursor }) }
      const feed = await EventFeed.open(database, database.clock ?? systemClock, filter)
      page = await openWeb(cli, runtime, options)
      await runtime.start()
      return new Serving(runtime, page, feed, options)
    } catch (error) {
      await page?.close()
      await runtime.stop()
      throw error
    }
  }

  /** What acts may finish for at most `graceMs`. */
  async close(graceMs?: number): Promise<void> {
    try {
      await this.page.close()
    } finally {
      await this.runtime.stop(graceMs)
    }
  }
}
