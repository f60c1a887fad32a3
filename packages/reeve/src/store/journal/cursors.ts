import type { Session } from '../database.ts'

/**
 * How far a follower of all journals has come. One worker holds it at a time:
 *
 *   free → held → free          the worker stopped
 *             ↘ taken by another, once the holder is no worker any more
 *
 * Whoever holds it moves it after what it read was dealt with, so that a death repeats some of it and loses none.
 */
interface CursorRow {
  name: string
  place: string
  holder: string | null
}

/**
 * Where to go on from; undefined: another worker that lives holds it. A cursor that is new begins at `first`.
 */
export async function holdCursor(
  session: Session,
  name: string,
  holder: string,
  first: () => Promise<string>,
): Promise<string | undefined> {
  const row = await session.get<CursorRow>('select * from cursors where name = ? {lock}', [name])
  if (!row) {
    const place = await first()
    const added = await session.run(
      'insert into cursors (name, place, holder) values (?, ?, ?) on conflict (name) do nothing',
      [name, place, holder],
    )
    return added === 1 ? place : undefined
  }
  if (row.holder === holder) return row.place
  const taken = await session.run(
    `update cursors set holder = ? where name = ?
       and (holder is null or not exists (select 1 from workers w where w.id = cursors.holder))`,
    [holder, name],
  )
  return taken === 1 ? row.place : undefined
}

/** Answers false when another holds it meanwhile. */
export async function moveCursor(
  session: Session,
  name: string,
  holder: string,
  place: string,
): Promise<boolean> {
  const moved = await session.run('update cursors set place = ? where name = ? and holder = ?', [
    place,
    name,
    holder,
  ])
  return moved === 1
}

export async function freeCursor(session: Session, name: string, holder: string): Promise<void> {
  await session.run('update cursors set holder = null where name = ? and holder = ?', [name, holder])
}

/** Of those that are not wanted any more: what is followed again later begins with what comes then. */
export async function dropCursor(session: Session, name: string): Promise<void> {
  await session.run('delete from cursors where name = ?', [name])
}
