import type { Database } from './database.ts'

/** How long ended runs are kept, in ms. A status that is absent is kept for ever. */
export interface Retention {
  succeededMs?: number
  failedMs?: number
  cancelledMs?: number
}

const batch = 500

/**
 * Deletes ended runs past their time, with everything of theirs, in small transactions, and records that it did.
 * A run whose parent or children are still going is kept.
 */
export async function prune(
  database: Database,
  retention: Retention,
  now: number,
): Promise<{ runs: number; events: number }> {
  const total = { runs: 0, events: 0 }
  for (const [status, ageMs] of [
    ['succeeded', retention.succeededMs],
    ['failed', retention.failedMs],
    ['cancelled', retention.cancelledMs],
  ] as const) {
    if (ageMs === undefined) continue
    const before = now - ageMs
    for (;;) {
      const pruned = await pruneBatch(database, status, before, now)
      total.runs += pruned.runs
      total.events += pruned.events
      if (pruned.runs < batch) break
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
      `select no from runs where ended_at is not null and ended_at < ? and status = ?
         and not exists (select 1 from runs child where child.parent = runs.no and child.ended_at is null)
         and (parent is null or not exists (select 1 from runs above where above.no = runs.parent and above.ended_at is null))
       order by no limit ?`,
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
