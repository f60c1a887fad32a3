import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises'
import type { Act } from '../authority/acts.ts'
import { recordAct } from '../authority/authority-log.ts'
import type { Database, Session } from '../database.ts'
import { settleAbandoned } from '../spending/budgets.ts'
import { isUnclear } from '../spending/business-keys.ts'
import { sweepLeftovers } from './leftovers.ts'

/** How long ended runs are kept, in ms. A status that is absent is kept for ever. */
export interface Retention extends Ages {
  /** Of these workflows the statuses that are there go by their own; `Infinity`: kept for ever. */
  workflows?: Readonly<Record<string, Ages>>
}

/** In ms, by the status that a run ended with. */
export interface Ages {
  succeededMs?: number
  failedMs?: number
  cancelledMs?: number
}

/** Runs and rows of one transaction: small enough that whoever writes beside it hardly notices. */
const batch = 100
const budget = 500
const pauseMs = 10
/** Runs that one statement adds up: no reader holds the log of a database at work for long. */
const counted = 200

/** What of one status retention would delete. */
export interface Prunable {
  status: string
  /** The workflow whose own retention says so; null: that of the project. */
  workflow: string | null
  runs: number
  events: number
  /** Of the payloads. */
  bytes: number
  /** When the first and the last of them ended (ms). */
  oldest: number
  newest: number
}

/** What was deleted. */
export interface Pruned {
  runs: number
  events: number
}

/**
 * A run whose parent or children are still going is kept, unless its parent is long past the chapter that started it; and so is
 * one of which a person must say whether an effect of it happened. Read in the order of the index of ended runs.
 */
const eligible = `ended_at is not null and ended_at < ? and status = ?
  and not exists (select 1 from business_keys k where k.run = runs.no and k.${isUnclear})
  and not exists (select 1 from approvals a where a.run = runs.no and a.kind = 'outcome' and a.status = 'pending')
  and not exists (select 1 from runs child where child.parent = runs.no and child.ended_at is null)
  and (parent is null or not exists (select 1 from runs above where above.no = runs.parent and above.ended_at is null
    and coalesce(runs.parent_step, above.pruned_call + 1) > above.pruned_call))`

/** What `prune` would delete now, by status. */
export async function prunable(database: Database, retention: Retention, now: number): Promise<Prunable[]> {
  const found: Prunable[] = []
  for (const limit of limitsOf(retention, now)) {
    const { status, workflow, before } = limit
    const of = workflowsOf(limit)
    const sum = { status, workflow, runs: 0, events: 0, bytes: 0, oldest: 0, newest: 0 }
    let last = { ended_at: Number.MIN_SAFE_INTEGER, no: -1 }
    for (;;) {
      const rows = await database.all<{ no: number; ended_at: number; events: number; bytes: number }>(
        `select no, ended_at, (select count(*) from events where events.run = runs.no) as events,
           (select coalesce(sum(coalesce(length(events.payload), length(blobs.content), 0)), 0)
             from events left join blobs on blobs.hash = events.blob where events.run = runs.no) as bytes
         from runs where ${eligible} ${of.sql} and ended_at >= ? and (ended_at > ? or no > ?) order by ended_at, no limit ?`,
        [before, status, ...of.values, last.ended_at, last.ended_at, last.no, counted],
      )
      if (sum.runs === 0) sum.oldest = rows[0]?.ended_at ?? 0
      sum.runs += rows.length
      for (const { events, bytes } of rows) {
        sum.events += Number(events)
        sum.bytes += Number(bytes)
      }
      if (rows.length > 0) last = rows.at(-1)!
      if (rows.length < counted) break
      await turn()
    }
    sum.newest = last.ended_at
    if (sum.runs > 0) found.push(sum)
  }
  return found
}

/** Runs of one status, and of one workflow, or of all but some: deleted when they ended before. */
interface Limit {
  status: string
  workflow: string | null
  /** The workflows that have a time of their own for that status. */
  except: readonly string[]
  /** ms */
  before: number
}

const statuses = ['succeeded', 'failed', 'cancelled'] as const

function limitsOf({ workflows = {}, ...ages }: Retention, now: number): Limit[] {
  return statuses.flatMap((status) => {
    const ageIn = (of: Ages) => of[`${status}Ms`]
    const own = Object.entries(workflows).flatMap(([workflow, of]): [string, number][] => {
      const age = ageIn(of)
      return age === undefined ? [] : [[workflow, age]]
    })
    const limit = (workflow: string | null, age: number | undefined, except: string[]): Limit[] =>
      age === undefined || age === Number.POSITIVE_INFINITY
        ? []
        : [{ status, workflow, except, before: now - age }]
    const names = own.map(([workflow]) => workflow)
    return [...limit(null, ageIn(ages), names), ...own.flatMap(([workflow, age]) => limit(workflow, age, []))]
  })
}

/** SQL of which workflows, with its values. */
function workflowsOf({ workflow, except }: Pick<Limit, 'workflow' | 'except'>): {
  sql: string
  values: string[]
} {
  if (workflow !== null) return { sql: 'and workflow = ?', values: [workflow] }
  if (except.length === 0) return { sql: '', values: [] }
  return { sql: `and workflow not in (${except.map(() => '?').join(', ')})`, values: [...except] }
}

/**
 * Deletes ended runs past their time, with everything of theirs, in small transactions with room for others between, and
 * records that it did:
 *
 *   ended → left over (no run any more; its events and its inbox go in slices) → gone
 *
 * so that no transaction is longer for a run with a long journal. An aborted `signal` ends it after the transaction that
 * is under way; the next one begins with what was left over.
 */
export async function prune(
  database: Database,
  retention: Retention,
  now: number,
  signal?: AbortSignal,
): Promise<Pruned> {
  const total: Pruned = { runs: 0, events: 0 }
  // What an earlier one left over goes first, whatever is kept now.
  for (const limit of [undefined, ...limitsOf(retention, now)]) {
    const record: PruneRecord = { at: now, before: limit?.before ?? now, id: undefined }
    while (!signal?.aborted) {
      const pruned = await database.transaction(async (session) => {
        const done = await pruneSlice(session, limit, now)
        return { ...done, id: await note(session, record, done) }
      })
      record.id = pruned.id
      total.runs += pruned.runs
      total.events += pruned.events
      if (pruned.isDone) break
      await delay(pauseMs)
    }
  }
  return total
}

/** Goes on with what is left over; when that is done, takes out more. `isDone`: there was nothing to take out. */
async function pruneSlice(
  session: Session,
  limit: Limit | undefined,
  now: number,
): Promise<Pruned & { isDone: boolean }> {
  const earlier = await sweepLeftovers(session, budget)
  if (!earlier.isDone) return { runs: 0, events: earlier.events, isDone: false }
  const runs = limit === undefined ? 0 : await takeOut(session, limit, now)
  const rest = budget - earlier.events
  const { events } = runs > 0 && rest > 0 ? await sweepLeftovers(session, rest) : { events: 0 }
  return { runs, events: earlier.events + events, isDone: runs === 0 }
}

/** One row of `prunings` for all that one call deletes of one status. */
export interface PruneRecord {
  at: number
  before: number
  id: number | undefined
}

export async function note(
  session: Session,
  { at, before, id }: PruneRecord,
  { runs, events }: Pruned,
): Promise<number | undefined> {
  if (runs === 0 && events === 0) return id
  if (id !== undefined) {
    await session.run('update prunings set runs = runs + ?, events = events + ? where id = ?', [
      runs,
      events,
      id,
    ])
    return id
  }
  const row = await session.get<{ id: number }>(
    'insert into prunings (at, before, runs, events) values (?, ?, ?, ?) returning id',
    [at, before, runs, events],
  )
  return row!.id
}

/** What the signed heads list and the database has no more must have gone so. */
function deletionAct(runs: number[], status: string, at: number): Act<'runs-deleted'> {
  const subject = `${runs.length} ${status} runs`
  return { type: 'runs-deleted', by: 'reeve', proof: 'started-by-reeve', subject, at, details: { runs } }
}

/** Takes runs out of the world; what is left of them belongs to nobody from then on. Answers how many. */
async function takeOut(session: Session, limit: Limit, now: number): Promise<number> {
  const { status, before } = limit
  const of = workflowsOf(limit)
  const rows = await session.all<{ no: number }>(
    `select no from runs where ${eligible} ${of.sql} order by ended_at limit ? {skip}`,
    [before, status, ...of.values, batch],
  )
  if (rows.length === 0) return 0
  const marks = rows.map(() => '?').join(', ')
  const numbers = rows.map((row) => row.no)
  await session.run(`insert into leftovers (run) values ${rows.map(() => '(?)').join(', ')}`, numbers)
  await session.run(`delete from approvals where run in (${marks})`, numbers)
  await session.run(`delete from answers where run in (${marks})`, numbers)
  await session.run(`update model_calls set run_status = ? where run in (${marks})`, [status, ...numbers])
  const reserving = await session.all<{ run: number }>(
    `select distinct run from reservations where run in (${marks})`,
    numbers,
  )
  for (const { run } of reserving) await settleAbandoned(session, run)
  await session.run(
    `delete from budgets where scope in (${marks})`,
    numbers.map((no) => `run:${no}`),
  )
  await session.run(`delete from runs where no in (${marks})`, numbers)
  if (session.auditKeys) await recordAct(session, deletionAct(numbers, status, now))
  return rows.length
}
