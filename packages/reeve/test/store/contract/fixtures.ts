import { test } from 'vitest'
import { sha256 } from '../../../src/base/hash.ts'
import type { Database, Session } from '../../../src/store/database.ts'
import { ensureQueue } from '../../../src/store/dispatch/queues/queues.ts'
import type { EventType } from '../../../src/store/journal/events.ts'
import type { Outcome, RunCommit, RunCommitSource } from '../../../src/store/journal/group-commit.ts'
import { chainHash, chainStart, type JournalEvent } from '../../../src/store/journal/journal.ts'
import type { Release } from '../../../src/store/runs/changes/releases.ts'
import { insertRuns, type NewRun, newRunValues } from '../../../src/store/runs/changes/starts.ts'
import { type RunRow, readRunByNo } from '../../../src/store/runs/runs.ts'

export type Open = () => Promise<Database>

/** A case with a database of its own, closed whatever happens. */
export function storeCase(name: string, open: Open, body: (database: Database) => Promise<void>): void {
  test(name, async () => {
    const database = await open()
    try {
      await body(database)
    } finally {
      await database.close()
    }
  })
}

/** What the store's clock says (ms). */
export async function storeNow(session: Session): Promise<number> {
  return (await session.get<{ now: number }>('select reeve_now() as now'))!.now
}

export function newRun(no: number, changes: Partial<NewRun> = {}): NewRun {
  return {
    no,
    id: `run${no}`,
    workflow: 'flow',
    version: '1',
    status: 'queued',
    queue: 'default',
    key: null,
    priority: 0,
    available_at: 0,
    fresh: 1,
    idempotency: null,
    parent: null,
    parent_step: null,
    principal: 'operator',
    epoch: 0,
    worker: null,
    created_at: 0,
    ...changes,
  }
}

/** Puts runs into their queues. */
export async function addRuns(database: Database, ...runs: NewRun[]): Promise<void> {
  await database.transaction(async (session) => {
    for (const run of runs) await ensureQueue(session, run.queue)
    await session.bulk(insertRuns, runs.map(newRunValues))
  })
}

/** A run that a worker holds with epoch 1. */
export async function addRunning(
  database: Database,
  no: number,
  changes: Partial<NewRun> = {},
): Promise<void> {
  await addRuns(database, newRun(no, { status: 'running', worker: 'w', epoch: 1, ...changes }))
}

export async function rowOf(database: Database, no: number): Promise<RunRow> {
  return (await readRunByNo(database, no))!
}

/** Makes linked events of one run; goes on from where it was. */
export function chainOf(
  no: number,
): (type: EventType, payload?: string | null, blob?: boolean) => JournalEvent {
  let hash = chainStart(`run${no}`)
  let seq = 0
  return (type, payload = null, blob = false) => {
    const digest = payload === null ? '' : sha256(payload)
    const event: JournalEvent = {
      run: no,
      seq: ++seq,
      type,
      step: null,
      name: null,
      args: null,
      at: 1000 + seq,
      payload: blob ? null : payload,
      blob: blob ? digest : null,
      hash: '',
    }
    hash = chainHash(hash, event, digest)
    event.hash = hash
    return event
  }
}

export function releaseOf(no: number, changes: Partial<Release> = {}): Release {
  return {
    no,
    status: 'waiting',
    reason: null,
    wakeAt: null,
    inboxSeen: 0,
    endedAt: null,
    head: 'head',
    headSeq: 1,
    leavesChildren: false,
    bytes: 0,
    openSeq: 0,
    ...changes,
  }
}

/** A commit that waits for its outcome. */
export function sourceOf(
  commit: RunCommit,
): RunCommitSource & { outcome: Promise<Outcome | { refused: unknown }> } {
  const { promise, resolve } = Promise.withResolvers<Outcome | { refused: unknown }>()
  return {
    outcome: promise,
    take: () => commit,
    settled: resolve,
    refused: (error) => resolve({ refused: error }),
  }
}

/** Lets the event loop turn until `condition` holds: however long the database takes to answer. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}

/** A checklist of readiness in which nothing lacks. */
export const wholeChecklist = {
  owner: 'ada',
  tools: { 'mail.send': 'high' },
  sources: ['policy/'],
  completion: 'answered',
  review: 'weekly',
  rollback: 'reeve undo',
  evaluation: 'evals/triage',
} as const
