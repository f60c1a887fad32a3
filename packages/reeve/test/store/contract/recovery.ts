import { expect } from 'vitest'
import type { Database } from '../../../src/store/database.ts'
import { recoverOrphans } from '../../../src/store/dispatch/recovery.ts'
import {
  heartbeat,
  leaseMs,
  liveWorkers,
  longLeaseMs,
  registerWorker,
  removeDeadWorkers,
  removeWorker,
} from '../../../src/store/dispatch/workers.ts'
import { eventValues, insertEvents } from '../../../src/store/journal/journal.ts'
import { heldClaims } from '../../../src/store/runs/changes/releases.ts'
import { claim } from './claims.ts'
import { addRunning, addRuns, chainOf, newRun, type Open, rowOf, storeCase } from './fixtures.ts'

const recover = (database: Database) => database.transaction((session) => recoverOrphans(session))

export function recoveryCases(open: Open): void {
  storeCase('a worker lives as long as it beats', open, async (database) => {
    await registerWorker(database, 'w')
    expect(await heartbeat(database, 'w')).toBe(true)
    expect((await liveWorkers(database)).map((worker) => worker.id)).toEqual(['w'])
    await database.run(`update workers set host = 'another host', heartbeat_at = heartbeat_at - ?`, [
      leaseMs + 1,
    ])
    expect(await removeDeadWorkers(database, leaseMs)).toBe(1)
    expect(await heartbeat(database, 'w')).toBe(false)
  })

  storeCase(
    'a process that is there has longer than one that cannot be looked at',
    open,
    async (database) => {
      await registerWorker(database, 'busy')
      await database.run('update workers set heartbeat_at = heartbeat_at - ?', [leaseMs + 1])
      expect(await removeDeadWorkers(database, leaseMs)).toBe(0)
      expect((await liveWorkers(database)).map((worker) => worker.id)).toEqual(['busy'])
      await database.run('update workers set heartbeat_at = heartbeat_at - ?', [longLeaseMs - leaseMs])
      expect(await liveWorkers(database)).toEqual([])
      expect(await removeDeadWorkers(database, leaseMs)).toBe(1)
    },
  )

  storeCase('who has not beaten for a whole lease declares nobody dead', open, async (database) => {
    await registerWorker(database, 'w')
    await database.run(`update workers set host = 'another host', heartbeat_at = heartbeat_at - 60000`)
    expect(await removeDeadWorkers(database, leaseMs - 1)).toBe(0)
    expect(await heartbeat(database, 'w')).toBe(true)
    expect(await removeDeadWorkers(database, leaseMs)).toBe(0)
    // The store's clock was set back meanwhile, and this one has not beaten since.
    await database.run('update workers set heartbeat_at = heartbeat_at + 3600000')
    expect(await removeDeadWorkers(database, leaseMs - 1)).toBe(0)
    expect(await removeDeadWorkers(database, leaseMs)).toBe(1)
  })

  storeCase('a worker of this host whose process is gone is dead at once', open, async (database) => {
    await registerWorker(database, 'mine')
    await registerWorker(database, 'gone')
    await registerWorker(database, 'reused')
    await registerWorker(database, 'elsewhere')
    await registerWorker(database, 'namesake')
    await database.run(`update workers set pid = 2147483646 where id in ('gone', 'elsewhere', 'namesake')`)
    await database.run(`update workers set born = born || '1' where id = 'reused'`)
    // A container, or a machine, that only has this one's name.
    await database.run(`update workers set born = 'other-boot:pid:[1]:5' where id = 'namesake'`)
    await database.run(`update workers set host = 'another host' where id = 'elsewhere'`)
    await removeDeadWorkers(database, 0)
    expect((await liveWorkers(database)).map((worker) => worker.id).sort()).toEqual([
      'elsewhere',
      'mine',
      'namesake',
    ])
  })

  storeCase('the runs of dead workers, and only those, go back ahead of new work', open, async (database) => {
    await registerWorker(database, 'alive')
    await addRunning(database, 1, { worker: 'alive' })
    await addRunning(database, 2, { worker: 'dead' })
    await addRuns(database, newRun(3, { priority: 9 }))
    expect((await recover(database)).map((run) => run.no)).toEqual([2])
    expect(await rowOf(database, 1)).toMatchObject({ status: 'running', worker: 'alive' })
    expect(await claim(database, 1)).toEqual([2])
    await removeWorker(database, 'alive')
    expect((await recover(database)).map((run) => run.no)).toContain(1)
  })

  storeCase('deaths count until the journal grows', open, async (database) => {
    await addRunning(database, 1, { worker: 'dead' })
    const chain = chainOf(1)
    await database.bulk(insertEvents, [eventValues(chain('run-started'))])
    const die = async () => {
      await recover(database)
      await claim(database, 1, { worker: 'dead' })
      return (await rowOf(database, 1)).crashes
    }
    expect([await die(), await die(), await die()]).toEqual([1, 2, 3])
    await database.bulk(insertEvents, [eventValues(chain('step-completed'))])
    expect([await die(), await die()]).toEqual([1, 2])
    // An effect that ends its process is meant anew in each life: that is no progress.
    await database.bulk(insertEvents, [eventValues(chain('effect-intended'))])
    expect(await die()).toBe(3)
  })

  storeCase(
    'a claim does not hold after the run was taken back, nor after it was claimed again',
    open,
    async (database) => {
      await addRunning(database, 1, { worker: 'dead', epoch: 1 })
      const holds = async (epoch: number) => (await database.bulk(heldClaims, [[1, epoch]])).length === 1
      expect(await holds(1)).toBe(true)
      expect(await holds(2)).toBe(false)
      await recover(database)
      expect(await holds(1)).toBe(false)
      await claim(database, 1)
      expect([await holds(1), await holds(2)]).toEqual([false, true])
    },
  )
}
