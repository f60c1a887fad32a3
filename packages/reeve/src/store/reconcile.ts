import type { Session } from './database.ts'

/** Runs looked at in one call. */
const stretch = 500

const unsettled = `not exists (select 1 from events later
  where later.run = e.run and later.step = e.step and later.seq > e.seq)`

/** Of a run's journal only what may belong to an open wait: it costs the same however long the run has gone on. */
const ofOpenWaits = 'e.run = r.no and e.seq >= r.open_seq'

/** The journal has a timer that is still to fire, and the row knows of none. */
const lostTimer = `r.wake_at is null and exists (select 1 from events e where ${ofOpenWaits} and ${unsettled} and (
    e.type in ('timer-set', 'step-retrying', 'effect-retrying', 'effect-paced', 'question-retrying', 'budget-awaited')
    or (e.type = 'signal-awaited' and e.payload not like '%"dueAt":null%')
    or (e.type = 'approval-requested' and e.payload not like '%"expiresAt":null%')))`

/** The inbox has what a call of the run waits for. */
const lostArrival = `exists (select 1 from inbox i where i.run = r.no and i.consumed_step is null and (
    exists (select 1 from approvals a where a.run = r.no and a.step > r.chapter_call
      and i.name in ('approval:' || a.id, 'outcome:' || a.id))
    or exists (select 1 from events e where ${ofOpenWaits} and ${unsettled}
      and ((e.type = 'signal-awaited' and i.name = 'signal:' || e.name)
        or (e.type = 'child-awaited' and i.name = 'child:' || e.name)))))`

/**
 * Derives from the journals the wakes that waiting runs should have and queues those that lost theirs: they replay, and
 * park anew with the right one. A release writes wait and wake together, so this finds what a damaged row, a restored
 * backup or a hand in the database left behind. Looks at one stretch of runs; answers where the next one begins (0: at
 * the start again).
 */
export async function reconcileWakes(
  session: Session,
  after: number,
): Promise<{ next: number; woken: number }> {
  const last = await session.get<{ no: number | null }>('select max(no) as no from runs')
  const end = after + stretch
  const woken = await session.run(
    `update runs set status = 'queued', available_at = reeve_now(), wake_at = null,
       inbox = inbox + (select count(*) from inbox i where i.run = runs.no and i.consumed_step is null)
     where status = 'waiting' and paused = 0 and no in (
       select r.no from runs r where r.no > ? and r.no <= ? and r.status = 'waiting' and (${lostTimer} or ${lostArrival}))`,
    [after, end],
  )
  return { next: end >= (last?.no ?? 0) ? 0 : end, woken }
}
