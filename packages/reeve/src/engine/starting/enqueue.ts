import type { Session } from '../../store/database.ts'
import { ensureQueue } from '../../store/dispatch/queues/queues.ts'
import { insertLinked } from '../../store/journal/chain.ts'
import { countJournals, isLong } from '../../store/journal/journal-size.ts'
import { giveKeyUp, lockRunWithKey, putOff } from '../../store/runs/changes/keyed.ts'
import {
  enqueueKeyedRuns,
  enqueueRuns,
  keyedRunValues,
  newRunValues,
} from '../../store/runs/changes/starts.ts'
import { appendOutside } from '../outside/unheld-runs.ts'
import type { EngineServices } from '../services.ts'
import { firstEvent } from './first-event.ts'
import type { PreparedStart } from './prepared-start.ts'

/** Inserts a queued run with its first event. Answers false when its idempotency key is taken. */
export async function enqueue(session: Session, start: PreparedStart): Promise<boolean> {
  const { run } = start
  await ensureQueue(session, run.queue)
  if (run.idempotency === null) await session.bulk(enqueueRuns, [newRunValues(run)])
  else if ((await session.bulk(enqueueKeyedRuns, [keyedRunValues(run)])).length === 0) return false
  const { first, blobs, marked } = firstEvent(start, session.secrets)
  await insertLinked(session, [first], blobs)
  if (isLong(first)) await session.bulk(countJournals, [[run.no]])
  for (const { statement, values } of [...marked, ...start.rows]) await session.bulk(statement, [values])
  return true
}

/**
 * Replaces the input of the queued run with the same debounce key and puts it off, or enqueues the start. A run that has
 * begun gives its key up. Answers the id of the run that stands for this start.
 */
export async function enqueueDebounced(
  session: Session,
  services: Pick<EngineServices, 'clock'>,
  start: PreparedStart,
): Promise<{ id: string; isNew: boolean }> {
  const { run } = start
  for (;;) {
    const there = await lockRunWithKey(session, run.workflow, run.idempotency)
    if (there && there.status === 'queued' && there.fresh === 1) {
      const payload = start.marks.seal(start.payload)
      const replaced = { type: 'input-replaced', payload, isKept: true } as const
      for (const { statement, values } of start.marks.newRows(there.no))
        await session.bulk(statement, [values])
      await appendOutside(session, services, there, [replaced], {
        status: 'queued',
        reason: null,
        ended: false,
      })
      await putOff(session, there.no, run.available_at)
      return { id: there.id, isNew: false }
    }
    if (there) await giveKeyUp(session, there.no)
    // Not new when another process took the key since it was looked for: then its run is there now.
    if (await enqueue(session, start)) return { id: run.id, isNew: true }
  }
}
