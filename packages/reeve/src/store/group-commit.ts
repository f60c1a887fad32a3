import type { Clock } from '../base/time.ts'
import { approvalValues, closeApprovals, insertApprovals, type NewApproval } from './approvals.ts'
import { resetRunBudgets } from './budgets.ts'
import type { Bulk, Database, Session, Value } from './database.ts'
import { consumeItems, type Delivery, deliveryValues, insertDeliveries, wakeRuns } from './inbox.ts'
import { eventValues, findEvents, insertBlobs, insertEvents, type JournalEvent } from './journal.ts'
import { insertMemories, insertPlacedMemories, memoryValues, type NewMemory } from './memories.ts'
import {
  beginChapters,
  chapterValues,
  childRunValues,
  heldClaims,
  insertAbsentRuns,
  insertChildren,
  insertKeyedRuns,
  insertRuns,
  keyedRunValues,
  type NewChapter,
  type NewRun,
  newRunValues,
  parkAbandonedRuns,
  parkRuns,
  parkValues,
  parkWatchedRuns,
  type Release,
  releaseRuns,
  releaseValues,
  releaseWatchedRuns,
} from './runs.ts'

/** What one run wants made durable at one moment: all of it, or (its claim lost) nothing. */
export interface Turn {
  run: number
  /** Checked against the row: a worker that lost its claim writes nothing. */
  epoch: number
  /** The run itself, when this turn is its birth; then there is no claim to check. */
  birth?: NewRun
  events: JournalEvent[]
  release?: Release
  /** With the release: the run goes on from the beginning of its function. */
  chapter?: NewChapter
  /** Another process may wait for this release: it hears of it. */
  watched?: boolean
  blobs?: { hash: string; content: string }[]
  deliveries?: Delivery[]
  consumed?: { item: number; step: number }[]
  approvals?: NewApproval[]
  closed?: { approval: string; status: 'expired' | 'withdrawn' }[]
  memories?: NewMemory[]
  /** Children born in this turn, each with its first event. */
  children?: { run: NewRun; first: JournalEvent }[]
}

/**
 * `durable`: all of it is on disk. `lost`: the claim was lost; nothing was written, unless by an earlier commit in doubt
 * while the claim held. `exists`: a run with this idempotency key is there already, nothing was written.
 */
export type Outcome = 'durable' | 'lost' | 'exists'

export interface TurnSource {
  /** Asked once per `submit`, at the last moment before the commit, so that one turn carries all that is ready. */
  take(): Turn
  settled(outcome: Outcome): void
  /** This turn by itself cannot be written (a broken constraint, a value that is none); other turns are not touched. */
  refused(error: unknown): void
}

const retryDelayMs = 500
const largestGroup = 4000

/**
 * Makes every turn that is ready at one moment durable in one transaction.
 *
 *   idle → gathering (until the current work has yielded) → writing → idle, or gathering again
 *
 * A transaction that fails for want of disk, a lock or a connection is tried again until it works: nothing is
 * acknowledged meanwhile. One whose commit was sent and never answered may be on disk: before it is tried again, its
 * turns are looked for. One that fails for a turn's own fault is taken apart and its turns are written one by one. Any other
 * failure means that the process can no longer tell what is on disk: `onFatal` must end it.
 */
export class GroupCommit {
  readonly #database: Database
  readonly #clock: Clock
  readonly #onFatal: (error: unknown) => void
  readonly #onTrouble: (error: unknown) => void
  #waiting: TurnSource[] = []
  #gathering = false
  #writing = false
  #idle: (() => void)[] = []

  constructor(options: {
    database: Database
    clock: Clock
    onFatal: (error: unknown) => void
    onTrouble: (error: unknown) => void
  }) {
    this.#database = options.database
    this.#clock = options.clock
    this.#onFatal = options.onFatal
    this.#onTrouble = options.onTrouble
  }

  submit(source: TurnSource): void {
    this.#waiting.push(source)
    if (this.#gathering || this.#writing) return
    this.#gathering = true
    setImmediate(this.#begin)
  }

  /** Resolves when everything submitted so far is settled. */
  settled(): Promise<void> {
    if (!this.#gathering && !this.#writing) return Promise.resolve()
    return new Promise((resolve) => this.#idle.push(resolve))
  }

  readonly #begin = (): void => {
    this.#gathering = false
    this.#writing = true
    const sources =
      this.#waiting.length > largestGroup ? this.#waiting.splice(0, largestGroup) : this.#waiting
    if (sources === this.#waiting) this.#waiting = []
    const taken: TurnSource[] = []
    const turns: Turn[] = []
    for (const source of sources) {
      // One that cannot make its turn must not take the others with it.
      try {
        turns.push(source.take())
        taken.push(source)
      } catch (error) {
        source.refused(error)
      }
    }
    void this.#write(taken, turns, false).then(() => this.#end())
  }

  /**
   * Resolves when every turn is settled or refused; never, after a fatal failure. `inDoubt`: an earlier commit of these
   * turns may be on disk.
   */
  async #write(sources: TurnSource[], turns: Turn[], inDoubt: boolean): Promise<void> {
    if (turns.length === 0) return
    let outcomes: Outcome[]
    try {
      outcomes = await this.#database.transaction((session) =>
        inDoubt ? writeRest(session, turns) : writeTurns(session, turns),
      )
    } catch (error) {
      return this.#recover(sources, turns, inDoubt, error)
    }
    for (let index = 0; index < sources.length; index++) sources[index]!.settled(outcomes[index]!)
  }

  async #recover(sources: TurnSource[], turns: Turn[], inDoubt: boolean, error: unknown): Promise<void> {
    const kind = this.#database.classify(error)
    if (kind === 'fatal') {
      this.#onFatal(error)
      await new Promise<never>(() => {})
    } else if (kind === 'retry' || kind === 'unknown') {
      this.#onTrouble(error)
      await new Promise<void>((resolve) => this.#clock.after(retryDelayMs, resolve))
      await this.#write(sources, turns, inDoubt || kind === 'unknown')
    } else if (turns.length === 1) {
      sources[0]!.refused(error)
    } else {
      for (let index = 0; index < turns.length; index++) {
        await this.#write([sources[index]!], [turns[index]!], inDoubt)
      }
    }
  }

  #end(): void {
    this.#writing = false
    if (this.#waiting.length > 0) {
      if (!this.#gathering) {
        this.#gathering = true
        setImmediate(this.#begin)
      }
      return
    }
    const idle = this.#idle
    this.#idle = []
    for (const resolve of idle) resolve()
  }
}

/**
 * Writes those of the turns that are not on disk yet, when a commit of them was never answered.
 *
 * A turn is on disk as a whole or not at all, so its last event, known by its place and its hash, stands for it. The
 * server may still be at work on that commit: then the claims' locks, or the unique keys of runs born, make this
 * transaction wait for its end, and what it left is looked for once more. A turn without events only gives a run back:
 * if the claim is gone, that has happened, or the run was taken away; either way this worker has nothing more of it.
 * A turn that is on disk and gave nothing back is lost all the same when the run was taken away since: to go on from it
 * is another worker's now.
 */
async function writeRest(session: Session, turns: Turn[]): Promise<Outcome[]> {
  const claims = turns.map((turn) => [turn.run, turn.epoch])
  const held = new Set((await session.bulk<{ no: number }>(heldClaims, claims)).map(({ no }) => no))
  const before = await onDisk(session, turns)
  const rest = turns.filter((turn) => !before.has(turn))
  const written = await writeTurns(session, rest, insertAbsentRuns)
  const outcomes = new Map(rest.map((turn, index) => [turn, written[index]!]))
  const after = await onDisk(
    session,
    rest.filter((turn) => outcomes.get(turn) !== 'durable'),
  )
  return turns.map((turn) => {
    if (before.has(turn)) return turn.release || held.has(turn.run) ? 'durable' : 'lost'
    if (after.has(turn)) return 'durable'
    const outcome = outcomes.get(turn)!
    return outcome === 'lost' && turn.events.length === 0 ? 'durable' : outcome
  })
}

async function onDisk(session: Session, turns: Turn[]): Promise<Set<Turn>> {
  const lasts = turns.flatMap((turn) => turn.events.slice(-1))
  if (lasts.length === 0) return new Set()
  const found = await session.bulk<{ run: number }>(
    findEvents,
    lasts.map((event) => [event.run, event.seq, event.hash]),
  )
  const runs = new Set(found.map(({ run }) => run))
  return new Set(turns.filter((turn) => turn.events.length > 0 && runs.has(turn.run)))
}

/** One transaction's work: a constant number of statements, whatever the number of turns. */
async function writeTurns(session: Session, turns: Turn[], births = insertKeyedRuns): Promise<Outcome[]> {
  const outcomes = await admit(session, turns, births)
  const rows = new Map<Bulk, Value[][]>()
  const add = (statement: Bulk, values: Value[]) => {
    const list = rows.get(statement)
    if (list) list.push(values)
    else rows.set(statement, [values])
  }
  for (let index = 0; index < turns.length; index++) {
    if (outcomes[index] !== 'durable') continue
    const turn = turns[index]!
    for (const event of turn.events) add(insertEvents, eventValues(event))
    if (turn.release?.endedAt === null) add(parkOf(turn), parkValues(turn.release))
    else if (turn.release) add(turn.watched ? releaseWatchedRuns : releaseRuns, releaseValues(turn.release))
    if (turn.chapter) {
      add(beginChapters, chapterValues(turn.chapter))
      add(resetRunBudgets, [`run:${turn.run}`])
    }
    if (turn.children) {
      for (const child of turn.children) {
        add(insertChildren, childRunValues(child.run))
        add(insertEvents, eventValues(child.first))
      }
    }
    for (const blob of turn.blobs ?? []) add(insertBlobs, [blob.hash, blob.content])
    for (const delivery of turn.deliveries ?? []) add(insertDeliveries, deliveryValues(delivery))
    for (const taken of turn.consumed ?? []) add(consumeItems, [taken.item, taken.step])
    for (const approval of turn.approvals ?? []) add(insertApprovals, approvalValues(approval))
    for (const closed of turn.closed ?? []) add(closeApprovals, [closed.approval, closed.status])
    for (const memory of turn.memories ?? [])
      add(memory.placed ? insertPlacedMemories : insertMemories, memoryValues(memory))
  }
  for (const [statement, values] of rows) {
    const answered = await session.bulk<{ run: number }>(statement, values)
    if (statement === insertDeliveries && answered.length > 0) {
      await session.bulk(
        wakeRuns,
        [...new Set(answered.map(({ run }) => run))].map((run) => [run]),
      )
    }
  }
  return outcomes
}

function parkOf({ release, watched }: Turn): Bulk {
  if (release?.isAbandoned) return parkAbandonedRuns
  return watched ? parkWatchedRuns : parkRuns
}

/**
 * Creates the new runs and checks the claims of the others. `cautious` inserts those runs that may be there already:
 * all of them, or those with an idempotency key.
 */
async function admit(session: Session, turns: Turn[], cautious: Bulk): Promise<Outcome[]> {
  const isSure = (birth: NewRun) => birth.idempotency === null && cautious === insertKeyedRuns
  const births: Value[][] = []
  const cautiousBirths: Value[][] = []
  const claims: Value[][] = []
  for (const turn of turns) {
    if (!turn.birth) claims.push([turn.run, turn.epoch])
    else if (isSure(turn.birth)) births.push(newRunValues(turn.birth))
    else cautiousBirths.push(keyedRunValues(turn.birth))
  }
  if (births.length > 0) await session.bulk(insertRuns, births)
  const born = cautiousBirths.length > 0 ? await session.bulk<{ no: number }>(cautious, cautiousBirths) : []
  const held = claims.length > 0 ? await session.bulk<{ no: number }>(heldClaims, claims) : []
  if (born.length === cautiousBirths.length && held.length === claims.length)
    return turns.map(() => 'durable')
  const bornNos = new Set(born.map((row) => row.no))
  const heldNos = new Set(held.map((row) => row.no))
  return turns.map((turn) => {
    if (!turn.birth) return heldNos.has(turn.run) ? 'durable' : 'lost'
    return isSure(turn.birth) || bornNos.has(turn.run) ? 'durable' : 'exists'
  })
}
