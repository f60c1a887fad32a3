import { type Acting, record } from '../authority/acting.ts'
import type { Bulk, Session } from '../database.ts'
import { pauseRuns } from '../runs/changes/moves.ts'
import type { RunRow } from '../runs/runs.ts'

/** A daemon of the project. Its state is in the input of its run; this row says which run that is. */
export interface DaemonRow {
  name: string
  /** JSON: what of the code a screen shows, and the bounds of its wakes. */
  definition: string
  /** The number of its cycle; 0: none has begun. */
  cycle: number
  /** The id of the run that is its cycle: waiting for its time, under way, or ended a moment ago. */
  run: string | null
  /** 1: a person paused it. */
  paused: number
  /** How often it was woken before its time. */
  wakes: number
  /** Why it was woken last. */
  woken: string | null
  /** The wake with which a person opened again what it had closed; 0: none. */
  reopened: number
}

/** What the row keeps of the code for those who have not loaded it. Times in ms. */
export interface KeptDaemon {
  floorMs: number
  everyMs: number
  ceilingMs: number
  dayUsd: number | null
  route: string | null
  rules: boolean
  goals: string[]
  directives: string[] | null
  events: string[]
}

export function listDaemons(session: Session): Promise<DaemonRow[]> {
  return session.all<DaemonRow>('select * from daemons order by name')
}

export function readDaemon(session: Session, name: string): Promise<DaemonRow | undefined> {
  return session.get<DaemonRow>('select * from daemons where name = ?', [name])
}

/** Until the transaction ends nobody else changes it. */
export function lockDaemon(session: Session, name: string): Promise<DaemonRow | undefined> {
  return session.get<DaemonRow>('select * from daemons where name = ? {lock}', [name])
}

/** Makes it known, or its definition another. */
export async function saveDaemon(session: Session, name: string, definition: string): Promise<void> {
  await session.run(
    `insert into daemons (name, definition) values (?, ?)
     on conflict (name) do update set definition = excluded.definition`,
    [name, definition],
  )
}

export async function dropDaemon(session: Session, name: string): Promise<void> {
  await session.run('delete from daemons where name = ?', [name])
}

export async function setCycle(session: Session, name: string, cycle: number, run: string): Promise<void> {
  await session.run('update daemons set cycle = ?, run = ? where name = ?', [cycle, run, name])
}

/** In a transaction: no cycle begins any more; one that is under way finishes. Answers whether that is new. */
export async function pauseDaemon(session: Session, row: DaemonRow, acting: Acting): Promise<boolean> {
  const changed = await setPaused(session, row, 1)
  if (changed) await record(session, acting, 'daemon-paused', row.name, {})
  return changed
}

export async function resumeDaemon(session: Session, row: DaemonRow, acting: Acting): Promise<boolean> {
  const changed = await setPaused(session, row, 0)
  if (changed) await record(session, acting, 'daemon-resumed', row.name, {})
  return changed
}

async function setPaused(session: Session, row: DaemonRow, paused: 0 | 1): Promise<boolean> {
  if (row.paused === paused) return false
  await session.run('update daemons set paused = ? where name = ?', [paused, row.name])
  const run = row.run === null ? undefined : await readCycle(session, row.run)
  if (run && run.ended_at === null && (run.fresh === 1 || paused === 0))
    await session.bulk(pauseRuns, [[run.no, paused]])
  return true
}

export type CycleRow = Pick<
  RunRow,
  | 'no'
  | 'id'
  | 'workflow'
  | 'status'
  | 'reason'
  | 'paused'
  | 'fresh'
  | 'available_at'
  | 'created_at'
  | 'ended_at'
>

export function readCycle(session: Session, id: string): Promise<CycleRow | undefined> {
  return session.get<CycleRow>(
    `select no, id, workflow, status, reason, paused, fresh, available_at, created_at, ended_at
     from runs where id = ?`,
    [id],
  )
}

/** Lets queued runs begin at another time. */
const putForward: Bulk = {
  columns: { no: 'int', at: 'int', wake_at: 'int' },
  announces: 'work',
  sql: `update runs set available_at = :at, wake_at = :wake_at {from}
    where runs.no = :no and runs.status = 'queued' and runs.fresh = 1`,
}

/**
 * In a transaction: lets the next cycle begin now, or as soon as its floor allows. A cycle that is under way hears of it as it
 * chooses its next wake. Answers when it begins (ms); undefined: it is under way.
 */
export async function wakeDaemon(
  session: Session,
  row: DaemonRow,
  why: string,
  { now, isReopening }: { now: number; isReopening: boolean },
): Promise<number | undefined> {
  await session.run(
    `update daemons set wakes = wakes + 1, woken = ?${isReopening ? ', reopened = wakes + 1' : ''} where name = ?`,
    [why, row.name],
  )
  const run = row.run === null ? undefined : await readCycle(session, row.run)
  if (run?.status !== 'queued' || run.fresh !== 1) return undefined
  const { floorMs } = JSON.parse(row.definition) as KeptDaemon
  return moveCycle(session, run, Math.max(now, run.created_at + floorMs), now)
}

/** The same in the name of a person, which opens again what the daemon had closed; noted in the same transaction. */
export async function wakeDaemonBy(session: Session, row: DaemonRow, acting: Acting): Promise<void> {
  const why = `${acting.by} woke it${acting.why == null ? '' : `: ${acting.why}`}`
  await wakeDaemon(session, row, why, { now: acting.at, isReopening: true })
  await record(session, acting, 'daemon-woken', row.name, {})
}

/** Brings a cycle that waits for its time forward; never puts it off. Answers when it begins. */
export async function moveCycle(session: Session, run: CycleRow, at: number, now: number): Promise<number> {
  if (at >= run.available_at) return run.available_at
  await session.bulk(putForward, [[run.no, at, at > now ? at : null]])
  return at
}
