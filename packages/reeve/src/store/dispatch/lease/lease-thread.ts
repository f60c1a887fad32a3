// A thread of its own, beside an event loop that may be blocked: see `lease-keeper.ts`.
import { writeSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { lineLog } from '../../../base/log.ts'
import { formatMs, systemClock } from '../../../base/time/time.ts'
import type { Database } from '../../database.ts'
import { openDatabase } from '../../open.ts'
import { heartbeat, heartbeatMs, leaseMs } from '../workers.ts'
import type { LeaseThreadData, StoodIn } from './lease-keeper.ts'

const { database: place, worker, maxBlockedMs, beats } = workerData as LeaseThreadData
const lookMs = 250
/** A worker beats itself at least this often, when nothing keeps it from that. */
const overdueMs = 1.5 * heartbeatMs
/** A connection that was not used for so long is closed. */
const idleMs = 30_000

// What the main thread writes is written by a loop that may be blocked.
const log = lineLog((line) => writeSync(2, line), false)
const blocked = `The worker that holds this run has not shown for ${formatMs(maxBlockedMs)} that it lives: the event loop of process ${process.pid} is blocked, by an endless loop for one, or it cannot reach the database. Its lease is no longer kept: another worker takes the run over and counts it as a death.`

let database: Database | undefined
let seen = Atomics.load(beats, 0)
let lookedAt = performance.now()
/** For how long the worker has not beaten itself, at the most, without the time for which this process was stopped. */
let silentMs = heartbeatMs
let stoodInMs = 0
let renewedAt = Number.NEGATIVE_INFINITY
let hasGivenUp = false
let hasSaidSo = false
let isBusy = false

setInterval(look, lookMs)

function look(): void {
  const now = performance.now()
  const passedMs = Math.min(now - lookedAt, 2 * lookMs)
  lookedAt = now
  const beat = Atomics.load(beats, 0)
  if (beat === seen) silentMs += passedMs
  else {
    seen = beat
    silentMs = 0
    if (stoodInMs >= leaseMs) parentPort!.postMessage({ stoodInMs } satisfies StoodIn)
    stoodInMs = 0
  }
  if (!isBusy)
    void act(now).finally(() => {
      isBusy = false
    })
}

/** What the database refuses now is tried again at the next look. */
async function act(now: number): Promise<void> {
  isBusy = true
  try {
    if (silentMs < overdueMs) {
      if (hasGivenUp) await takeBack()
      else if (database && now - renewedAt > idleMs) await close()
    } else if (silentMs >= maxBlockedMs) {
      if (!hasSaidSo) await giveUp()
    } else if (now - renewedAt >= heartbeatMs) await renew(now)
  } catch {
    await close()
  }
}

async function renew(now: number): Promise<void> {
  renewedAt = now
  stoodInMs = silentMs
  await heartbeat(connection(), worker)
}

async function giveUp(): Promise<void> {
  if (!hasGivenUp) log.error(blocked.replace('that holds this run', worker).replace('the run', 'its runs'))
  hasGivenUp = true
  const sql = `update runs set reason = ? where status = 'running' and worker = ?`
  await connection().run(sql, [blocked, worker])
  hasSaidSo = true
}

/** It beats again, and may have lost none of its runs. */
async function takeBack(): Promise<void> {
  const sql = `update runs set reason = null where status = 'running' and worker = ? and reason = ?`
  await connection().run(sql, [worker, blocked])
  hasGivenUp = false
  hasSaidSo = false
}

/** Opened when it is needed: most workers are never blocked. */
function connection(): Database {
  database ??= openDatabase(place, systemClock)
  return database
}

async function close(): Promise<void> {
  const closing = database
  database = undefined
  await closing?.close().catch(() => {})
}
