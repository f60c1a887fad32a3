import type { Session } from '../database.ts'

/** Of the blobs that one transaction deletes, roughly: their pages are freed one by one. */
const sliceBytes = 8 * 1024 * 1024
const runsAtOnce = 200

/**
 * Deletes at most `budget` rows of what deleted runs left: events with their blobs, then the inbox, then the mark itself.
 * `isDone`: nothing is left over.
 */
export async function sweepLeftovers(
  session: Session,
  budget: number,
): Promise<{ events: number; isDone: boolean }> {
  const rows = await session.all<{ run: number }>('select run from leftovers order by run limit ?', [
    runsAtOnce,
  ])
  if (rows.length === 0) return { events: 0, isDone: true }
  const runs = rows.map(({ run }) => run)
  const marks = marksFor(runs)
  const found = await session.all<{ id: number; blob: string | null; bytes: number | null }>(
    `select e.id, e.blob, octet_length(b.content) as bytes from events e left join blobs b on b.hash = e.blob
     where e.run in (${marks}) order by e.run, e.seq limit ?`,
    [...runs, budget],
  )
  const chosen = withinBytes(found)
  const events = await deleteById(session, 'events', chosen)
  await deleteUnused(
    session,
    chosen.flatMap(({ blob }) => blob ?? []),
  )
  const left = budget - found.length
  if (left === 0 || chosen.length < found.length) return { events, isDone: false }
  const items = await session.all<{ id: number }>(
    `select id from inbox where run in (${marks}) order by run limit ?`,
    [...runs, left],
  )
  await deleteById(session, 'inbox', items)
  if (items.length === left) return { events, isDone: false }
  await session.run(`delete from marked_values where run in (${marks})`, runs)
  await session.run(`delete from leftovers where run in (${marks})`, runs)
  return { events, isDone: runs.length < runsAtOnce }
}

export async function deleteById(
  session: Session,
  table: 'events' | 'inbox',
  rows: { id: number }[],
): Promise<number> {
  if (rows.length === 0) return 0
  const ids = rows.map(({ id }) => id)
  return session.run(`delete from ${table} where id in (${marksFor(ids)})`, ids)
}

/** The first of them, as many as one transaction deletes for their blobs. */
export function withinBytes<Row extends { bytes: number | null }>(rows: Row[]): Row[] {
  let left = sliceBytes
  const end = rows.findIndex(({ bytes }) => {
    const isBeyond = left <= 0
    left -= bytes ?? 0
    return isBeyond
  })
  return end < 0 ? rows : rows.slice(0, end)
}

/** Blobs are shared by all events with that content. */
export async function deleteUnused(session: Session, blobs: string[]): Promise<void> {
  for (const hash of new Set(blobs)) {
    await session.run(
      `delete from blobs where hash = ? and not exists (
         select 1 from events where events.blob = blobs.hash and events.payload is null)`,
      [hash],
    )
  }
}

function marksFor(values: unknown[]): string {
  return values.map(() => '?').join(', ')
}
