import type { Database } from '../../store/database.ts'
import { storeNow } from '../../store/dispatch/claims.ts'
import { checkLines, firstKey } from '../../store/dispatch/key-lines.ts'
import { ensureQueue } from '../../store/dispatch/queues/queues.ts'
import { Reconciler } from '../../store/dispatch/reconcile.ts'
import { mostRecovered, recoverOrphans } from '../../store/dispatch/recovery.ts'
import { removeDeadWorkers } from '../../store/dispatch/workers.ts'
import { wakeWhereRoomIs } from '../../store/spending/budget-waits.ts'
import { ApprovalUpkeep } from '../deciding/approval-upkeep.ts'
import { cancelQueued, markStuck } from '../outside/unheld-runs.ts'
import type { EngineServices } from '../services.ts'
import type { Liveness } from './liveness.ts'

export interface HeartbeatUpkeepOptions {
  database: Database
  services: EngineServices
  /** Deaths without progress until a run is `stuck`. */
  maxCrashes: number
  liveness: Pick<Liveness, 'isWorking' | 'steadyMs'>
}

/** Of one thing at one heartbeat. */
const mostSlices = 50

/**
 * What a worker sees to at its heartbeats, for the runs of all: those of dead workers are taken back, lost wakes are
 * found, and lines of keys that nothing else lets go on. All of it in slices, between which others write and run.
 */
export class HeartbeatUpkeep {
  readonly #options: HeartbeatUpkeepOptions
  readonly #reconciler = new Reconciler()
  readonly #approvals: ApprovalUpkeep
  /** Up to which key the lines were looked at. */
  #line = firstKey

  constructor(options: HeartbeatUpkeepOptions) {
    this.#options = options
    const { database, services } = options
    this.#approvals = new ApprovalUpkeep({ database, ...services })
  }

  /** What people are asked: reminders that are due, and what is permitted already. */
  askedOfPeople(): Promise<void> {
    return this.#approvals.look()
  }

  /** Whether there is more to claim now. */
  async wakeLost(): Promise<boolean> {
    const { database } = this.#options
    const woken = (await this.#reconciler.look(database)) + (await wakeWhereRoomIs(database))
    let out = 0
    await inSlices(async () => {
      const looked = await checkLines(database, this.#line)
      this.#line = looked.next
      out += looked.out
      return looked.out > 0
    })
    return woken + out > 0
  }

  /** Takes back the runs of dead workers. */
  async recoverAll(): Promise<void> {
    await inSlices(async () => this.#options.liveness.isWorking && (await this.recover()) === mostRecovered)
  }

  /** The first slice of them; answers how many. A run that keeps killing its worker becomes `stuck`. */
  async recover(): Promise<number> {
    const { database, services, maxCrashes, liveness } = this.#options
    const orphans = await database.transaction(async (session) => {
      await removeDeadWorkers(session, liveness.steadyMs(await storeNow(session)))
      await ensureQueue(session, 'default')
      return recoverOrphans(session)
    })
    for (const run of orphans) {
      // Nobody need have its workflow to end it.
      if (run.cancelled_by !== null) {
        await cancelQueued(database, services, run.no)
        services.notices.tell('run-set-aside', run.id)
        continue
      }
      if (run.crashes < maxCrashes) continue
      const reason = `The process died ${run.crashes} times while driving this run, without progress between. Look at its last step, then: reeve retry ${run.id}`
      await markStuck(database, services, run, reason)
      services.notices.tell('run-set-aside', run.id)
    }
    if (orphans.length > 0) services.notices.tell('run-queued')
    return orphans.length
  }
}

/** Does a slice, and the next one while it answers that there is more. */
async function inSlices(slice: () => Promise<boolean>): Promise<void> {
  for (let count = 0; count < mostSlices; count++) {
    if (!(await slice())) return
    await new Promise((resolve) => setImmediate(resolve))
  }
}
