import type { Clock } from '../../base/time/time.ts'
import { BatchRows, writeBatch } from '../batch.ts'
import type { Batch, Database, Row, Session } from '../database.ts'
import { heldClaims } from '../runs/changes/releases.ts'
import {
  insertAbsentRuns,
  insertKeyedRuns,
  insertRuns,
  keyedRunValues,
  type NewRun,
  newRunValues,
} from '../runs/changes/starts.ts'
import { eventRow, findEvents, insertBlobs, type JournalEvent } from './journal.ts'
import { WritePace } from './write-pace.ts'

/** What one run wants made durable at one moment: all of it, or (its claim lost) nothing. */
export interface RunCommit {
  run: number
  /** Checked against the row: a worker that lost its claim writes nothing. */
  epoch: number
  /** The run itself, when this commit starts it; then there is no claim to check. */
  start?: NewRun
  events: JournalEvent[]
  /** Gives the run back. */
  release?: Row
  /** Whatever else becomes durable with it; a statement runs before those that come after it here, where no commit says otherwise. */
  rows?: Row[]
}

/**
 * `durable`: all of it is on disk. `lost`: the claim was lost; nothing was written, unless by an earlier transaction in doubt
 * while the claim held. `exists`: a run with this idempotency key is there already, nothing was written.
 */
export type Outcome = 'durable' | 'lost' | 'exists'

export interface RunCommitSource {
  /** Asked once per `submit`, at the last moment before the transaction, so that one commit carries all that is ready. */
  take(): RunCommit
  settled(outcome: Outcome): void
  /** This commit by itself cannot be written (a broken constraint, a value that is none); other commits are not touched. */
  refused(error: unknown): void
}

const retryDelayMs = 500
const largestGroup = 4000
/** So many events end a group, so that one with many events in each commit does not hold the event loop up. */
const mostGroupEvents = 4000
/** A sync of the disk for fewer commits, and the way to another thread, cost more than is won by going on beside them. */
const worthElsewhere = 128

/**
 * Makes every commit that is ready at one moment durable in one transaction.
 *
 *   idle → gathering (until the current work has yielded) → writing → idle, or writing what came meanwhile
 *
 * A transaction that fails for want of disk, a lock or a connection is tried again until it works: nothing is
 * acknowledged meanwhile. One whose commit was sent and never answered may be on disk: before it is tried again, its
 * commits are looked for. One that fails for a commit's own fault is taken apart and its commits are written one by one. Any other
 * failure means that the process can no longer tell what is on disk: `onFatal` must end it.
 */
export class GroupCommit {
  readonly #database: Database
  readonly #clock: Clock
  readonly #onFatal: (error: unknown) => void
  readonly #onTrouble: (error: unknown) => void
  #waiting: RunCommitSource[] = []
  #gathering = false
  /** Groups that are being written: at most two, the second behind the first. */
  #writing = 0
  #idle: (() => void)[] = []
  readonly #pace = new WritePace()
  /** When the last group was written. */
  #wroteAt = 0

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

  submit(source: RunCommitSource): void {
    this.#waiting.push(source)
    if (!this.#gathering && this.#mayBegin) this.#gather()
  }

  /** Whether one group is to be written while the runs of another go on. */
  get #overlaps(): boolean {
    return this.#database.writeElsewhere !== undefined && this.#pace.isBoundByWriting
  }

  /** A second group is sent while one is written only where it is large: what is few would cost a sync of its own. */
  get #mayBegin(): boolean {
    if (this.#writing === 0) return true
    return this.#writing === 1 && this.#overlaps && this.#waiting.length >= worthElsewhere
  }

  /** Resolves when everything submitted so far is settled. */
  settled(): Promise<void> {
    if (!this.#gathering && this.#writing === 0) return Promise.resolve()
    return new Promise((resolve) => this.#idle.push(resolve))
  }

  #gather(): void {
    this.#gathering = true
    setImmediate(this.#gathered)
  }

  /** Of many that are ready while nothing is written, each half becomes a group: from then on they alternate. */
  readonly #gathered = (): void => {
    this.#gathering = false
    const all = this.#waiting.length
    const isMany = this.#overlaps && this.#writing === 0 && all >= 2 * worthElsewhere
    this.#begin(isMany ? Math.ceil(all / 2) : all)
    if (isMany) this.#begin(Math.floor(all / 2))
  }

  #begin(count: number): void {
    this.#writing++
    const sources = this.#waiting.splice(0, Math.min(count, largestGroup))
    const taken: RunCommitSource[] = []
    const commits: RunCommit[] = []
    let events = 0
    for (let index = 0; index < sources.length; index++) {
      const source = sources[index]!
      if (events >= mostGroupEvents) {
        this.#waiting.unshift(...sources.slice(index))
        break
      }
      // One that cannot make its commit must not take the others with it.
      try {
        const commit = source.take()
        events += commit.events.length
        commits.push(commit)
        taken.push(source)
      } catch (error) {
        source.refused(error)
      }
    }
    const beganAt = performance.now()
    void this.#write(taken, commits, false).then((tell) => {
      this.#end(tell, commits.length, beganAt)
    })
  }

  /**
   * Resolves with the way to tell every commit what became of it; never, after a fatal failure. `inDoubt`: an earlier transaction
   * of these commits may be on disk.
   */
  async #write(sources: RunCommitSource[], commits: RunCommit[], inDoubt: boolean): Promise<() => void> {
    if (commits.length === 0) return () => {}
    let outcomes: Outcome[]
    try {
      outcomes = await (inDoubt
        ? this.#database.transaction((session) => writeRest(session, commits))
        : this.#writeNew(commits))
    } catch (error) {
      return this.#recover(sources, commits, inDoubt, error)
    }
    return () => {
      for (let index = 0; index < sources.length; index++) sources[index]!.settled(outcomes[index]!)
    }
  }

  async #writeNew(commits: RunCommit[]): Promise<Outcome[]> {
    const batch = batchOf(commits)
    const database = this.#database
    const refused = await (commits.length >= worthElsewhere && this.#overlaps
      ? database.writeElsewhere!(batch)
      : database.transaction((session) => writeBatch(session, batch)))
    return outcomesOf(commits, refused)
  }

  async #recover(
    sources: RunCommitSource[],
    commits: RunCommit[],
    inDoubt: boolean,
    error: unknown,
  ): Promise<() => void> {
    const kind = this.#database.classify(error)
    if (kind === 'fatal') {
      this.#onFatal(error)
      await new Promise<never>(() => {})
    }
    if (kind === 'retry' || kind === 'unknown') {
      this.#onTrouble(error)
      await new Promise<void>((resolve) => this.#clock.after(retryDelayMs, resolve))
      return this.#write(sources, commits, inDoubt || kind === 'unknown')
    }
    if (commits.length === 1) return () => sources[0]!.refused(error)
    for (let index = 0; index < commits.length; index++) {
      const tell = await this.#write([sources[index]!], [commits[index]!], inDoubt)
      tell()
    }
    return () => {}
  }

  /** What is ready is sent before this group is told, so that the database works while its runs go on. */
  #end(tell: () => void, commits: number, beganAt: number): void {
    this.#writing--
    const now = performance.now()
    if (commits >= worthElsewhere) {
      this.#pace.wrote(commits, now - Math.max(beganAt, this.#wroteAt))
      setImmediate(() => this.#pace.worked(commits, performance.now() - now))
    }
    this.#wroteAt = now
    if (this.#waiting.length > 0 && !this.#gathering && this.#mayBegin) this.#begin(this.#waiting.length)
    tell()
    if (this.#writing > 0 || this.#gathering) return
    const idle = this.#idle
    this.#idle = []
    for (const resolve of idle) resolve()
  }
}

/**
 * Writes those of the commits that are not on disk yet, when a transaction of them was never answered.
 *
 * A commit is on disk as a whole or not at all, so its last event, known by its place and its hash, stands for it. The
 * server may still be at work on that transaction: then the claims' locks, or the unique keys of runs that are started, make this
 * transaction wait for its end, and what it left is looked for once more. A commit without events only gives a run back:
 * if the claim is gone, that has happened, or the run was taken away; either way this worker has nothing more of it.
 * A commit that is on disk and gave nothing back is lost all the same when the run was taken away since: to go on from it
 * is another worker's now.
 */
async function writeRest(session: Session, commits: RunCommit[]): Promise<Outcome[]> {
  const claims = commits.map((commit) => [commit.run, commit.epoch])
  const held = new Set((await session.bulk<{ no: number }>(heldClaims, claims)).map(({ no }) => no))
  const before = await onDisk(session, commits)
  const rest = commits.filter((commit) => !before.has(commit))
  const written = outcomesOf(rest, await writeBatch(session, batchOf(rest, true)))
  const outcomes = new Map(rest.map((commit, index) => [commit, written[index]!]))
  const after = await onDisk(
    session,
    rest.filter((commit) => outcomes.get(commit) !== 'durable'),
  )
  return commits.map((commit) => {
    if (before.has(commit)) return commit.release || held.has(commit.run) ? 'durable' : 'lost'
    if (after.has(commit)) return 'durable'
    const outcome = outcomes.get(commit)!
    return outcome === 'lost' && commit.events.length === 0 ? 'durable' : outcome
  })
}

async function onDisk(session: Session, commits: RunCommit[]): Promise<Set<RunCommit>> {
  const lasts = commits.flatMap((commit) => commit.events.slice(-1))
  if (lasts.length === 0) return new Set()
  const found = await session.bulk<{ run: number }>(
    findEvents,
    lasts.map((event) => [event.run, event.seq, event.hash]),
  )
  const runs = new Set(found.map(({ run }) => run))
  return new Set(commits.filter((commit) => commit.events.length > 0 && runs.has(commit.run)))
}

/**
 * A commit's claim guards its rows, or its start where the run may be there already. `mayBeThere`: every run that these
 * commits would make, for an earlier transaction may have made it; otherwise only one with an idempotency key.
 */
function batchOf(commits: RunCommit[], mayBeThere = false): Batch {
  const rows = new BatchRows()
  for (const commit of commits) {
    const { start, run } = commit
    if (!start) rows.guard(heldClaims, [run, commit.epoch])
    else if (mayBeThere) rows.guard(insertAbsentRuns, keyedRunValues(start))
    else if (start.idempotency !== null) rows.guard(insertKeyedRuns, keyedRunValues(start))
    else rows.write(run, { statement: insertRuns, values: newRunValues(start) })
  }
  for (const commit of commits) addLinked(rows, commit)
  for (const commit of commits) addRows(rows, commit)
  return rows.batch
}

/** Events, with the blobs of all commits, before whatever reads them. */
function addLinked(batch: BatchRows, { run, events, rows }: RunCommit): void {
  for (const event of events) batch.write(run, eventRow(event))
  if (rows) for (const row of rows) if (row.statement === insertBlobs) batch.write(run, row)
}

function addRows(batch: BatchRows, { run, release, rows }: RunCommit): void {
  if (release) batch.write(run, release)
  if (rows) for (const row of rows) if (row.statement !== insertBlobs) batch.write(run, row)
}

function outcomesOf(commits: RunCommit[], refused: number[]): Outcome[] {
  if (refused.length === 0) return commits.map(() => 'durable')
  const runs = new Set(refused)
  return commits.map(({ start, run }) => (!runs.has(run) ? 'durable' : start ? 'exists' : 'lost'))
}
