import type { Session } from '../../database.ts'
import { ready } from '../lanes.ts'
import type { QueueRow } from './queues.ts'

/** How many new runs the current window still admits. */
export async function rateLeft(session: Session, queue: QueueRow): Promise<number> {
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

export async function useRate(session: Session, queue: QueueRow, used: number): Promise<void> {
  await session.run('update claim_rates set used = used + ? where queue = ?', [used, queue.name])
}

/**
 * When a rate-limited queue with queued runs may claim again, if it was the rate that held it at `claimedAt`, when the
 * last claim began.
 */
export async function nextRateWindow(session: Session, claimedAt: number): Promise<number | undefined> {
  const row = await session.get<{ at: number | null }>(
    `select min(c.window_at + q.rate_ms) as at from claim_rates c join queues q on q.name = c.queue
     where q.rate_count is not null and c.used >= q.rate_count and c.window_at + q.rate_ms > ?
       and exists (select 1 from runs where ${ready} and queue = q.name)`,
    [claimedAt],
  )
  return row?.at ?? undefined
}
