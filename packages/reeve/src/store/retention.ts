import { setTimeout as delay } from 'node:timers/promises'
import type { Database } from './database.ts'

/** How long ended runs are kept, in ms. A status that is absent is kept for ever. */
export interface Retention {
  succeededMs?: number
  failedMs?: number
  cancelledMs?: number
}

/** Small enough that whoever writes beside it hardly notices. */
const batch = 200
const pauseMs = 10

/** What of one status retention would delete. */
export interface Prunable {
  status: string
  runs: number
  events: number
  /** Of the payloads. */
  bytes: number
  /** When the first and the last of them ended (ms). */
  oldest: number
  newest: number
}

/** A run whose parent or children are still going is kept. Read in the order of the index of ended runs. */
const eligible = `ended_at is not null and ended_at < ? and status = ?
  and not exists (select 1 from runs child where child.parent = runs.no and child.ended_at is null)
  and (parent is null or not exists (select 1 from runs above where above.no = runs.parent and above.ended_at is null))`

/** What `prune` would delete now, by status. */
export async function prunable(database: Database, retention: Retention, now: number): Promise<Prunable[]> {
  const found: Prunable[] = []
  for (const [status, before] of limitsOf(retention, now)) {
    const row = await database.get<Omit<Prunable, 'status'>>(
      `select count(*) as runs, min(ended_at) as oldest, max(ended_at) as newest,
         coalesce(sum((select count(*) from events where events.run = runs.no)), 0) as events,
         coalesce(sum((select coalesce(sum(coalesce(length(events.payload), length(blobs.content), 0)), 0)
           from events left join blobs on blobs.hash = events.blob where events.run = runs.no)), 0) as bytes
       from runs where ${eligible}`,
      [before, status],
    )
    if (row && row.runs > 0)
      found.push({ status, ...row, events: Number(row.events), bytes: Number(row.bytes) })
  }
  return found
}

function limitsOf(retention: Retention, now: number): [status: string, before: number][] {
  const { succeededMs, failedMs, cancelledMs } = retention
  const ages = { succeeded: succeededMs, failed: failedMs, cancelled: cancelledMs }
  return Object.entries(ages).flatMap(([status, age]) => (age === undefined ? [] : [[status, now - age]]))
}

/**
 * Deletes ended runs past their time, with everything of theirs, in small transactions with room for others between, and
 * records that it did. An aborted `signal` ends it after the batch that is under way.
 */
export async function prune(
  database: Database,
  retention: Retention,
  now: number,
  signal?: AbortSignal,
): Promise<{ runs: number; events: number }> {
  const total = { runs: 0, events: 0 }
  for (const [status, before] of limitsOf(retention, now)) {
    while (!signal?.aborted) {
      const pruned = await pruneBatch(database, status, before, now)
      total.runs += pruned.runs
      total.events += pruned.events
      if (pruned.runs < batch) break
      await delay(pauseMs)
    }
  }
  return total
}

function pruneBatch(
  database: Database,
  status: string,
  before: number,
  now: number,
): Promise<{ runs: number; events: number }> {
  return database.transaction(async (session) => {
    const rows = await session.all<{ no: number }>(
      `select no from runs where ${eligible} order by ended_at limit ?`,
      [before, status, batch],
    )
    if (rows.length === 0) return { runs: 0, events: 0 }
    const marks = rows.map(() => '?').join(', ')
    const numbers = rows.map((row) => row.no)
    const blobs = await session.all<{ blob: string }>(
      `select distinct blob from events where run in (${marks}) and blob is not null`,
      numbers,
    )
    const events = await session.run(`delete from events where run in (${marks})`, numbers)
    await session.run(`delete from inbox where run in (${marks})`, numbers)
    await session.run(`delete from approvals where run in (${marks})`, numbers)
    await session.run(`delete from answers where run in (${marks})`, numbers)
    await session.run(`update model_calls set run_status = ? where run in (${marks})`, [status, ...numbers])
    await session.run(`delete from runs where no in (${marks})`, numbers)
    for (const { blob } of blobs) {
      await session.run(
        'delete from blobs where hash = ? and not exists (select 1 from events where events.blob = blobs.hash)',
        [blob],
      )
    }
    await session.run('insert into prunings (at, before, runs, events) values (?, ?, ?, ?)', [
      now,
      before,
      rows.length,
      events,
    ])
    return { runs: rows.length, events }
  })
}
