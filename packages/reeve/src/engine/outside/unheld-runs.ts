import { ReeveError } from '../../base/errors.ts'
import { withdrawQuestions } from '../../store/approvals/approvals.ts'
import type { Database, Session } from '../../store/database.ts'
import { type Blob, Chain, insertLinked } from '../../store/journal/chain.ts'
import { type EventType, newEvent, payloadOf } from '../../store/journal/events.ts'
import { readHead } from '../../store/journal/journal.ts'
import { countJournals } from '../../store/journal/journal-size.ts'
import { openSaid } from '../../store/journal/said.ts'
import { itemName } from '../../store/journal/vocabulary/define.ts'
import { repeatsUnanswered } from '../../store/journal/vocabulary/effect-class.ts'
import { loadMarks } from '../../store/marks/open-kept.ts'
import { RunMarks } from '../../store/marks/run-marks.ts'
import { noteCancelled } from '../../store/runs/changes/left-children.ts'
import { moveRuns } from '../../store/runs/changes/moves.ts'
import { reasonOf } from '../../store/runs/changes/releases.ts'
import { deliver } from '../../store/runs/inbox.ts'
import { endedStatuses, lockRun, type RunRow, type RunStatus } from '../../store/runs/runs.ts'
import { askOutcome } from '../deciding/outcome-question.ts'
import { settleUnheard } from '../deciding/told-outcome.ts'
import type { EngineServices } from '../services.ts'

export interface OutsideEvent {
  type: EventType
  step?: number
  name?: string
  args?: string
  payload?: string | null
  /** Default: now. */
  at?: number
  /** Name and payload are as a journal has them: their references are the run's own. */
  isKept?: true
}

/**
 * Appends to the journal of a run that no worker holds, without the texts that are marked there, and moves the run to another
 * state, in the caller's transaction. The epoch is bumped so that a worker that wrongly believes to hold the run is refused.
 */
export async function appendOutside(
  session: Session,
  services: Pick<EngineServices, 'clock'>,
  run: RunRow,
  events: OutsideEvent[],
  change: { status: RunStatus; reason: string | null; ended: boolean },
): Promise<void> {
  const chain = new Chain(run, await readHead(session, run.no), session.secrets)
  const at = services.clock.now()
  const blobs: Blob[] = []
  const isNew = change.reason !== null || events.some(({ isKept }) => !isKept)
  const marks = isNew ? await loadMarks(session, run.no) : new RunMarks()
  const linked = events.map(({ type, step = null, args = null, at: its = at, isKept, ...told }) => {
    const { name = null, payload = null } = told
    const kept = isKept
      ? { name, payload }
      : { name: name && marks.sealText(name), payload: payload && marks.seal(payload) }
    return chain.link({ type, step, args, at: its, ...kept }, blobs)
  })
  await insertLinked(session, linked, blobs)
  const { status, ended } = change
  const reason = change.reason && marks.sealText(change.reason)
  const row = [run.no, status, reasonOf(reason), ended ? at : null, chain.hash, chain.seq]
  await session.bulk(moveRuns, [row])
  await session.bulk(countJournals, [[run.no]])
}

/** Sets a claimed or queued run aside for a person. */
export async function markStuck(
  database: Database,
  services: Pick<EngineServices, 'clock'>,
  run: RunRow,
  reason: string,
): Promise<void> {
  await database.transaction(async (session) => {
    const current = await lockRun(session, run.no)
    if (!current || current.epoch !== run.epoch) return
    await appendOutside(session, services, current, [newEvent('run-stuck', { reason })], {
      status: 'stuck',
      reason,
      ended: false,
    })
  })
}

/**
 * Cancels a run whose workflow no process drives, with what it asks of people. What nobody knows the outcome of stays
 * asked, and is asked now where a dead worker left an intent. Its children are left to be ended. `told`: whether its
 * parent is to hear of it.
 */
export async function cancelOutside(
  session: Session,
  services: Pick<EngineServices, 'clock' | 'newId'>,
  run: RunRow,
  by: string,
  options: { told: boolean } = { told: true },
): Promise<void> {
  await withdrawQuestions(session, run.no)
  await askAboutIntents(session, services, run)
  await settleUnheard(session, run, true)
  const event = newEvent('run-cancelled', { by })
  const change = { status: 'cancelled', reason: `cancelled by ${by}`, ended: true } as const
  await appendOutside(session, services, run, [event], change)
  await noteCancelled(session, run.no, by, { goesOn: false })
  if (options.told) await tellParent(session, run, 'cancelled', { by }, services.clock.now())
}

/** Ends a cancelled run that came back from its worker, unless another has it already. */
export async function cancelQueued(
  database: Database,
  services: Pick<EngineServices, 'clock' | 'newId' | 'notices'>,
  no: number,
): Promise<void> {
  await database.transaction(async (session) => {
    const run = await lockRun(session, no)
    if (run?.status !== 'queued' || run.cancelled_by === null) return
    await cancelOutside(session, services, run, run.cancelled_by)
  })
  services.notices.tell('children-left')
}

/** Of what may be repeated nobody is asked before somebody wants to know (`BusinessKeys.ask`). */
async function askAboutIntents(
  session: Session,
  services: Pick<EngineServices, 'clock' | 'newId'>,
  run: RunRow,
): Promise<void> {
  const intents = await openSaid(session, run, 'effect-intended')
  if (intents.length === 0) return
  const marks = await loadMarks(session, run.no)
  for (const { step, name, ...intent } of intents) {
    const { class: declared } = payloadOf(intent, 'effect-intended')
    if (declared === undefined || repeatsUnanswered(declared)) continue
    const effect = { run: run.no, step, name: marks.openKnownText(name), intent, marks }
    await askOutcome(session, services, effect, 'the run was cancelled before the outcome was recorded')
  }
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
  const name = itemName('child', run.id)
  await deliver(session, {
    run: run.parent,
    name,
    // A run that is retried ends more than once.
    dedup: `${name}:epoch ${run.epoch}`,
    payload: JSON.stringify({ status, value }),
    at,
  })
}

/** @throws `run-ended` when it has */
export function refuseEnded({ id, status }: RunRow, what: string): void {
  if (!endedStatuses.includes(status)) return
  const is = status === 'cancelled' ? 'is' : 'has'
  throw new ReeveError('run-ended', `Run ${id} ${is} ${status} and cannot ${what} any more.`)
}
