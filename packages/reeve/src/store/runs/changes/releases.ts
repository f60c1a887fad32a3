import { storable } from '../../../base/text/shorten.ts'
import type { Bulk, Row, Value } from '../../database.ts'
import type { RunStatus } from '../runs.ts'

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

/** The most of a reason that a row keeps, in characters; the journal has the whole error. */
const longestReason = 4000

/** As a row keeps it: for people, never longer than a page. */
export function reasonOf(text: string | null): string | null {
  return text === null ? null : storable(text, longestReason)
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
