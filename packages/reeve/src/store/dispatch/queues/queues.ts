import { type Acting, record } from '../../authority/acting.ts'
import type { Bulk, Session } from '../../database.ts'

export interface QueueRow {
  name: string
  paused: number
  /** How many of its runs may be running at once, over all workers. */
  concurrency: number | null
  /** The same for each concurrency key. */
  key_concurrency: number | null
  /** At most `rate_count` claims of new runs in each window of `rate_ms`. */
  rate_count: number | null
  rate_ms: number | null
}

export type QueueLimits = Pick<QueueRow, 'concurrency' | 'key_concurrency' | 'rate_count' | 'rate_ms'>

export const noLimits: QueueLimits = {
  concurrency: null,
  key_concurrency: null,
  rate_count: null,
  rate_ms: null,
}

/** A queue that becomes known while everything is paused is so, too (`pause-all.ts`). */
const pausedNow = `case when exists (select 1 from meta where name = 'paused-all') then 1 else 0 end`

export async function saveQueue(session: Session, name: string, limits: QueueLimits): Promise<void> {
  await session.run(
    `insert into queues (name, concurrency, key_concurrency, rate_count, rate_ms, paused)
     values (?, ?, ?, ?, ?, ${pausedNow}) on conflict (name) do update set concurrency = excluded.concurrency, key_concurrency = excluded.key_concurrency,
       rate_count = excluded.rate_count, rate_ms = excluded.rate_ms`,
    [name, limits.concurrency, limits.key_concurrency, limits.rate_count, limits.rate_ms],
  )
}

/** Makes a queue known that no configuration names. */
export async function ensureQueue(session: Session, name: string): Promise<void> {
  await session.run(
    `insert into queues (name, paused)
     values (?, ${pausedNow}) on conflict (name) do nothing`,
    [name],
  )
}

export async function listQueues(session: Session): Promise<QueueRow[]> {
  return session.all<QueueRow>('select * from queues order by name')
}

/** Those of these names. */
export async function queuesNamed(session: Session, names: string[]): Promise<QueueRow[]> {
  if (names.length === 0) return []
  return session.all<QueueRow>(
    `select * from queues where name in (${names.map(() => '?').join(', ')})`,
    names,
  )
}

const pauseQueues: Bulk = {
  columns: { name: 'text', paused: 'int' },
  announces: 'work',
  sql: 'update queues set paused = :paused {from} where queues.name = :name returning queues.name',
}

/** Answers false for an unknown queue. */
export async function setQueuePaused(session: Session, name: string, paused: boolean): Promise<boolean> {
  return (await session.bulk(pauseQueues, [[name, paused ? 1 : 0]])).length === 1
}

/** In a transaction, by somebody. Answers false for an unknown queue. */
export async function pauseQueue(
  session: Session,
  name: string,
  paused: boolean,
  acting: Acting,
): Promise<boolean> {
  if (!(await setQueuePaused(session, name, paused))) return false
  await record(session, acting, paused ? 'queue-paused' : 'queue-resumed', name, {})
  return true
}

export function isLimited(queue: QueueRow): boolean {
  return queue.concurrency !== null || queue.key_concurrency !== null || queue.rate_count !== null
}

/** Those that are at their limits now, as far as can be told without locks: asked for all at once, and not one by one. */
export async function fullQueues(session: Session, queues: QueueRow[]): Promise<Set<string>> {
  const full = new Set<string>()
  const limits = new Map(
    queues.flatMap(({ name, concurrency }) => (concurrency === null ? [] : [[name, concurrency]])),
  )
  if (limits.size === 0) return full
  const counts = await session.bulk<{ queue: string; count: number }>(
    countRunning,
    [...limits.keys()].map((name) => [name]),
  )
  for (const { queue, count } of counts) if (count >= limits.get(queue)!) full.add(queue)
  return full
}

const countRunning: Bulk = {
  columns: { queue: 'text' },
  sql: `select :queue as queue, (select count(*) from runs
      where runs.status = 'running' and runs.queue = :queue) as count {from}`,
}
