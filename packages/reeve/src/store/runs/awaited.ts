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
  /** How much of it, where it may be there for some and not for others. */
  needs?: number
}

/** A version of the schema (`schema-versions.ts`), never edited once released. */
export const needsTables: string[] = [
  'alter table awaited add column needs bigint not null default 0',
  'create index awaited_needs on awaited (what, needs)',
]

export const insertAwaited: Bulk = {
  columns: { what: 'text', run: 'int', step: 'int', needs: 'int' },
  sql: `insert into awaited (what, run, step, needs) select :what, :run, :step, :needs {from} where true
    on conflict (what, run, step) do update set needs = excluded.needs`,
}

export function awaitedRow({ what, run, step, needs = 0 }: Awaited): Row {
  return { statement: insertAwaited, values: [what, run, step, needs] }
}

/** It waits for that no more. */
export async function dropOwn(session: Session, { what, run, step }: Awaited): Promise<boolean> {
  const gone = await session.run('delete from awaited where what = ? and run = ? and step = ?', [
    what,
    run,
    step,
  ])
  return gone > 0
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
  // Somebody else woke it at this moment.
  if (!(await dropOwn(session, { what, run, step }))) return
  await deliver(session, { run, name: awaitedItem(what, step), dedup: null, payload: 'null', at })
}

/**
 * So much of it is there: those go on who need no more than that together. They are drawn: of those in order, one that needs much
 * would keep the others from it. A run that cannot go on now leaves it to them. Answers their runs.
 */
export async function wakeFitting(session: Session, what: string, room: number): Promise<number[]> {
  const rows = await session.all<Required<Awaited> & { at: number }>(
    `select a.what, a.run, a.step, a.needs, reeve_now() as at from awaited a join runs r on r.no = a.run
     where a.what = ? and a.needs <= ? and r.paused = 0 and r.status in ('queued', 'running', 'waiting')
     order by random() limit ${atOnce}`,
    [what, room],
  )
  let left = room
  const fitting: typeof rows = []
  for (const row of rows) {
    if (row.needs > left) continue
    left -= row.needs
    fitting.push(row)
  }
  // In the order in which others lock runs.
  fitting.sort((one, other) => one.run - other.run)
  for (const { at, ...row } of fitting) await wake(session, row, at)
  return fitting.map(({ run }) => run)
}

/** Whether anybody who waits for it needs no more than that. */
export async function isWanted(session: Session, what: string, room: number): Promise<boolean> {
  const row = await session.get('select run from awaited where what = ? and needs <= ? limit 1', [what, room])
  return row !== undefined
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
