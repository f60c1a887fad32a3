import type { Bulk, Database, Row, Session } from '../database.ts'
import { deliver } from './inbox.ts'

/**
 * Calls of many runs that wait for one thing, such as an account that is to be connected again. Each has a row, which is written
 * with its event, and is sent an item of its own when the thing has come.
 */
interface Awaited {
  what: string
  run: number
  step: number
}

const insertAwaited: Bulk = {
  columns: { what: 'text', run: 'int', step: 'int' },
  sql: `insert into awaited (what, run, step) select :what, :run, :step {from} where true
    on conflict (what, run, step) do nothing`,
}

export function awaitedRow({ what, run, step }: Awaited): Row {
  return { statement: insertAwaited, values: [what, run, step] }
}

/** The name of the item that a call is sent. */
export function awaitedItem(what: string, step: number): string {
  return `awaited:${what}:${step}`
}

const atOnce = 200

/** It has come: whoever waits for it goes on. `woken` hears of their runs. Answers how many calls that were. */
export async function wakeAwaiting(
  database: Database,
  what: string,
  { now, woken: tell }: { now: number; woken: (run: number) => void },
): Promise<number> {
  let woken = 0
  for (;;) {
    const some = await database.transaction((session) => wakeSome(session, what, now))
    for (const run of some) tell(run)
    woken += some.length
    if (some.length < atOnce) return woken
  }
}

async function wakeSome(session: Session, what: string, at: number): Promise<number[]> {
  const rows = await session.all<Awaited>(
    `select what, run, step from awaited where what = ? order by run, step limit ${atOnce} {lock}`,
    [what],
  )
  for (const row of rows) await wake(session, row, at)
  return rows.map(({ run }) => run)
}

async function wake(session: Session, { what, run, step }: Awaited, at: number): Promise<void> {
  const taken = await session.run('delete from awaited where what = ? and run = ? and step = ?', [
    what,
    run,
    step,
  ])
  // Somebody else woke it at this moment.
  if (taken === 0) return
  await deliver(session, { run, name: awaitedItem(what, step), dedup: null, payload: 'null', at })
}

/**
 * Some of it has come, perhaps not enough for all: that many of those who wait for it try again, any of them, so that none
 * of them that needs much keeps the others from it. They wait again where it is not enough. Answers their runs.
 */
export async function wakeAny(session: Session, what: string, most: number): Promise<number[]> {
  const rows = await session.all<Awaited & { at: number }>(
    'select what, run, step, reeve_now() as at from awaited where what = ? order by random() limit ?',
    [what, most],
  )
  for (const { at, ...row } of rows) await wake(session, row, at)
  return rows.map(({ run }) => run)
}

/** Rows of calls that wait no more: their runs have ended, or the name of what they wait for is between these. */
export async function dropAwaited(
  session: Session,
  { from, before, most }: { from: string; before: string; most: number },
): Promise<number> {
  return session.run(
    `delete from awaited where (what, run, step) in (
       select a.what, a.run, a.step from awaited a left join runs r on r.no = a.run
       where r.no is null or r.status in ('succeeded', 'failed', 'cancelled') or (a.what >= ? and a.what < ?)
       limit ?)`,
    [from, before, most],
  )
}

/** What calls wait for now. */
export async function listAwaited(session: Session): Promise<{ what: string; calls: number }[]> {
  return session.all('select what, count(*) as calls from awaited group by what order by what')
}
