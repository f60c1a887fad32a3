import type { Clock } from '../../../base/time/time.ts'
import type { Database, Session } from '../../../store/database.ts'
import { claimRuns, nextDue, storeNow, wakeDue } from '../../../store/dispatch/claims.ts'
import { letOut } from '../../../store/dispatch/key-lines.ts'
import { LaneTurns } from '../../../store/dispatch/lane-turns.ts'
import { nextRateWindow } from '../../../store/dispatch/queues/claim-rates.ts'
import { isLimited, listQueues, type QueueRow, queuesNamed } from '../../../store/dispatch/queues/queues.ts'
import { QueueShares } from '../../../store/dispatch/shares.ts'
import type { RunRow } from '../../../store/runs/runs.ts'
import type { Notices } from '../../notices.ts'
import type { PreparedStart } from '../../starting/prepared-start.ts'
import type { WorkflowRegistry } from '../../workflow.ts'
import { isSuspect, type LocalRuns } from '../local-runs.ts'
import { HistoryRoom } from './history-room.ts'

export interface ClaimingOptions {
  /** The worker's. */
  id: string
  database: Database
  services: { clock: Clock; notices: Notices }
  workflows: WorkflowRegistry
  runs: LocalRuns
  /** The most runs driven at once. */
  capacity: number
  /** What the histories of the runs driven at once may come to (bytes); one that is larger is driven alone. */
  historyBytes: number
}

/** So long a suspect is driven with no other suspect beside it. */
const probationMs = 500

/**
 * What a worker may claim: as many runs as there is room for, of the workflows that it has, within the limits of queues;
 * and of runs whose processes died, one at a time until it has shown, by not ending this process, that it may have company.
 */
export class Claiming {
  readonly #options: ClaimingOptions
  readonly #shares = new QueueShares()
  readonly #turns = new LaneTurns()
  readonly #room: HistoryRoom
  #queues = new Map<string, QueueRow>()
  /** When the last claim began, by the store's clock. */
  #claimedAt = 0
  #probationEnds = 0
  /** There was no room left: more may be queued. */
  #isFull = false
  /** Some queue has limits: a run that ends may make room for another. */
  #isLimited = false

  constructor(options: ClaimingOptions) {
    this.#options = options
    this.#room = new HistoryRoom(options.historyBytes)
  }

  /** Some queue has limits. */
  get isLimited(): boolean {
    return this.#isLimited
  }

  /** Whether the end of a run may make room for another one. */
  makesRoom(ended: { crashes: number }): boolean {
    return this.#isFull || this.#isLimited || isSuspect(ended)
  }

  /**
   * Claims what there is room for. `isFirst`: of a round, which looks at all queues anew. `isMore`: there may be more to
   * claim at once.
   */
  async claim(isFirst: boolean): Promise<{ claimed: RunRow[]; isMore: boolean }> {
    if (isFirst) this.#turns.begin()
    const { database, services, capacity, runs } = this.#options
    const room = capacity - runs.size
    this.#isFull = room <= 0
    if (room <= 0) return { claimed: [], isMore: false }
    let isMore = false
    const onMore = () => {
      isMore = true
    }
    const claimed = await database.transaction((session) => this.#claim(session, { room, isFirst, onMore }))
    this.#turns.done(claimed.length)
    if (claimed.some(isSuspect)) {
      this.#probationEnds = services.clock.now() + probationMs
      services.clock.after(probationMs, () => services.notices.tell('run-queued'))
    }
    return { claimed, isMore: isMore || claimed.length > 0 || this.#turns.isMore }
  }

  async #claim(
    session: Session,
    { room: limit, isFirst, onMore }: { room: number; isFirst: boolean; onMore: () => void },
  ): Promise<RunRow[]> {
    const { id: worker, services, workflows, runs } = this.#options
    this.#claimedAt = await storeNow(session)
    await wakeDue(session)
    if ((await letOut(session)) > 0) onMore()
    const looked = await this.#turns.look(session)
    const queues = isFirst
      ? await this.#listQueues(session)
      : await queuesNamed(session, [...new Set(looked.map(({ queue }) => queue))])
    // What it does not have, another may: a run waits for whoever has its version.
    const lanes = looked.filter(({ workflow, version }) => workflows.find(workflow, version))
    const histories = this.#room.open(runs.historyBytes)
    const { admits } = histories
    const drivesSuspect = services.clock.now() < this.#probationEnds && runs.hasSuspect
    const request = { worker, limit, drivesSuspect, lanes, onMore, admits }
    const claimed = await claimRuns(session, queues, this.#shares, request)
    this.#isFull = histories.isFull
    return claimed
  }

  async #listQueues(session: Session): Promise<QueueRow[]> {
    const queues = await listQueues(session)
    this.#queues = new Map(queues.map((queue) => [queue.name, queue]))
    this.#isLimited = queues.some(isLimited)
    return queues
  }

  /** When there may be something to claim next (ms), as far as the clock is what it waits for. */
  async nextDue(): Promise<number> {
    const { database } = this.#options
    const due = await nextDue(database)
    const window = await nextRateWindow(database, this.#claimedAt)
    return Math.min(due ?? Number.POSITIVE_INFINITY, window ?? Number.POSITIVE_INFINITY)
  }

  /** A queue was paused or goes on: what was read of it is put right at once. */
  queuePaused(name: string, isPaused: boolean): void {
    const queue = this.#queues.get(name)
    if (queue) this.#queues.set(name, { ...queue, paused: isPaused ? 1 : 0 })
  }

  /** Whether a run could be driven here from its start on, without waiting in its queue. */
  hasRoomFor({ run }: PreparedStart): boolean {
    const queue = this.#queues.get(run.queue)
    return (
      queue !== undefined &&
      !queue.paused &&
      !isLimited(queue) &&
      run.available_at <= run.created_at &&
      this.#options.runs.size < this.#options.capacity
    )
  }
}
