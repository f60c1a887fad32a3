import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises'
import type { Database, Session } from '../database.ts'
import { quoted } from '../journal/events.ts'
import { lockRun } from '../runs/runs.ts'
import { isUnclear } from '../spending/business-keys.ts'
import { deleteById, deleteUnused, withinBytes } from './leftovers.ts'
import { note, type PruneRecord } from './retention.ts'

/** Rows of one transaction. */
const budget = 500
const pauseMs = 10
const runsAtOnce = 100
/** Events that one statement adds up. */
const countedAtOnce = 20_000

/** What of earlier chapters retention would delete. */
export interface PrunableChapters {
  runs: number
  events: number
  /** Of the payloads. */
  bytes: number
}

/** What was deleted of earlier chapters of runs that stay. */
export interface PrunedChapters {
  /** Runs of which something was deleted. */
  runs: number
  events: number
}

/** An event of a journal that may be deleted. */
interface Old {
  id: number
  seq: number
  type: string
  step: number | null
  at: number
  hash: string
  blob: string | null
  bytes: number | null
}

/** How far the journal of a run may be deleted, as far as is known: everything before the event `until`. */
interface Reach {
  until: number
  /** The last call before that event. */
  call: number
}

/**
 * Deletes the chapters of runs that ended before `before` (ms), oldest first, in small transactions with room for others
 * between. A run's row says up to which event, with its hash: from there on its chain still verifies. The chapter that a
 * run is in stays, whatever its age, and so does one with a question that is open yet, and all after it.
 *
 * What was taken from the inbox in those chapters goes with them, and so do their decided approvals. An aborted `signal`
 * ends it after the transaction that is under way; the next one goes on from there.
 */
export async function pruneChapters(
  database: Database,
  before: number,
  now: number,
  signal?: AbortSignal,
): Promise<PrunedChapters> {
  const total: PrunedChapters = { runs: 0, events: 0 }
  const record: PruneRecord = { at: now, before, id: undefined }
  for await (const run of runsWithOld(database, before)) {
    let reach: Reach | undefined
    let events = 0
    while (!signal?.aborted) {
      const slice = await database.transaction(async (session) => {
        const done = await pruneSlice(session, run, before, reach)
        return { ...done, id: await note(session, record, { runs: 0, events: done.events }) }
      })
      record.id = slice.id
      reach = slice.reach
      events += slice.events
      if (slice.isDone) break
      await delay(pauseMs)
    }
    if (reach) await dropTaken(database, run, before, signal)
    if (events > 0) {
      total.runs++
      total.events += events
    }
    if (signal?.aborted) break
  }
  return total
}

/** The runs whose oldest event lies in a chapter that is over, and came before. */
async function* runsWithOld(database: Database, before: number): AsyncGenerator<number> {
  for (let after = -1; ; ) {
    // What a provider holds of a batch is looked for in the journal.
    const rows = await database.all<{ no: number; at: number | null; held: number }>(
      `select no, (select at from events where run = runs.no and seq = runs.pruned_seq + 1) as at,
         (select count(*) from reservations where run = runs.no and id like 'batch:%') as held
       from runs where chapter_seq > pruned_seq + 1 and no > ? order by no limit ?`,
      [after, runsAtOnce],
    )
    for (const { no, at, held } of rows) if (at !== null && at < before && Number(held) === 0) yield no
    if (rows.length < runsAtOnce) return
    after = rows.at(-1)!.no
    await turn()
  }
}

async function pruneSlice(
  session: Session,
  no: number,
  before: number,
  known: Reach | undefined,
): Promise<{ events: number; reach: Reach | undefined; isDone: boolean }> {
  const run = await lockRun(session, no)
  if (!run || run.chapter_seq <= run.pruned_seq + 1) return { events: 0, reach: known, isDone: true }
  const events = await session.all<Old>(
    `select e.id, e.seq, e.type, e.step, e.at, e.hash, e.blob, octet_length(b.content) as bytes
     from events e left join blobs b on b.hash = e.blob
     where e.run = ? and e.seq > ? and e.seq <= ? order by e.seq limit ?`,
    [no, run.pruned_seq, run.chapter_seq, budget],
  )
  const reach = await reachOf(session, { no, chapterSeq: run.chapter_seq, before }, events, known)
  const gone = withinBytes(events.filter(({ seq }) => reach !== undefined && seq < reach.until))
  const last = gone.at(-1)
  if (!last) return { events: 0, reach: known, isDone: true }
  await deleteById(session, 'events', gone)
  await deleteUnused(
    session,
    gone.flatMap(({ blob }) => blob ?? []),
  )
  // What comes of those calls later goes too: they are over since their chapter is.
  await session.run('update runs set pruned_seq = ?, pruned_hash = ?, pruned_call = ? where no = ?', [
    last.seq,
    last.hash,
    reach!.call,
    no,
  ])
  return { events: gone.length, reach, isDone: false }
}

/** The first call of a run that people are asked about, or must be before somebody else can do the same. */
function firstOpen(run: string): string {
  return `(select min(step) from (
    select step from approvals a where a.run = ${run} and a.status = 'pending'
    union all select step from business_keys k where k.run = ${run} and k.${isUnclear}) open)`
}

/** Goes from one beginning of a chapter to the next, as long as the chapter before it may be deleted. */
async function reachOf(
  session: Session,
  run: { no: number; chapterSeq: number; before: number },
  events: Old[],
  known: Reach | undefined,
): Promise<Reach | undefined> {
  const open = await session.get<{ step: number | null }>(`select ${firstOpen('?')} as step`, [
    run.no,
    run.no,
  ])
  const isOver = ({ at, step }: Pick<Old, 'at' | 'step'>) =>
    at < run.before && (open?.step == null || step! < open.step)
  let reach = known
  for (const event of events.slice(1)) {
    if (event.type !== 'run-continued') continue
    if (!isOver(event)) return reach
    reach = { until: event.seq, call: event.step! }
  }
  const last = events.at(-1)
  if (!last || last.seq >= run.chapterSeq || (reach && reach.until > events[0]!.seq)) return reach
  // A chapter that is longer than the slice.
  const next = await session.get<Pick<Old, 'seq' | 'at' | 'step'>>(
    `select seq, at, step from events where run = ? and seq > ? and seq <= ? and type = ${quoted('run-continued')} order by seq limit 1`,
    [run.no, last.seq, run.chapterSeq],
  )
  return next && isOver(next) ? { until: next.seq, call: next.step! } : reach
}

/** Deletes what calls of deleted chapters had taken from the inbox, and their decided approvals. */
async function dropTaken(
  database: Database,
  no: number,
  before: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const call = (
    await database.get<{ pruned_call: number }>('select pruned_call from runs where no = ?', [no])
  )?.pruned_call
  if (call === undefined) return
  for (let after = 0; !signal?.aborted; await delay(pauseMs)) {
    const items = await database.all<{ id: number; consumed_step: number | null; at: number }>(
      'select id, consumed_step, at from inbox where run = ? and id > ? order by id limit ?',
      [no, after, budget],
    )
    const taken = items.filter(({ consumed_step: step, at }) => step !== null && step <= call && at < before)
    await database.transaction((session) => deleteById(session, 'inbox', taken))
    const last = items.at(-1)
    if (!last || items.length < budget || last.at >= before) break
    after = last.id
  }
  while (!signal?.aborted) {
    const dropped = await database.run(
      `delete from approvals where id in
         (select id from approvals where run = ? and step <= ? and status <> 'pending' limit ?)`,
      [no, call, budget],
    )
    if (dropped < budget) return
    await delay(pauseMs)
  }
}

/** What `pruneChapters` would delete now. */
export async function prunableChapters(database: Database, before: number): Promise<PrunableChapters> {
  const total: PrunableChapters = { runs: 0, events: 0, bytes: 0 }
  for await (const no of runsWithOld(database, before)) {
    const cut = await database.get<{ first: number; last: number | null }>(
      `select pruned_seq + 1 as first, (select max(e.seq) - 1 from events e
         where e.run = runs.no and e.seq > runs.pruned_seq + 1 and e.seq <= runs.chapter_seq
           and e.type = ${quoted('run-continued')} and e.at < ? and e.step < coalesce(${firstOpen('runs.no')}, e.step + 1)) as last
       from runs where no = ?`,
      [before, no],
    )
    if (!cut || cut.last === null) continue
    total.runs++
    for (let from = cut.first; from <= cut.last; from += countedAtOnce) {
      const part = await database.get<{ events: number; bytes: number }>(
        `select count(*) as events, coalesce(sum(coalesce(length(e.payload), length(b.content), 0)), 0) as bytes
         from events e left join blobs b on b.hash = e.blob where e.run = ? and e.seq between ? and ?`,
        [no, from, Math.min(cut.last, from + countedAtOnce - 1)],
      )
      total.events += Number(part!.events)
      total.bytes += Number(part!.bytes)
      await turn()
    }
  }
  return total
}
