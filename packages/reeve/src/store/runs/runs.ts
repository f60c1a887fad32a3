import { ReeveError } from '../../base/errors.ts'
import { storable } from '../../base/text/shorten.ts'
import { isShortText, shownId } from '../../base/text/text.ts'
import type { Bulk, Row, Session, Value } from '../database.ts'
import { bornInLine, leavesLine } from '../dispatch/key-lines.ts'

/**
 * The states of a run:
 *
 *   queued → running ⇄ waiting → succeeded | failed | cancelled
 *               ↘ stuck (needs a person; left only by `retry`, `cancel` or `fork`)
 *
 * A waiting run goes back to `queued` when its timer is due or its inbox grew. `failed` and `cancelled` go back to
 * `queued` only by a person's `retry`.
 */
export type RunStatus = 'queued' | 'running' | 'waiting' | 'succeeded' | 'failed' | 'cancelled' | 'stuck'

export const endedStatuses: readonly RunStatus[] = ['succeeded', 'failed', 'cancelled']

/** A run's row: where it stands. What happened is in its journal. */
export interface RunRow {
  /** The database's own key: small, growing, never shown. */
  no: number
  id: string
  workflow: string
  version: string
  status: RunStatus
  /** For people: why it waits, failed or is stuck. */
  reason: string | null
  queue: string
  key: string | null
  priority: number
  /** Not claimed before this time (ms). */
  available_at: number
  /** 1 until it first ran: wake-ups and recoveries go ahead of new work. */
  fresh: number
  idempotency: string | null
  parent: number | null
  parent_step: number | null
  principal: string
  /** Grows with every claim; an append from an older epoch is refused. */
  epoch: number
  worker: string | null
  /** How many items its inbox has ever received. */
  inbox: number
  /** When a waiting run's timer is due, or a queued run may start (ms). A queued run without it is ready. */
  wake_at: number | null
  paused: number
  cancelled_by: string | null
  /** Workers that died while driving it, since its journal last grew. */
  crashes: number
  crash_seq: number
  created_at: number
  ended_at: number | null
  head: string | null
  head_seq: number | null
  /** SHA-256 of the input that a start with an idempotency key was given. */
  given: string | null
  /** 1 for a child that goes on when its parent ends. */
  detached: number
  /** 1 when it ended, or its chapter did, while children of its were going that are to be cancelled. */
  leaves_children: number
  /** 1: it stands in the line of its key; 2: others stand behind it (`key-lines.ts`). */
  key_line: number
  /** Which chapter it is in, from 1 on: `ctx.continueAs` begins the next. */
  chapter: number
  /** The chapter's first event, from which on the journal is read; 0 in the first chapter. */
  chapter_seq: number
  /** Of the event before that. */
  chapter_hash: string | null
  /** Calls up to it are of earlier chapters. */
  chapter_call: number
  /** No wait that is open was begun by an earlier event. */
  open_seq: number
  /** What replaying it takes in memory, roughly; counted up to the event `bytes_seq`. */
  journal_bytes: number
  bytes_seq: number
  /** Up to this event, with its hash, the journal of earlier chapters was pruned. */
  pruned_seq: number
  pruned_hash: string | null
  /** The last call of what was pruned. */
  pruned_call: number
}

const insertColumns = {
  no: 'int',
  id: 'text',
  workflow: 'text',
  version: 'text',
  status: 'text',
  queue: 'text',
  key: 'text',
  priority: 'int',
  available_at: 'int',
  fresh: 'int',
  idempotency: 'text',
  parent: 'int',
  parent_step: 'int',
  principal: 'text',
  epoch: 'int',
  worker: 'text',
  created_at: 'int',
} as const

/** `given` counts for runs with an idempotency key, `detached` for children. */
export type NewRun = Pick<RunRow, keyof typeof insertColumns> & Partial<Pick<RunRow, 'given' | 'detached'>>

function insertOf(columns: Bulk['columns']): string {
  const names = Object.keys(columns)
  // A start that is put off has its time there where timers are looked for, and is not ready until then.
  return `insert into runs (${names.join(', ')}, wake_at) select ${names.map((name) => `:${name}`).join(', ')},
    case when :status = 'queued' and :available_at > :created_at then :available_at end {from}`
}

/** The same for runs that wait for a worker. */
function queuedOf(columns: Bulk['columns']): string {
  return insertOf(columns)
    .replace(', wake_at)', ', wake_at, key_line)')
    .replace(' {from}', `, ${bornInLine} {from}`)
}

function onceOf(insert: string): string {
  return `${insert} where true on conflict (workflow, idempotency) where idempotency is not null do nothing returning no`
}

export const insertRuns: Bulk = { columns: insertColumns, sql: insertOf(insertColumns) }

const keyedColumns = { ...insertColumns, given: 'text' } as const

const childColumns = { ...insertColumns, detached: 'int' } as const

/** A child of a run that somebody cancelled before this commit is born cancelled: no worker drives it. */
const insertChildren: Bulk = {
  columns: childColumns,
  announces: 'work',
  sql: queuedOf(childColumns)
    .replace(', key_line)', ', key_line, cancelled_by)')
    .replace(' {from}', ', (select above.cancelled_by from runs above where above.no = :parent) {from}'),
}

/** The same for runs that wait for a worker. */
export const enqueueRuns: Bulk = { columns: insertColumns, sql: queuedOf(insertColumns), announces: 'work' }

/** For runs with an idempotency key: answers the `no` of those that were new. */
export const insertKeyedRuns: Bulk = { columns: keyedColumns, sql: onceOf(insertOf(keyedColumns)) }

/** For runs that an earlier commit may have made: answers the `no` of those that were new. */
export const insertAbsentRuns: Bulk = {
  columns: keyedColumns,
  sql: `${insertOf(keyedColumns)} where true on conflict do nothing returning no`,
}

export const enqueueKeyedRuns: Bulk = {
  columns: keyedColumns,
  sql: onceOf(queuedOf(keyedColumns)),
  announces: 'work',
}

export function keyedRunValues(run: NewRun): Value[] {
  return [...newRunValues(run), run.given ?? null]
}

export function childRow(run: NewRun): Row {
  return { statement: insertChildren, values: [...newRunValues(run), run.detached ?? 0] }
}

export function newRunValues(run: NewRun): Value[] {
  return [
    run.no,
    run.id,
    run.workflow,
    run.version,
    run.status,
    run.queue,
    run.key,
    run.priority,
    run.available_at,
    run.fresh,
    run.idempotency,
    run.parent,
    run.parent_step,
    run.principal,
    run.epoch,
    run.worker,
    run.created_at,
  ]
}

/**
 * Which of these claims still hold. On Postgres the rows stay locked until the transaction ends. A claimed run is one
 * that has a worker; asking for its status would have Postgres search the index of all running runs for each claim.
 */
export const heldClaims: Bulk = {
  columns: { no: 'int', epoch: 'int' },
  sql: `select runs.no from runs {also} where runs.no = :no and runs.epoch = :epoch and runs.worker is not null {lock}`,
}

/** A claimed run as its worker gives it back. */
export interface Release {
  no: number
  status: Exclude<RunStatus, 'running'>
  reason: string | null
  wakeAt: number | null
  /** How many inbox items the worker had seen: if more came since, a waiting run is queued again at once. */
  inboxSeen: number
  endedAt: number | null
  /** Its process ends before what acts does: what was known of deaths stays, and nothing is counted. */
  isAbandoned?: boolean
  head: string
  headSeq: number
  /** It, or its chapter, ended while children of its may be going. */
  leavesChildren: boolean
  /** What replaying its chapter takes in memory, roughly. */
  bytes: number
  /** No wait that is open was begun by an earlier event. */
  openSeq: number
}

export const releaseRuns: Bulk = {
  columns: {
    no: 'int',
    status: 'text',
    reason: 'text',
    wake_at: 'int',
    inbox_seen: 'int',
    ended_at: 'int',
    head: 'text',
    head_seq: 'int',
    leaves_children: 'int',
  },
  sql: `update runs set
      status = case when :status = 'waiting' and runs.inbox > :inbox_seen then 'queued' else :status end,
      reason = :reason,
      wake_at = case when :status = 'waiting' and runs.inbox > :inbox_seen then null else :wake_at end,
      ended_at = :ended_at, head = :head, head_seq = :head_seq,
      worker = null, crashes = 0, fresh = 0,
      leaves_children = case when :leaves_children = 1 then 1 else runs.leaves_children end
    {from} where runs.no = :no`,
}

/** The same for runs that another process may wait for. */
export const releaseWatchedRuns: Bulk = { ...releaseRuns, announces: 'end' }

/** The same for runs that go on later: how much is to be read then stands on their rows. */
export const parkRuns: Bulk = {
  ...releaseRuns,
  columns: { ...releaseRuns.columns, bytes: 'int', open_seq: 'int' },
  sql: releaseRuns.sql.replace(
    'worker = null, ',
    'worker = null, journal_bytes = :bytes, bytes_seq = :head_seq, open_seq = :open_seq, ',
  ),
}

export const parkWatchedRuns: Bulk = { ...parkRuns, announces: 'work' }

/** For runs whose process ends before what acts does: it may be what killed others. Another process may go on at once. */
export const parkAbandonedRuns: Bulk = {
  ...parkWatchedRuns,
  sql: parkRuns.sql.replace('crashes = 0, ', ''),
}

/** A run that goes on from the beginning of its function: from which event on it is read. */
export interface NewChapter {
  run: number
  /** Of the workflow. */
  version: string
  seq: number
  /** Before that event. */
  hash: string
  /** The last call before it. */
  call: number
}

const beginChapters: Bulk = {
  columns: { no: 'int', version: 'text', seq: 'int', hash: 'text', call: 'int' },
  sql: `update runs set version = :version, chapter = runs.chapter + 1, chapter_seq = :seq, chapter_hash = :hash,
      chapter_call = :call, open_seq = :seq
    {from} where runs.no = :no`,
}

export function chapterRow({ run, version, seq, hash, call }: NewChapter): Row {
  return { statement: beginChapters, values: [run, version, seq, hash, call] }
}

export const pauseRuns: Bulk = {
  columns: { no: 'int', paused: 'int' },
  announces: 'any',
  sql: `update runs set paused = :paused, ${leavesLine} {from} where runs.no = :no`,
}

/** Says of runs that a worker holds what they are at. */
export const explainRuns: Bulk = {
  columns: { no: 'int', epoch: 'int', reason: 'text' },
  sql: `update runs set reason = :reason
    {from} where runs.no = :no and runs.epoch = :epoch and runs.status = 'running'`,
}

/** The most of a reason that a row keeps, in characters; the journal has the whole error. */
const longestReason = 4000

/** As a row keeps it: for people, never longer than a page. */
export function reasonOf(text: string | null): string | null {
  return text === null ? null : storable(text, longestReason)
}

/** Moves runs that no worker holds to another state. A worker that wrongly believes to hold one is refused from then on. */
export const moveRuns: Bulk = {
  columns: { no: 'int', status: 'text', reason: 'text', ended_at: 'int', head: 'text', head_seq: 'int' },
  announces: 'any',
  sql: `update runs set status = :status, reason = :reason, ended_at = :ended_at, head = :head, head_seq = :head_seq,
      epoch = runs.epoch + 1, worker = null, wake_at = null, available_at = reeve_now(), fresh = 0, crashes = 0,
      cancelled_by = null, leaves_children = 0, ${leavesLine}
    {from} where runs.no = :no`,
}

export function releaseValues(release: Release): Value[] {
  return [
    release.no,
    release.status,
    reasonOf(release.reason),
    release.wakeAt,
    release.inboxSeen,
    release.endedAt,
    release.head,
    release.headSeq,
    release.leavesChildren ? 1 : 0,
  ]
}

function parkValues(release: Release): Value[] {
  return [...releaseValues(release), release.bytes, release.openSeq]
}

/** Gives a run back. `isWatched`: another process may wait for that, and hears of it. */
export function releaseRow(release: Release, isWatched = false): Row {
  if (release.endedAt !== null)
    return { statement: isWatched ? releaseWatchedRuns : releaseRuns, values: releaseValues(release) }
  const park = release.isAbandoned ? parkAbandonedRuns : isWatched ? parkWatchedRuns : parkRuns
  return { statement: park, values: parkValues(release) }
}

export async function readRun(session: Session, id: string): Promise<RunRow | undefined> {
  // Postgres could not even be asked for one with NUL.
  return isShortText(id) ? session.get<RunRow>('select * from runs where id = ?', [id]) : undefined
}

export async function readRunByNo(session: Session, no: number): Promise<RunRow | undefined> {
  return session.get<RunRow>('select * from runs where no = ?', [no])
}

/** How many items ever came for the runs that a worker drives. */
export async function readClaimedInboxes(
  session: Session,
  worker: string,
): Promise<{ no: number; inbox: number }[]> {
  return session.all(`select no, inbox from runs where status = 'running' and worker = ?`, [worker])
}

/** The same for a transaction that goes by what it read: the row stays as it is until the transaction ends. */
export async function lockRun(session: Session, no: number): Promise<RunRow | undefined> {
  return session.get<RunRow>('select * from runs where no = ? {lock}', [no])
}

/** @throws `unknown-run` */
export async function requireRun(session: Session, id: string): Promise<RunRow> {
  const run = await readRun(session, id)
  if (run) return run
  const shown = shownId(id)
  throw new ReeveError('unknown-run', `There is no run ${shown}. See the runs with: reeve runs`, {
    details: { run: shown },
  })
}

export interface RunFilter {
  status?: RunStatus
  workflow?: string
  limit?: number
}

/** The newest runs first. */
export async function listRuns(session: Session, filter: RunFilter = {}): Promise<RunRow[]> {
  const conditions: string[] = ['true']
  const parameters: Value[] = []
  if (filter.status) {
    conditions.push('status = ?')
    parameters.push(filter.status)
  }
  if (filter.workflow) {
    conditions.push('workflow = ?')
    parameters.push(filter.workflow)
  }
  parameters.push(filter.limit ?? 50)
  return session.all<RunRow>(
    `select * from runs where ${conditions.join(' and ')} order by no desc limit ?`,
    parameters,
  )
}

/** The event before those that a run is driven by: the last one of the chapters before; undefined in the first. */
export function beforeChapter(
  run: Pick<RunRow, 'chapter_seq' | 'chapter_hash'>,
): { seq: number; hash: string } | undefined {
  return run.chapter_hash === null ? undefined : { seq: run.chapter_seq - 1, hash: run.chapter_hash }
}

/** What a run's row says of the last event of its journal, when it says anything. */
export function headOf(run: Pick<RunRow, 'head' | 'head_seq'>): { seq: number; hash: string } | undefined {
  return run.head === null || run.head_seq === null ? undefined : { seq: run.head_seq, hash: run.head }
}
