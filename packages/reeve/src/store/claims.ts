import type { Bulk, Session, Value } from './database.ts'
import { isLimited, type QueueRow } from './queues.ts'
import type { RunRow } from './runs.ts'

/** From this many deaths on, a run is driven with no other suspect beside it, so that the guilty one is found. */
export const suspectCrashes = 2

/** Queues the waiting runs whose timer is due by the store's clock. */
export async function wakeDue(session: Session): Promise<number> {
  return session.run(
    `update runs set status = 'queued', available_at = wake_at
     where status = 'waiting' and wake_at is not null and wake_at <= reeve_now() and paused = 0`,
  )
}

/** The store's clock (ms). */
export async function storeNow(session: Session): Promise<number> {
  const row = await session.get<{ now: number }>('select reeve_now() as now')
  return row!.now
}

/**
 * When the next timer or delayed start is due (ms by the store's clock). `claimedAt` is when the last claim began: what
 * fell due after it is still to be claimed, even if its time has passed by now.
 */
export async function nextDue(session: Session, claimedAt: number): Promise<number | undefined> {
  const row = await session.get<{ at: number | null }>(
    `select min(at) as at from (
       select min(wake_at) as at from runs where status = 'waiting' and wake_at is not null and paused = 0
       union all select min(available_at) from runs where status = 'queued' and paused = 0 and available_at > ?
       union all select min(next_at) from schedules where paused = 0
     ) as due`,
    [claimedAt],
  )
  return row?.at ?? undefined
}

export interface ClaimRequest {
  worker: string
  limit: number
  /** Whether this worker drives a suspect already. */
  drivesSuspect: boolean
}

/** Whether a run is still held under the claim that a worker remembers. */
export async function isClaimed(
  session: Session,
  claim: { no: number; epoch: number; worker: string },
): Promise<boolean> {
  const row = await session.get('select no from runs where no = ? and epoch = ? and worker = ?', [
    claim.no,
    claim.epoch,
    claim.worker,
  ])
  return row !== undefined
}

/** Claims up to `limit` runs of one queue: wake-ups and recoveries first, then by priority and age. */
export async function claimFrom(session: Session, queue: QueueRow, request: ClaimRequest): Promise<RunRow[]> {
  if (queue.paused) return []
  if (!isLimited(queue)) return claimAny(session, queue.name, request)
  const locked = await session.get<QueueRow>('select * from queues where name = ? {lock}', [queue.name])
  if (!locked || locked.paused) return []
  return claimWithin(session, locked, request)
}

const order = 'order by fresh, priority desc, available_at, no'

function eligible(request: ClaimRequest): string {
  const suspects = request.drivesSuspect ? `and crashes < ${suspectCrashes}` : ''
  return `status = 'queued' and queue = ? and available_at <= reeve_now() and paused = 0 ${suspects}`
}

async function claimAny(session: Session, queue: string, request: ClaimRequest): Promise<RunRow[]> {
  const rows = await session.all<{ no: number; crashes: number }>(
    `select no, crashes from runs where ${eligible(request)} ${order} limit ? {skip}`,
    [queue, request.limit],
  )
  return take(session, withOneSuspect(rows), request.worker)
}

async function claimWithin(session: Session, queue: QueueRow, request: ClaimRequest): Promise<RunRow[]> {
  let limit = request.limit
  if (queue.concurrency !== null) {
    const running = await session.get<{ count: number }>(
      `select count(*) as count from runs where status = 'running' and queue = ?`,
      [queue.name],
    )
    limit = Math.min(limit, queue.concurrency - running!.count)
  }
  if (limit <= 0) return []
  const fresh = queue.rate_count === null ? limit : await rateLeft(session, queue)
  const keyed = queue.key_concurrency
  const conditions: string[] = []
  const parameters: Value[] = [queue.name]
  if (fresh <= 0) conditions.push('and fresh = 0')
  if (keyed !== null) {
    conditions.push(`and (key is null or (select count(*) from runs other
      where other.status = 'running' and other.queue = runs.queue and other.key = runs.key) < ?)`)
    parameters.push(keyed)
  }
  parameters.push(keyed === null ? limit : limit * 4)
  const rows = await session.all<{ no: number; crashes: number; key: string | null; fresh: number }>(
    `select no, crashes, key, fresh from runs where ${eligible(request)} ${conditions.join(' ')} ${order} limit ? {skip}`,
    parameters,
  )
  const chosen = await withinKeys(session, queue, rows)
  const admitted = withinRate(withOneSuspect(chosen).slice(0, limit), fresh)
  const used = admitted.filter((row) => row.fresh === 1).length
  if (queue.rate_count !== null && used > 0) {
    await session.run('update claim_rates set used = used + ? where queue = ?', [used, queue.name])
  }
  return take(session, admitted, request.worker)
}

async function take(session: Session, rows: { no: number }[], worker: string): Promise<RunRow[]> {
  if (rows.length === 0) return []
  const marks = rows.map(() => '?').join(', ')
  const claimed = await session.all<RunRow>(
    `update runs set status = 'running', worker = ?, epoch = epoch + 1, wake_at = null, reason = null
     where status = 'queued' and no in (${marks}) returning *`,
    [worker, ...rows.map((row) => row.no)],
  )
  return claimed.sort((left, right) => left.no - right.no)
}

function withOneSuspect<Row extends { crashes: number }>(rows: Row[]): Row[] {
  let suspects = 0
  return rows.filter((row) => row.crashes < suspectCrashes || suspects++ === 0)
}

/** Keeps each key below its limit, counting what runs already and what this very claim takes. */
async function withinKeys<Row extends { key: string | null }>(
  session: Session,
  queue: QueueRow,
  rows: Row[],
): Promise<Row[]> {
  if (queue.key_concurrency === null) return rows
  const counts = await session.all<{ key: string; count: number }>(
    `select key, count(*) as count from runs where status = 'running' and queue = ? and key is not null group by key`,
    [queue.name],
  )
  const running = new Map(counts.map((row) => [row.key, row.count]))
  return rows.filter((row) => {
    if (row.key === null) return true
    const count = running.get(row.key) ?? 0
    if (count >= queue.key_concurrency!) return false
    running.set(row.key, count + 1)
    return true
  })
}

function withinRate<Row extends { fresh: number }>(rows: Row[], fresh: number): Row[] {
  let left = fresh
  return rows.filter((row) => row.fresh === 0 || left-- > 0)
}

/** How many new runs the current window still admits. */
async function rateLeft(session: Session, queue: QueueRow): Promise<number> {
  const row = await session.get<{ used: number }>(
    `insert into claim_rates (queue, window_at, used) values (?, reeve_now(), 0)
     on conflict (queue) do update set
       used = case when claim_rates.window_at <= reeve_now() - ? then 0 else claim_rates.used end,
       window_at = case when claim_rates.window_at <= reeve_now() - ? then reeve_now() else claim_rates.window_at end
     returning used`,
    [queue.name, queue.rate_ms, queue.rate_ms],
  )
  return queue.rate_count! - row!.used
}

/**
 * When a rate-limited queue with queued runs may claim again, if it was the rate that held it at `claimedAt`, when the
 * last claim began.
 */
export async function nextRateWindow(session: Session, claimedAt: number): Promise<number | undefined> {
  const row = await session.get<{ at: number | null }>(
    `select min(c.window_at + q.rate_ms) as at from claim_rates c join queues q on q.name = c.queue
     where q.rate_count is not null and c.used >= q.rate_count and c.window_at + q.rate_ms > ?
       and exists (select 1 from runs where status = 'queued' and queue = q.name)`,
    [claimedAt],
  )
  return row?.at ?? undefined
}

/** How far a run's journal got. What each life writes anew is left out: what it only meant to do, and that it was stopped. */
const progress = `coalesce((select max(seq) from events where run = runs.no and type not in ('effect-intended', 'run-released')), 0)`

const recoverRuns: Bulk = {
  columns: { no: 'int' },
  announces: true,
  sql: `update runs set status = 'queued', worker = null, available_at = reeve_now(), fresh = 0,
      crashes = case when ${progress} > crash_seq then 1 else crashes + 1 end,
      crash_seq = ${progress}
    {from} where runs.no = :no returning *`,
}

/** The claims that the database has for a worker. */
export async function claimsOf(session: Session, worker: string): Promise<{ no: number; epoch: number }[]> {
  return session.all(`select no, epoch from runs where status = 'running' and worker = ?`, [worker])
}

/** Gives claims back that nothing was done with. */
export const returnClaims: Bulk = {
  columns: { no: 'int', epoch: 'int', worker: 'text' },
  announces: true,
  sql: `update runs set status = 'queued', worker = null
    {from} where runs.no = :no and runs.epoch = :epoch and runs.worker = :worker and runs.status = 'running'`,
}

/**
 * Takes the runs of dead workers back into the queue and counts the death before anything of the run is loaded.
 * A run that made progress since its last death starts counting anew. Answers every run it took back.
 */
export async function recoverOrphans(session: Session, limit = 1000): Promise<RunRow[]> {
  const orphans = await session.all<{ no: number }>(
    `select no from runs where status = 'running' and (worker is null or worker not in (select id from workers))
     order by no limit ? {skip}`,
    [limit],
  )
  return session.bulk<RunRow>(
    recoverRuns,
    orphans.map(({ no }) => [no]),
  )
}
