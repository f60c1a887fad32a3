import { sha256 } from '../base/hash.ts'
import type { Database, Session } from '../store/database.ts'
import { deliver } from '../store/inbox.ts'
import {
  chainHash,
  chainStart,
  eventValues,
  insertEvents,
  type JournalEvent,
  readHead,
} from '../store/journal.ts'
import { lockRun, moveRuns, type RunRow, type RunStatus } from '../store/runs.ts'
import type { EngineEdges } from './edges.ts'

export interface OutsideEvent {
  type: string
  step?: number
  name?: string
  args?: string
  payload?: string
  /** Default: now. */
  at?: number
}

/**
 * Appends to the journal of a run that no worker holds, and moves the run to another state, in the caller's
 * transaction. The epoch is bumped so that a worker that wrongly believes to hold the run is refused.
 */
export async function appendOutside(
  session: Session,
  edges: Pick<EngineEdges, 'clock'>,
  run: RunRow,
  events: OutsideEvent[],
  change: { status: RunStatus; reason: string | null; ended: boolean },
): Promise<void> {
  const head = await readHead(session, run.no)
  let hash = head?.hash ?? chainStart(run.id)
  let seq = head?.seq ?? 0
  const at = edges.clock.now()
  const rows = events.map((outside) => {
    const event: JournalEvent = {
      run: run.no,
      seq: ++seq,
      type: outside.type,
      step: outside.step ?? null,
      name: outside.name ?? null,
      args: outside.args ?? null,
      at: outside.at ?? at,
      payload: outside.payload ?? null,
      blob: null,
      hash: '',
    }
    event.hash = chainHash(hash, event, outside.payload === undefined ? '' : sha256(outside.payload))
    hash = event.hash
    return eventValues(event)
  })
  await session.bulk(insertEvents, rows)
  const row = [run.no, change.status, change.reason, change.ended ? at : null, hash, seq]
  await session.bulk(moveRuns, [row])
}

/** Sets a claimed or queued run aside for a person. */
export async function markStuck(
  database: Database,
  edges: Pick<EngineEdges, 'clock'>,
  run: RunRow,
  reason: string,
): Promise<void> {
  await database.transaction(async (session) => {
    const current = await lockRun(session, run.no)
    if (!current || current.epoch !== run.epoch) return
    const payload = JSON.stringify({ reason })
    await appendOutside(session, edges, current, [{ type: 'run-stuck', payload }], {
      status: 'stuck',
      reason,
      ended: false,
    })
  })
}

/** Cancels a run whose workflow no process drives, with what it asks of people. */
export async function cancelOutside(
  session: Session,
  edges: Pick<EngineEdges, 'clock'>,
  run: RunRow,
  by: string,
): Promise<void> {
  await session.run(`update approvals set status = 'withdrawn' where run = ? and status = 'pending'`, [
    run.no,
  ])
  const event = { type: 'run-cancelled', payload: JSON.stringify({ by }) }
  const change = { status: 'cancelled', reason: `cancelled by ${by}`, ended: true } as const
  await appendOutside(session, edges, run, [event], change)
  await tellParent(session, run, 'cancelled', { by }, edges.clock.now())
}

/** Tells a parent that its child ended outside any worker. */
async function tellParent(
  session: Session,
  run: RunRow,
  status: RunStatus,
  value: unknown,
  at: number,
): Promise<void> {
  if (run.parent === null) return
  const name = `child:${run.id}`
  await deliver(session, {
    run: run.parent,
    name,
    dedup: name,
    payload: JSON.stringify({ status, value }),
    at,
  })
}
