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
  for (const { run, step } of rows) {
    await session.run('delete from awaited where what = ? and run = ? and step = ?', [what, run, step])
    await deliver(session, { run, name: awaitedItem(what, step), dedup: null, payload: 'null', at })
  }
  return rows.map(({ run }) => run)
}

/** What calls wait for now. */
export async function listAwaited(session: Session): Promise<{ what: string; calls: number }[]> {
  return session.all('select what, count(*) as calls from awaited group by what order by what')
}
