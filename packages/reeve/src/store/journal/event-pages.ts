import type { Session, Value } from '../database.ts'
import type { JournalEvent } from './journal.ts'

/** Which events of a run: those after one number and before another, at most `limit`; the last of them where `from` says so. */
export interface EventRange {
  /** Default 0. */
  after?: number
  /** Default: no end. */
  before?: number
  limit: number
  /** Which of them when there are more than `limit`. */
  from: 'start' | 'end'
  /** The most characters of a payload that are read. */
  longest: number
}

/** `payload` is cut where `size`, its whole length in characters, is more than was asked for. */
export type EventPart = JournalEvent & { size: number | null }

/** A stretch of a run's journal in its order, found by the index of the run, however long the journal is. */
export async function readEventRange(
  session: Session,
  run: number,
  { after = 0, before, limit, from, longest }: EventRange,
): Promise<EventPart[]> {
  const values: Value[] = [longest, run, after]
  if (before !== undefined) values.push(before)
  const rows = await session.all<EventPart>(
    `select e.run, e.seq, e.type, e.step, e.name, e.args, e.at, e.blob, e.hash,
       length(coalesce(e.payload, b.content)) as size, substr(coalesce(e.payload, b.content), 1, ?) as payload
     from events e left join blobs b on b.hash = e.blob
     where e.run = ? and e.seq > ? ${before === undefined ? '' : 'and e.seq < ?'}
     order by e.seq ${from === 'end' ? 'desc' : ''} limit ?`,
    [...values, limit],
  )
  return from === 'end' ? rows.reverse() : rows
}
