import { setTimeout as delay } from 'node:timers/promises'
import type { Database, Session } from '../database.ts'
import { dropDeliveries } from '../dispatch/deliveries.ts'
import { dropPastWaits } from '../spending/budget-waits.ts'
import { settleAbandoned } from '../spending/budgets.ts'

/** Rows in one transaction. */
const slice = 500
const pauseMs = 10
const dayMs = 86_400_000
/** Of each schedule, whatever their age: a yearly one shows its last times too. */
const occurrencesKept = 100
/** What was pruned before is one row. */
const pruningsKeptMs = 400 * dayMs
/** The budgets of days, with what was reserved and spent; what a day has cost is known from the ledger for ever. */
const daysKeptMs = 90 * dayMs
/** Idempotency keys of requests, what became of bulk actions, and tokens that count no more. */
const requestsKeptMs = 7 * dayMs
const tokensKeptMs = 90 * dayMs
/** What belongs to approvals. */
const ofApprovals = [
  'approval_votes',
  'approval_delegations',
  'approval_links',
  'approval_notices',
  'approval_messages',
  'approval_replies',
]
const permissionsKeptMs = 400 * dayMs
/** Values of secrets that others took the place of: until then they are left out of journals still. */
const endedSecretsKeptMs = 30 * dayMs
/** Which daemon has which decision: nobody asks for one of a month ago. */
const claimsKeptMs = 30 * dayMs
/** A run that has ended tells within this time what its last calls cost. */
const settledWithinMs = 3_600_000

/**
 * Deletes what nothing needs any more of the tables that runs do not own, in small transactions: outcomes of schedules of
 * before `occurrencesBefore` (ms), what came to triggers before `deliveriesBefore` (ms), budgets of past days and what waited for them, records of prunings; and counts what ended runs left reserved as
 * spent. An aborted `signal` ends it after the transaction that is under way.
 */
export async function tidy(
  database: Database,
  {
    now,
    occurrencesBefore,
    deliveriesBefore,
  }: { now: number; occurrencesBefore: number; deliveriesBefore: number },
  signal?: AbortSignal,
): Promise<void> {
  for (let schedule = ''; !signal?.aborted; ) {
    const next = await database.get<{ schedule: string | null }>(
      'select min(schedule) as schedule from occurrences where schedule > ?',
      [schedule],
    )
    if (next?.schedule == null) break
    schedule = next.schedule
    await inSlices(database, signal, (session) => dropOccurrences(session, next.schedule!, occurrencesBefore))
  }
  await inSlices(database, signal, (session) => dropDeliveries(session, deliveriesBefore, slice))
  await inSlices(database, signal, (session) => foldPrunings(session, now - pruningsKeptMs))
  await inSlices(database, signal, (session) => settleEnded(session, now - settledWithinMs))
  await inSlices(database, signal, (session) => dropIdentity(session, now))
  for (const table of ofApprovals) await inSlices(database, signal, (session) => dropOfGone(session, table))
  const today = `day:${new Date(now).toISOString().slice(0, 10)}`
  await inSlices(database, signal, (session) => dropPastWaits(session, today, slice))
  if (!signal?.aborted) await database.transaction((session) => dropDays(session, now - daysKeptMs))
}

/** `act` answers how many rows it changed; less than a slice is the end. */
export async function inSlices(
  database: Database,
  signal: AbortSignal | undefined,
  act: (session: Session, slice: number) => Promise<number>,
): Promise<void> {
  while (!signal?.aborted) {
    const changed = await database.transaction((session) => act(session, slice))
    if (changed < slice) return
    await delay(pauseMs)
  }
}

async function dropOccurrences(session: Session, schedule: string, before: number): Promise<number> {
  const newest = await session.get<{ nominal: number }>(
    'select nominal from occurrences where schedule = ? order by nominal desc limit 1 offset ?',
    [schedule, occurrencesKept],
  )
  if (!newest) return 0
  return session.run(
    `delete from occurrences where schedule = ? and nominal in (
       select nominal from occurrences where schedule = ? and nominal <= ? and nominal < ? order by nominal limit ?)`,
    [schedule, schedule, newest.nominal, before, slice],
  )
}

/** Adds them up in the newest of them. */
async function foldPrunings(session: Session, before: number): Promise<number> {
  const old = await session.all<{ id: number; runs: number; events: number }>(
    'select id, runs, events from prunings where at < ? order by id limit ? {lock}',
    [before, slice],
  )
  const last = old.at(-1)
  if (!last || old.length === 1) return 0
  const sum = (of: 'runs' | 'events') => old.reduce((total, row) => total + row[of], 0)
  await session.run('update prunings set runs = ?, events = ? where id = ?', [
    sum('runs'),
    sum('events'),
    last.id,
  ])
  const others = old.slice(0, -1).map(({ id }) => id)
  await session.run(`delete from prunings where id in (${others.map(() => '?').join(', ')})`, others)
  return old.length
}

/** What a worker had reserved that died, of a run that ended without another life: it may have been billed. */
async function settleEnded(session: Session, before: number): Promise<number> {
  const rows = await session.all<{ run: number }>(
    `select distinct v.run from reservations v left join runs r on r.no = v.run
     where v.id not like 'batch:%' and (r.no is null or r.ended_at < ?) order by v.run limit ?`,
    [before, slice],
  )
  for (const { run } of rows) await settleAbandoned(session, run)
  return rows.length
}

/** Of each table at most a slice; answers the largest number. */
async function dropIdentity(session: Session, now: number): Promise<number> {
  const requests = now - requestsKeptMs
  const counts = [
    await drop(session, 'decision_claims', 'key', 'at < ?', now - claimsKeptMs),
    await drop(session, 'sessions', 'hash', 'expires_at <= ?', now),
    await drop(session, 'tokens', 'id', 'coalesce(ended_at, expires_at) < ?', now - tokensKeptMs),
    await drop(session, 'permissions', 'id', 'coalesce(ended_at, expires_at) < ?', now - permissionsKeptMs),
    await drop(session, 'bulk_actions', 'id', 'ended_at < ?', now - tokensKeptMs),
    await session.run('delete from secrets where ended_at < ?', [now - endedSecretsKeptMs]),
    await session.run(
      `delete from api_requests where (principal, key) in (
         select principal, key from api_requests where at < ? order by at limit ?)`,
      [requests, slice],
    ),
  ]
  return Math.max(...counts)
}

/** What belonged to approvals that went with their run. */
function dropOfGone(session: Session, table: string): Promise<number> {
  return session.run(
    `delete from ${table} where approval in (select t.approval from ${table} t
       where not exists (select 1 from approvals a where a.id = t.approval) limit ?)`,
    [slice],
  )
}

function drop(session: Session, table: string, key: string, where: string, at: number): Promise<number> {
  return session.run(
    `delete from ${table} where ${key} in (select ${key} from ${table} where ${where} limit ?)`,
    [at, slice],
  )
}

/** Those of whole days, and those of a workflow on a day (`day:2026-11-21:NAME`). */
async function dropDays(session: Session, before: number): Promise<void> {
  const day = new Date(before).toISOString().slice(0, 10)
  await session.run(`delete from budgets where reserved_nanousd = 0 and scope >= 'day:' and scope < ?`, [
    `day:${day}`,
  ])
}
