import type { Log } from '../base/log.ts'
import type { Clock } from '../base/time/time.ts'
import { type JournaledDecision, unrecordedDecision } from '../store/audit/decision-acts.ts'
import { readAuthorityVersion } from '../store/authority/version.ts'
import type { Database, Session } from '../store/database.ts'
import { type JournalEvent, readEvents } from '../store/journal/journal.ts'
import { openEvents } from '../store/marks/open-kept.ts'
import { recallingBelow } from '../store/memory/rests/recalling-below.ts'
import { readRunByNo } from '../store/runs/runs.ts'
import { isReserved, releaseSpending, spentSince } from '../store/spending/effect-budgets.ts'
import { type Asking, untilAnswered } from './calls/until-answered.ts'

const pageLength = 1000

/** What calls read of the database themselves, beside their run's journal. Goes on until it can be read. */
export class RunRecords {
  readonly #asking: Asking

  constructor(database: Database, clock: Clock, log: Log) {
    this.#asking = { database, clock, log }
  }

  /** The durable events of a run after this one, in their order. */
  async eventsAfter(run: number, seq: number): Promise<JournalEvent[]> {
    const all: JournalEvent[] = []
    for (let after = seq; ; ) {
      const page = await this.#ask((session) => opened(session, run, after, pageLength))
      all.push(...page)
      if (page.length < pageLength) return all
      after = page.at(-1)!.seq
    }
  }

  /** The first event of a run that is kept. */
  async firstEvent(run: number): Promise<JournalEvent | undefined> {
    const [first] = await this.#ask((session) => opened(session, run, 0, 1))
    return first
  }

  /** Whose child a run is, and by which call; undefined: the run is gone. */
  async parentOf(
    run: number,
  ): Promise<{ parent: number | null; step: number | null; workflow: string } | undefined> {
    const row = await this.#ask((session) => readRunByNo(session, run))
    return row && { parent: row.parent, step: row.parent_step, workflow: row.workflow }
  }

  /** The numbers of the runs below one that recalled something, at most 100 of them. */
  recallingBelow(run: number): Promise<number[]> {
    return this.#ask((session) => recallingBelow(session, run))
  }

  /** Grows with each change of who may do what. */
  authorityVersion(): Promise<number> {
    return this.#ask(readAuthorityVersion)
  }

  /** The first of these decisions of a run that nobody recorded who may have taken it. */
  unrecordedDecision(
    run: string,
    decisions: readonly JournaledDecision[],
  ): Promise<JournaledDecision | undefined> {
    return this.#ask((session) => unrecordedDecision(session, run, decisions))
  }

  isReserved(id: string, accounts: number): Promise<boolean> {
    return this.#ask((session) => isReserved(session, id, accounts))
  }

  release(id: string): Promise<void> {
    return this.#ask((session) => releaseSpending(session, id))
  }

  /** What is taken of an account, in millionths, but for what `but` itself has reserved. */
  spentSince(of: { account: string; since: number; but: string }): Promise<number> {
    return this.#ask((session) => spentSince(session, of))
  }

  #ask<T>(question: (session: Session) => Promise<T>): Promise<T> {
    return untilAnswered(this.#asking, 'the database could not be read now', question)
  }
}

async function opened(session: Session, run: number, after: number, most: number): Promise<JournalEvent[]> {
  return openEvents(session, await readEvents(session, run, after, most))
}
