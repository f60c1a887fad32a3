import type { Database } from '../../store/database.ts'
import { isClaimed, storeNow } from '../../store/dispatch/claims.ts'
import type { LeaseKeeper } from '../../store/dispatch/lease-keeper.ts'
import {
  gapMs,
  heartbeat,
  heartbeatMs,
  leaseMs,
  registerWorker,
  removeWorker,
} from '../../store/dispatch/workers.ts'
import type { Claim } from '../execution/call.ts'
import type { EngineServices } from '../services.ts'
import type { WorkflowRegistry } from '../workflow.ts'

export interface LivenessOptions {
  worker: string
  database: Database
  services: EngineServices
  workflows: WorkflowRegistry
  /** Keeps the lease while the event loop is blocked. */
  lease?: LeaseKeeper | undefined
  /** Called after each heartbeat until the worker leaves. */
  onBeat: () => Promise<void>
}

const confirmAgainMs = 1_000
const guardAfterMs = 300

/**
 * A worker's sign of life.
 *
 *   unknown → beating → leaving (it still shows that it lives, for what acts yet) → gone
 *
 * Its claims last as long as others see it beat. When its own last heartbeat is older than the lease, it may have been
 * stopped or cut off, and its runs may be another's by now: before it acts outside, it asks.
 */
export class Liveness {
  readonly #options: LivenessOptions
  #state: 'unknown' | 'beating' | 'leaving' | 'gone' = 'unknown'
  #cancel = () => {}
  #cancelGuard = () => {}
  /** When it last beat, and since when without a gap, by the store's clock. */
  #beatAt = 0
  #steadySince = 0
  #beating: Promise<void> | undefined
  /** When the last heartbeat that arrived was sent, by this process's clock. */
  #sentAt = 0

  constructor(options: LivenessOptions) {
    this.#options = options
  }

  async register(): Promise<void> {
    const { database, worker, services, workflows } = this.#options
    this.#sentAt = services.clock.now()
    await database.transaction(async (session) => {
      await registerWorker(session, worker, workflows.versions())
      this.#beatAt = this.#steadySince = await storeNow(session)
    })
    this.#state = 'beating'
  }

  /** Beats from now on. */
  begin(): void {
    this.#beatLater()
    // Not while this process is still starting, and not at all for one that starts, drives one run and ends.
    this.#cancelGuard = this.#options.services.clock.after(guardAfterMs, () => this.guard())
  }

  /** Keeps the lease from now on even if the event loop is blocked. */
  guard(): void {
    if (this.#state === 'beating') this.#options.lease?.begin(this.#options.worker)
  }

  /** Beats on, but does not come back once it was declared dead. */
  leave(): void {
    this.#state = 'leaving'
  }

  /** Stops beating. */
  async end(): Promise<void> {
    this.#state = 'gone'
    this.#cancel()
    this.#cancelGuard()
    await this.#options.lease?.end()
  }

  async signOff(): Promise<void> {
    await this.#options.database.transaction((session) => removeWorker(session, this.#options.worker))
  }

  /** For how long it has been beating without a gap (ms), at `now` by the store's clock: who has gaps judges nobody. */
  steadyMs(now: number): number {
    return now - this.#steadySince
  }

  /**
   * Whether a claim is surely this worker's still. True at once while it beats in time; otherwise the database is asked,
   * until it answers.
   */
  holds(claim: Claim): true | Promise<boolean> {
    const silentMs = this.#options.services.clock.now() - this.#sentAt
    return silentMs >= 0 && silentMs < leaseMs ? true : this.#confirm(claim)
  }

  /** Beating first makes it a living worker again, so that what is its own still cannot be taken between. */
  async #confirm(claim: Claim): Promise<boolean> {
    const { database, worker, services } = this.#options
    while (this.#state !== 'gone') {
      try {
        await this.#beat()
        return await isClaimed(database, { no: claim.no, epoch: claim.epoch, worker })
      } catch (error) {
        services.log.warn('a claim could not be confirmed before an effect; it is asked again', {
          run: claim.id,
          error: String(error),
        })
        await new Promise<void>((resolve) => services.clock.after(confirmAgainMs, resolve))
      }
    }
    return false
  }

  #beatLater(): void {
    if (this.#state === 'gone') return
    const { services } = this.#options
    // Spread, so that workers that started together do not all recover at one moment.
    this.#cancel = services.clock.after(heartbeatMs * (0.75 + services.random() / 2), () => {
      if (this.#state === 'gone') return
      this.#beat()
        .then(() => (this.#state === 'beating' ? this.#options.onBeat() : undefined))
        .catch((error) => services.log.error('a heartbeat failed', { error: String(error) }))
        .finally(() => this.#beatLater())
    })
  }

  /** Those who ask at one moment share one. */
  #beat(): Promise<void> {
    this.#beating ??= this.#beatOnce().finally(() => {
      this.#beating = undefined
    })
    return this.#beating
  }

  async #beatOnce(): Promise<void> {
    const { database, worker, services, workflows } = this.#options
    const sentAt = services.clock.now()
    // Nothing of it stays open, and locked, when the event loop is blocked meanwhile.
    const alive = await heartbeat(database, worker)
    // One that leaves is not to come back.
    if (!alive && this.#state === 'beating') {
      await database.transaction((session) => registerWorker(session, worker, workflows.versions()))
    }
    this.#note(alive, await storeNow(database))
    this.#sentAt = sentAt
    if (alive) this.#options.lease?.beaten()
  }

  /** A clock of the store that was set is a gap too: it makes everybody's last heartbeat look old, or yet to come. */
  #note(alive: boolean, now: number): void {
    if (!alive || Math.abs(now - this.#beatAt) > gapMs) this.#steadySince = now
    this.#beatAt = now
  }
}
