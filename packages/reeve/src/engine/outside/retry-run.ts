import { ReeveError } from '../../base/errors.ts'
import type { Database, Session } from '../../store/database.ts'
import { type NewPayloads, newEvent } from '../../store/journal/events.ts'
import { payloadAt } from '../../store/journal/journal.ts'
import { itemName } from '../../store/journal/vocabulary/define.ts'
import { hasErased } from '../../store/keeping/erased.ts'
import { shareMarked } from '../../store/marks/marked-values.ts'
import {
  askAgain,
  childrenCancelledBy,
  failedStep,
  withdrawOutcomes,
} from '../../store/runs/changes/retries.ts'
import { deliver, dropUntaken, giveSignalsBack } from '../../store/runs/inbox.ts'
import { endedStatuses, lockRun, type RunRow, requireRun } from '../../store/runs/runs.ts'
import { undoOf } from '../../store/spending/business-keys.ts'
import { dropOverrides } from '../overriding/drop-overrides.ts'
import type { EngineServices } from '../services.ts'
import { type FailedFamily, failedFamily, isBroken } from './failed-family.ts'
import { endedBy } from './left-children.ts'
import { appendOutside } from './unheld-runs.ts'

/** For `runtime.retry`. */
export interface RetryOptions {
  /** Retries the children too whose failure failed the run. Default false: they must be mended first. */
  children?: boolean | undefined
}

/** Children that one transaction queues again: others write between. */
const slice = 100

const nobody: FailedFamily = { blamed: [], later: [], logs: 0 }

/**
 * Queues a failed or stuck run again. Everything recorded keeps its result; the call that failed is made anew, and
 * what was withdrawn when the run ended is asked again. A run that failed by a child looks at that child's result again,
 * and what it did since it had heard of the bad end is forgotten.
 * Children that were cancelled because the run ended go on with it. Answers the runs that were queued.
 * @throws `unknown-run` `cannot-retry` `child-not-mended`
 */
export async function retryRun(
  database: Database,
  services: Pick<EngineServices, 'clock'>,
  id: string,
  by: string,
  options: RetryOptions = {},
): Promise<number[]> {
  const run = await requireRun(database, id)
  refuse(run)
  await refuseUndone(database, run)
  await refuseErased(database, run)
  const looked = await database.transaction((session) => failedFamily(session, run))
  const queued: number[] = []
  for (const { child } of looked.blamed) {
    if (!isBroken(child) || child.cancelled_by === endedBy(run)) continue
    if (options.children !== true) throw notMended(run, child)
    queued.push(...(await retryChild(database, services, child, by, options)))
  }
  queued.push(...(await reviveChildren(database, services, run, by)))
  await database.transaction(async (session) => {
    const current = (await lockRun(session, run.no))!
    refuse(current)
    // Erasing locks the row, too: what is queued again was not erased meanwhile, and is not any more.
    await refuseErased(session, current)
    await queueAgain(session, services, current, by, await failedFamily(session, current))
  })
  queued.push(run.no)
  return queued
}

/** It would go on as if what was undone still held. @throws `cannot-retry` */
async function refuseUndone(session: Session, run: RunRow): Promise<void> {
  const undo = await undoOf(session, run.id)
  if (undo === undefined) return
  throw new ReeveError(
    'cannot-retry',
    `Run ${undo} has undone effects of run ${run.id}, some or all, but a retry would continue as if they were still there. Start a new run.`,
  )
}

/** @throws `cannot-retry` */
async function refuseErased(session: Session, run: RunRow): Promise<void> {
  if (!(await hasErased(session, run.no))) return
  throw new ReeveError(
    'cannot-retry',
    `The data of run ${run.id} was erased, so the run cannot continue. Start a new run.`,
  )
}

function refuse(run: RunRow): void {
  if (run.status === 'failed' || run.status === 'stuck') return
  throw new ReeveError(
    'cannot-retry',
    `Run ${run.id} is ${run.status}; only a failed or stuck run can be retried. To go another way from a call, use: reeve fork ${run.id} --from CALL`,
  )
}

function notMended(run: RunRow, child: RunRow): ReeveError {
  const what = `Run ${run.id} failed because its child run ${child.id} of workflow "${child.workflow}" ${child.status === 'failed' ? 'failed' : 'was cancelled'}, and the child has not succeeded yet.`
  const first =
    child.status === 'failed' ? `Retry the child first: reeve retry ${child.id}; or both` : 'Retry both'
  return new ReeveError('child-not-mended', `${what} ${first}: reeve retry ${run.id} --children`, {
    details: { run: run.id, child: child.id },
  })
}

/** A child can be retried whatever ended it, when its parent is: nobody else would wait for it. */
async function retryChild(
  database: Database,
  services: Pick<EngineServices, 'clock'>,
  child: RunRow,
  by: string,
  options: RetryOptions,
): Promise<number[]> {
  if (child.status === 'failed') return retryRun(database, services, child.id, by, options)
  const below = await reviveChildren(database, services, child, by)
  await revive(database, services, [child], by)
  return [...below, child.no]
}

/** Queues again the children, and theirs, that were cancelled because `run` ended. */
async function reviveChildren(
  database: Database,
  services: Pick<EngineServices, 'clock'>,
  run: RunRow,
  by: string,
): Promise<number[]> {
  const revived: number[] = []
  for (let after = 0; ; ) {
    const children = await cancelledWith(database, run, after)
    if (children.length === 0) return revived
    for (const child of children) revived.push(...(await reviveChildren(database, services, child, by)))
    await revive(database, services, children, by)
    revived.push(...children.map(({ no }) => no))
    after = children.at(-1)!.no
  }
}

function cancelledWith(session: Session, run: RunRow, after: number): Promise<RunRow[]> {
  return childrenCancelledBy(session, run, { by: run.cancelled_by ?? endedBy(run), after, limit: slice })
}

async function revive(
  database: Database,
  services: Pick<EngineServices, 'clock'>,
  runs: RunRow[],
  by: string,
): Promise<void> {
  await database.transaction(async (session) => {
    for (const { no } of runs) {
      const current = (await lockRun(session, no))!
      if (current.status === 'cancelled') await queueAgain(session, services, current, by, nobody)
    }
  })
}

async function queueAgain(
  session: Session,
  services: Pick<EngineServices, 'clock'>,
  run: RunRow,
  by: string,
  { blamed, later, logs }: FailedFamily,
): Promise<void> {
  // Those that were cancelled since they were looked for; from now on none is.
  for (const child of await cancelledWith(session, run, 0)) {
    await queueAgain(session, services, (await lockRun(session, child.no))!, by, nobody)
  }
  const step = await failedStep(session, run)
  // What its own code gave up stays given up, and what it asked after a child had failed it may never ask again.
  await askAgain(session, run, later)
  await withdrawOutcomes(session, run)
  // Signals that it took since then are there for whoever waits for them now.
  if (later.length > 0) await giveSignalsBack(session, run.no, later)
  const payload: NewPayloads['run-retried'] = { by }
  if (blamed.length > 0) payload.again = [...blamed.map(({ step }) => step), ...later]
  if (later.length > 0) payload.logs = logs
  const event = { ...newEvent('run-retried', payload), ...(step ? { step } : {}) }
  const change = { status: 'queued', reason: null, ended: false } as const
  const dropped = await dropOverrides(session, run)
  await appendOutside(session, services, run, [...dropped, event], change)
  await takeBack(session, run)
  for (const { child } of blamed) await tellAgain(session, services, run, child)
}

/** What the parent was told of this run's end and has not taken yet holds no longer. */
async function takeBack(session: Session, run: RunRow): Promise<void> {
  if (run.parent === null) return
  await dropUntaken(session, run.parent, itemName('child', run.id))
}

/** A child that has ended since tells so by itself, once; a parent that looks at it again may have taken that long ago. */
async function tellAgain(
  session: Session,
  services: Pick<EngineServices, 'clock'>,
  run: RunRow,
  child: RunRow,
): Promise<void> {
  if (!endedStatuses.includes(child.status)) return
  const name = itemName('child', child.id)
  await dropUntaken(session, run.no, name)
  const value = JSON.parse((await payloadAt(session, child.no, child.head_seq ?? 0)) ?? 'null') as unknown
  const payload = JSON.stringify({ status: child.status, value })
  const dedup = `${name}:again ${run.epoch}`
  await shareMarked(session, child.no, run.no)
  const at = services.clock.now()
  await deliver(session, { run: run.no, name, dedup, payload, at, isKept: true })
}
