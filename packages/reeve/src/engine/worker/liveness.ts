import type { Log } from '../../base/log.ts'
import type { Clock } from '../../base/time/time.ts'
import type { Database } from '../../store/database.ts'
import { isClaimed, storeNow } from '../../store/dispatch/claims.ts'
import type { LeaseKeeper } from '../../store/dispatch/lease/lease-keeper.ts'
import {
  gapMs,
  heartbeat,
  heartbeatMs,
  leaseMs,
  registerWorker,
  removeWorker,
} from '../../store/dispatch/workers.ts'
import type { Claim } from '../execution/claim.ts'
import type { ClaimCheck } from '../services.ts'
import type { WorkflowRegistry } from '../workflow.ts'

export interface LivenessOptions {
  worker: string
  database: Database
  clock: Clock
  log: Log
  random: () => number
  workflows: WorkflowRegistry
  /** Keeps the lease while the event loop is blocked. */
  lease?: LeaseKeeper | undefined
}

const confirmAgainMs = 1_000
const guardAfterMs = 300

/**
 * A worker's sign of life.
 *
 *   unknown → working → leaving (heartbeats go on, for what acts yet) → gone
 *
 * Its claims last as long as others see its heartbeats. When its own last heartbeat is older than the lease, it may have been
 * stopped or cut off, and its runs may be another's by now: before it acts outside, it asks.
 */
export class Liveness implements ClaimCheck {
  readonly #options: LivenessOptions
  #state: 'unknown' | 'working' | 'leaving' | 'gone' = 'unknown'
  #cancel = () => {}
  #cancelGuard = () => {}
  #upkeep = async () => {}
  #isSeeingTo = false
  /** When the last heartbeat was, and since when they come without a gap, by the store's clock. */
  #heartbeatAt = 0
  #steadySince = 0
  #sending: Promise<void> | undefined
  /** When the last heartbeat that arrived was sent, by this process's clock. */
  #sentAt = 0

  constructor(options: LivenessOptions) {
    this.#options = options
  }

  async register(): Promise<void> {
    const { database, worker, clock, workflows } = this.#options
    this.#sentAt = clock.now()
    await database.transaction(async (session) => {
      await registerWorker(session, worker, workflows.versions())
      this.#heartbeatAt = this.#steadySince = await storeNow(session)
    })
    this.#state = 'working'
  }

  /**
   * Shows from now on that the worker lives. Until it leaves, `upkeep` is called after each heartbeat, one at a time; heartbeats do
   * not wait for it: on a busy database it may take longer than the lease.
   */
  begin(upkeep: () => Promise<void>): void {
    this.#upkeep = upkeep
    this.#heartbeatLater()
    // Not while this process is still starting, and not at all for one that starts, drives one run and ends.
    this.#cancelGuard = this.#options.clock.after(guardAfterMs, () => this.guard(), 'upkeep')
  }

  /** Keeps the lease from now on even if the event loop is blocked. */
  guard(): void {
    if (this.#state === 'working') this.#options.lease?.begin(this.#options.worker)
  }

  /** Heartbeats go on, but a worker that was declared dead does not come back. */
  leave(): void {
    this.#state = 'leaving'
  }

  /** No heartbeat any more. */
  async end(): Promise<void> {
    this.#state = 'gone'
    this.#cancel()
    this.#cancelGuard()
    await this.#options.lease?.end()
  }

  async signOff(): Promise<void> {
    await this.#options.database.transaction((session) => removeWorker(session, this.#options.worker))
  }

  /**
   * For how long its heartbeats have come without a gap (ms), at `now` by the store's clock. A worker with a gap of its own
   * cannot tell whether others are dead.
   */
  steadyMs(now: number): number {
    return now - this.#steadySince
  }

  /** Whether it claims runs. */
  get isWorking(): boolean {
    return this.#state === 'working'
  }

  /**
   * Whether a claim is surely this worker's still. True at once while its heartbeats come in time; otherwise the database
   * is asked, until it answers.
   */
  confirm(claim: Claim): true | Promise<boolean> {
    const silentMs = this.#options.clock.now() - this.#sentAt
    return silentMs >= 0 && silentMs < leaseMs ? true : this.#ask(claim)
  }

  /** A heartbeat first makes it a living worker again, so that what is its own still cannot be taken between. */
  async #ask(claim: Claim): Promise<boolean> {
    const { database, worker, clock, log } = this.#options
    while (this.#state !== 'gone') {
      try {
        await this.#heartbeat()
        return await isClaimed(database, { no: claim.no, epoch: claim.epoch, worker })
      } catch (error) {
        log.warn('a claim could not be confirmed before an effect; it is asked again', {
          run: claim.id,
          error: String(error),
        })
        await new Promise<void>((resolve) => clock.after(confirmAgainMs, resolve, 'pause'))
      }
    }
    return false
  }

  #heartbeatLater(): void {
    if (this.#state === 'gone') return
    const { clock, log, random } = this.#options
    // Spread, so that workers that started together do not all recover at one moment.
    const beat = () => {
      if (this.#state === 'gone') return
      this.#heartbeat()
        .then(() => this.#seeTo())
        .catch((error) => log.error('a heartbeat failed', { error: String(error) }))
        .finally(() => this.#heartbeatLater())
    }
    this.#cancel = clock.after(heartbeatMs * (0.75 + random() / 2), beat, 'upkeep')
  }

  #seeTo(): void {
    if (this.#state !== 'working' || this.#isSeeingTo) return
    this.#isSeeingTo = true
    this.#upkeep()
      .catch((error) => {
        // Its database may be closed by then.
        if (this.#state === 'gone') return
        const about = { error: String(error) }
        this.#options.log.error('what is seen to at heartbeats failed; it is tried again', about)
      })
      .finally(() => {
        this.#isSeeingTo = false
      })
  }

  /** Those who ask at one moment share one. */
  #heartbeat(): Promise<void> {
    this.#sending ??= this.#sendHeartbeat().finally(() => {
      this.#sending = undefined
    })
    return this.#sending
  }

  async #sendHeartbeat(): Promise<void> {
    const { database, worker, clock, workflows } = this.#options
    const sentAt = clock.now()
    // Nothing of it stays open, and locked, when the event loop is blocked meanwhile.
    const alive = await heartbeat(database, worker)
    // One that leaves is not to come back.
    if (!alive && this.#state === 'working') {
      await database.transaction((session) => registerWorker(session, worker, workflows.versions()))
    }
    this.#note(alive, await storeNow(database))
    this.#sentAt = sentAt
    if (alive) this.#options.lease?.beaten()
  }

  /** A clock of the store that was set is a gap too: it makes everybody's last heartbeat look old, or yet to come. */
  #note(alive: boolean, now: number): void {
    if (!alive || Math.abs(now - this.#heartbeatAt) > gapMs) this.#steadySince = now
    this.#heartbeatAt = now
  }
}
