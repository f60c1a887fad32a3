import { sha256 } from '../../base/hash.ts'
import type { Database, Session } from '../database.ts'
import { movedTo } from '../identity/moved.ts'

/**
 * How far the journals were verified, remembered in the database itself. It spares time and proves nothing: whoever can
 * write to the database can write it. What does not hold is no mark.
 */
export interface AuditMark {
  /** Runs up to this number were verified, but for the faulty ones. */
  through: number
  /** The head of the run of that number as it was found; null where it had none. */
  head: string | null
  /** Of the runs up to `through`, those that ended since (ms), or have not ended, may have changed. */
  changedSince: number
  /** When it was last moved forward (ms). */
  at: number
  /** Numbers of runs whose chain did not hold: they are verified again each time. */
  faulty: number[]
}

/** More than these stop the mark: they would be verified again each time for nothing. */
export const mostFaulty = 100

const name = 'audit'

export const noMark: AuditMark = { through: -1, head: null, changedSince: 0, at: 0, faulty: [] }

/** Undefined when nothing was remembered; `damaged` when what was does not hold. */
export async function readMark(session: Session): Promise<AuditMark | 'damaged' | undefined> {
  const row = await session.get<{ value: string }>('select value from meta where name = ?', [name])
  if (!row) return undefined
  const mark = parse(row.value)
  if (!mark) return 'damaged'
  const run = await session.get<{ pruned_seq: number }>('select pruned_seq from runs where no = ?', [
    mark.through,
  ])
  // A run that was deleted since has no head any more, nor has one whose chapter of then was; one that went on has another.
  const last = run && (run.pruned_seq > 0 || (await hasEvent(session, mark)))
  return last === false ? 'damaged' : mark
}

async function hasEvent(session: Session, { through, head }: AuditMark): Promise<boolean> {
  if (head === null) return true
  return (
    (await session.get('select seq from events where run = ? and hash = ?', [through, head])) !== undefined
  )
}

function parse(text: string): AuditMark | undefined {
  try {
    const { mark, digest } = JSON.parse(text) as { mark: AuditMark; digest: string }
    return digest === sha256(JSON.stringify(mark)) ? mark : undefined
  } catch {
    return undefined
  }
}

/** Remembers it, where the database may be written to. */
export async function saveMark(database: Database, mark: AuditMark): Promise<void> {
  if ((await movedTo(database)) !== undefined) return
  await database.run(
    'insert into meta (name, value) values (?, ?) on conflict (name) do update set value = excluded.value',
    [name, JSON.stringify({ mark, digest: sha256(JSON.stringify(mark)) })],
  )
}
