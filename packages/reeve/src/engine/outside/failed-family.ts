import { ReeveError } from '../../base/errors.ts'
import type { Session } from '../../store/database.ts'
import { definitionOf, payloadOf } from '../../store/journal/events.ts'
import { type JournalEvent, readChapter } from '../../store/journal/journal.ts'
import { changesNothing } from '../../store/journal/vocabulary/effect-class.ts'
import { type RunRow, readRun } from '../../store/runs/runs.ts'
import { type History, type RecordedCall, readHistory } from '../replay/history.ts'

/** Why a run ended badly, as far as its children are the reason. */
export interface FailedFamily {
  /** The waits for children whose results a retry looks at again. */
  blamed: { step: number; child: RunRow }[]
  /** The calls that the run made since it had heard of the first of those bad ends: a retry makes them no more. */
  later: number[]
  /** How many lines it had logged until then. */
  logs: number
}

/**
 * The children whose bad ends a failed run ended by: the one that its error came from, or that was the last thing it
 * heard, and those whose bad ends it had heard of since. A run that caught a bad end, went on, and then threw an error of
 * its own, would come to the same end again: it looks again at those children that are mended, if nothing that it did
 * since stands in the way.
 * @throws `cannot-retry` when it acted outside since
 */
export async function failedFamily(session: Session, run: RunRow): Promise<FailedFamily> {
  if (run.status !== 'failed') return { blamed: [], later: [], logs: 0 }
  const events = await readChapter(session, run)
  const failed = events.findLast(({ type }) => type === 'run-failed')
  const { calls, settlements } = readHistory(events)
  const bad = settlements.filter(({ step }) => isBadEnd(calls, step))
  const reason = failed?.step ?? settlements.at(-1)?.step
  const isKnown = bad.some(({ step }) => step === reason)
  if (!isKnown && (failed?.step ?? null) !== null) return { blamed: [], later: [], logs: 0 }
  const blamed: FailedFamily['blamed'] = []
  let heardAt = Number.POSITIVE_INFINITY
  for (const { step, event } of bad) {
    // What it heard before the reason, it had got over.
    if (isKnown && heardAt === Number.POSITIVE_INFINITY && step !== reason) continue
    const child = await readRun(session, calls.get(step)!.name!)
    if (!child || (!isKnown && isBroken(child))) continue
    blamed.push({ step, child })
    heardAt = Math.min(heardAt, event.seq)
  }
  const later = [...calls.values()].filter((call) => firstOf(call).seq > heardAt)
  const acted = later.find((call) => hasActed(call))
  if (acted && isKnown) throw wentOn(run, blamed[0]!, acted)
  if (acted) return { blamed: [], later: [], logs: 0 }
  const logs = events.filter(({ type, seq }) => definitionOf(type)?.isLine && seq < heardAt).length
  return { blamed, later: later.map(({ step }) => step), logs }
}

export function isBroken({ status }: RunRow): boolean {
  return status === 'failed' || status === 'cancelled'
}

function isBadEnd(calls: History['calls'], step: number): boolean {
  const settled = calls.get(step)?.settled
  return settled?.type === 'child-finished' && payloadOf(settled, 'child-finished').status !== 'succeeded'
}

function firstOf({ opened, settled }: RecordedCall): JournalEvent {
  return opened[0] ?? settled!
}

/** Started a child, or sent an effect that may have changed something. */
function hasActed({ kind, opened, settled }: RecordedCall): boolean {
  if (kind === 'child') return settled?.type === 'child-started'
  if (kind !== 'effect') return false
  const isSent = opened.some(
    (event) => event.type === 'effect-intended' && !changesNothing(payloadOf(event, 'effect-intended').class),
  )
  const isRefused =
    settled?.type === 'effect-failed' && payloadOf(settled, 'effect-failed').code === 'not-applied'
  return isSent && !isRefused
}

function wentOn(
  run: RunRow,
  { step, child }: FailedFamily['blamed'][number],
  acted: RecordedCall,
): ReeveError {
  const what = acted.kind === 'child' ? 'started a child of' : 'sent'
  return new ReeveError(
    'cannot-retry',
    `Run ${run.id} went on after its child run ${child.id} had ended badly: it ${what} "${acted.name}" (call ${acted.step}). A retry would leave that out, or make it again. Nothing was done. After the child has succeeded, go the other way in a new run, which says what it would repeat: reeve fork ${run.id} --from ${step}`,
    { details: { run: run.id, child: child.id, call: acted.step } },
  )
}
