import { ReeveError } from '../base/errors.ts'
import type { Database, Session } from '../store/database.ts'
import { deliver } from '../store/inbox.ts'
import { type JournalEvent, readEvents } from '../store/journal.ts'
import {
  endedStatuses,
  insertRuns,
  newRunValues,
  type RunRow,
  readRun,
  readRunByNo,
  requireRun,
} from '../store/runs.ts'
import type { EngineEdges } from './edges.ts'
import { type History, readHistory } from './history.ts'
import { appendOutside, type OutsideEvent } from './outside.ts'

export interface Fork {
  /** The id of the run whose journal is shared. */
  origin: string
  /** The first call that is not shared. */
  from: number
  by: string
  no: number
  id: string
}

/**
 * Queues a run that shares the journal of another up to a call. What the origin had settled by then keeps its result;
 * what it still waited for is asked or set anew, as the fork's own.
 * @throws `unknown-run` `bad-fork`
 */
export async function forkRun(
  database: Database,
  edges: Pick<EngineEdges, 'clock'>,
  fork: Fork,
): Promise<void> {
  const { by, from, id, no } = fork
  const origin = await requireRun(database, fork.origin)
  const events = await readEvents(database, origin.no)
  const whole = readHistory(events)
  if (!Number.isInteger(from) || from < 1 || (from > 1 && from > whole.lastStep)) {
    const why = `Run ${origin.id} has no call ${from}. See its calls with: reeve show ${origin.id}`
    throw new ReeveError('bad-fork', why)
  }
  const shared = sharedPrefix(events, from)
  refuseEffectUnderWay(origin, readHistory(shared))
  const settled = withoutOpenCalls(shared)
  const payload = JSON.stringify({ from: origin.id, step: from, by, seed: whole.seed ?? origin.id })
  await database.transaction(async (session) => {
    const now = edges.clock.now()
    const { workflow, version, queue, key, priority } = origin
    const state = { status: 'queued', available_at: now, fresh: 1, epoch: 0, worker: null } as const
    const born = { no, id, workflow, version, queue, key, priority, ...state }
    const kin = { idempotency: null, parent: null, parent_step: null, principal: by, created_at: now }
    await session.bulk(insertRuns, [newRunValues({ ...born, ...kin })])
    const row = (await readRunByNo(session, no))!
    const change = { status: 'queued', reason: null, ended: false } as const
    await appendOutside(
      session,
      edges,
      row,
      [...settled.map(copyOf), { type: 'run-forked', payload }],
      change,
    )
    await bringChildren(session, row, settled, now)
  })
}

/** Everything before the first event of a call from `from` on, without what ended the run. */
function sharedPrefix(events: JournalEvent[], from: number): JournalEvent[] {
  const ofRun = (event: JournalEvent) => event.type.startsWith('run-')
  const cut = events.findIndex((event) => event.step !== null && event.step >= from && !ofRun(event))
  const before = cut < 0 ? events : events.slice(0, cut)
  // A retry stays: the failure that it undid must not be replayed.
  return before.filter(
    (event) => !ofRun(event) || event.type === 'run-started' || event.type === 'run-retried',
  )
}

function withoutOpenCalls(events: JournalEvent[]): JournalEvent[] {
  const { calls } = readHistory(events)
  return events.filter((event) => {
    const call = event.step === null ? undefined : calls.get(event.step)
    return call === undefined || call.settled !== undefined
  })
}

/** The fork would make the effect a second time, under a key of its own. */
function refuseEffectUnderWay(origin: RunRow, shared: History): void {
  for (const { kind, name, settled, step } of shared.calls.values()) {
    if (kind !== 'effect' || settled) continue
    const why = `Effect "${name}" (call ${step}) of run ${origin.id} is under way, and a fork from a later call would make it again.`
    throw new ReeveError('bad-fork', `${why} Wait until it is settled, or fork from call ${step}.`)
  }
}

function copyOf({ type, step, name, args, payload, at }: JournalEvent): OutsideEvent {
  const copy: OutsideEvent = { type, at }
  if (step !== null) copy.step = step
  if (name !== null) copy.name = name
  if (args !== null) copy.args = args
  if (payload !== null) copy.payload = payload
  return copy
}

/** Tells the fork how the children ended that the origin started; nobody else will. */
async function bringChildren(
  session: Session,
  fork: RunRow,
  shared: JournalEvent[],
  at: number,
): Promise<void> {
  const finished = new Set(
    shared.filter((event) => event.type === 'child-finished').map((event) => event.name),
  )
  for (const event of shared) {
    if (event.type !== 'child-started') continue
    const { run } = JSON.parse(event.payload!) as { run: string }
    if (finished.has(run)) continue
    const child = await readRun(session, run)
    if (!child || !endedStatuses.includes(child.status)) {
      const why = `The child run ${run} that call ${event.step} started has not ended, and only its first parent will hear of it.`
      throw new ReeveError('bad-fork', `${why} Wait until it has ended, or fork from call ${event.step}.`)
    }
    const last = (await readEvents(session, child.no, child.head_seq! - 1))[0]
    const payload = JSON.stringify({
      status: child.status,
      value: JSON.parse(last?.payload ?? 'null') as unknown,
    })
    const name = `child:${run}`
    await deliver(session, { run: fork.no, name, dedup: name, payload, at })
  }
}
