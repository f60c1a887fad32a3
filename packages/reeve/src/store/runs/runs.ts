import { ReeveError } from '../../base/errors.ts'
import { isShortText, shownId } from '../../base/text/text.ts'
import type { Session, Value } from '../database.ts'

/**
 * The states of a run:
 *
 *   queued → running ⇄ waiting → succeeded | failed | cancelled
 *               ↘ stuck (needs a person; left only by `retry`, `cancel` or `fork`)
 *
 * A waiting run goes back to `queued` when its timer is due or its inbox grew. `failed` and `cancelled` go back to
 * `queued` only by a person's `retry`.
 */
export const runStatuses = [
  'queued',
  'running',
  'waiting',
  'succeeded',
  'failed',
  'cancelled',
  'stuck',
] as const
/** How a run stands; a paused one is any of the first three. */
export type RunStatus = (typeof runStatuses)[number]

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

/** Whether any run is driven, is about to be, or waits for its time. */
export async function isAnyUnderWay(session: Session): Promise<boolean> {
  const run = await session.get(
    `select no from runs where status = 'running'
     union all select no from runs where key_line = 2 and status <> 'running'
     union all select no from runs where status = 'queued' and available_at > reeve_now() and paused = 0 limit 1`,
  )
  return run !== undefined
}

/** How many ids one query takes: each size is a text of its own, kept prepared. */
const sizes = [1, 8, 64, 500] as const
export const mostAsked = 500

/** Those of at most `mostAsked` runs that have ended or are stuck. */
export function readFinal(session: Session, ids: readonly string[]): Promise<RunRow[]> {
  const size = sizes.find((each) => each >= ids.length) ?? mostAsked
  // Filled up with one that is asked for anyway.
  const asked = [...ids, ...Array.from({ length: size - ids.length }, () => ids[0]!)]
  return session.all<RunRow>(
    `select * from runs where status in ('succeeded', 'failed', 'cancelled', 'stuck') and id in (${asked.map(() => '?').join(', ')})`,
    asked,
  )
}
