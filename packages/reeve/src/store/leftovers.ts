import type { Session } from './database.ts'

/** Rows in one transaction. */
const slice = 500
/** Of the blobs that one transaction deletes, roughly: their pages are freed one by one. */
const sliceBytes = 8 * 1024 * 1024
const runsAtOnce = 50

/** Deleted runs of which something is still there. */
export async function countLeftovers(session: Session): Promise<number> {
  return (await session.get<{ count: number }>('select count(*) as count from leftovers'))!.count
}

/** Deletes one slice of what deleted runs left: events with their blobs, then the inbox, then the mark itself. */
export async function sweepLeftovers(session: Session): Promise<{ events: number; isDone: boolean }> {
  const rows = await session.all<{ run: number }>('select run from leftovers order by run limit ?', [
    runsAtOnce,
  ])
  if (rows.length === 0) return { events: 0, isDone: true }
  const runs = rows.map(({ run }) => run)
  const marks = marksFor(runs)
  const found = await session.all<{ id: number; blob: string | null; bytes: number | null }>(
    `select e.id, e.blob, octet_length(b.content) as bytes from events e left join blobs b on b.hash = e.blob
     where e.run in (${marks}) order by e.run, e.seq limit ?`,
    [...runs, slice],
  )
  const events = withinBytes(found)
  if (events.length > 0) {
    const ids = events.map(({ id }) => id)
    const gone = await session.run(`delete from events where id in (${marksFor(ids)})`, ids)
    await deleteUnused(
      session,
      events.flatMap(({ blob }) => blob ?? []),
    )
    return { events: gone, isDone: false }
  }
  const items = await session.all<{ id: number }>(
    `select id from inbox where run in (${marks}) order by run limit ?`,
    [...runs, slice],
  )
  const ids = items.map(({ id }) => id)
  if (ids.length > 0) await session.run(`delete from inbox where id in (${marksFor(ids)})`, ids)
  else await session.run(`delete from leftovers where run in (${marks})`, runs)
  return { events: 0, isDone: false }
}

function withinBytes<Row extends { bytes: number | null }>(rows: Row[]): Row[] {
  let left = sliceBytes
  const end = rows.findIndex(({ bytes }) => {
    const isBeyond = left <= 0
    left -= bytes ?? 0
    return isBeyond
  })
  return end < 0 ? rows : rows.slice(0, end)
}

/** Blobs are shared by all events with that content. */
async function deleteUnused(session: Session, blobs: string[]): Promise<void> {
  for (const hash of new Set(blobs)) {
    await session.run(
      'delete from blobs where hash = ? and not exists (select 1 from events where events.blob = blobs.hash)',
      [hash],
    )
  }
}

function marksFor(values: unknown[]): string {
  return values.map(() => '?').join(', ')
}
