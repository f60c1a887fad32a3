import { ReeveError } from '../../base/errors.ts'
import type { Database, Session } from '../../store/database.ts'
import { type NewPayloads, newEvent, payloadOf } from '../../store/journal/events.ts'
import { type JournalEvent, readEvents } from '../../store/journal/journal.ts'
import { itemName } from '../../store/journal/vocabulary/define.ts'
import { copyMarked, shareMarked } from '../../store/marks/marked-values.ts'
import { loadMarks } from '../../store/marks/open-kept.ts'
import { insertRuns, newRunValues } from '../../store/runs/changes/starts.ts'
import { deliver } from '../../store/runs/inbox.ts'
import {
  endedStatuses,
  lockRun,
  type RunRow,
  readRun,
  readRunByNo,
  requireRun,
} from '../../store/runs/runs.ts'
import type { EngineServices } from '../services.ts'
import type { ForkedInput } from '../starting/forked-input.ts'
import { type ForkPlan, planFork, refuseErased, unaskedRepeats } from './fork-plan.ts'
import { appendOutside, type OutsideEvent } from './unheld-runs.ts'

export interface Fork {
  /** The id of the run whose journal is shared. */
  origin: string
  /** The first call that is not shared. */
  from: number
  by: string
  no: number
  id: string
  /** Effects that were sent already may be sent again without a person being asked. */
  repeatEffects: boolean
  /** What its function is given in place of the origin's input. What is shared keeps the results that it has. */
  input?: ForkedInput | undefined
}

/**
 * Queues a run that shares the journal of another up to a call. What the origin had settled by then keeps its result;
 * what it still waited for is asked or set anew, as the fork's own, and so is what was approved and not acted upon.
 * @throws `unknown-run` `bad-fork` `fork-repeats`
 */
export async function forkRun(
  database: Database,
  services: Pick<EngineServices, 'clock'>,
  fork: Fork,
): Promise<void> {
  const { by, id, no } = fork
  const origin = await requireRun(database, fork.origin)
  const plan = await planFork(database, origin, fork.from)
  if (!fork.repeatEffects) refuseRepeats(origin, plan)
  const { from, shared: settled, seed } = plan
  const forked: NewPayloads['run-forked'] = { from: origin.id, step: from, by, seed }
  if (plan.standing.length > 0) forked.standing = plan.standing
  await database.transaction(async (session) => {
    const now = services.clock.now()
    const { workflow, version, queue, priority } = origin
    const key = fork.input ? fork.input.key : origin.key
    const state = { status: 'queued', available_at: now, fresh: 1, epoch: 0, worker: null } as const
    const born = { no, id, workflow, version, queue, key, priority, ...state }
    const kin = { idempotency: null, parent: null, parent_step: null, principal: by, created_at: now }
    // Erasing locks it, too: what was read of it before was not erased meanwhile.
    await lockRun(session, origin.no)
    await refuseErased(session, origin)
    await session.bulk(insertRuns, [newRunValues({ ...born, ...kin })])
    await copyMarked(session, origin.no, no)
    const given = fork.input && (await sealedInput(session, no, fork.input))
    const row = (await readRunByNo(session, no))!
    const change = { status: 'queued', reason: null, ended: false } as const
    await appendOutside(
      session,
      services,
      row,
      [...withInput(settled.map(copyOf), given), newEvent('run-forked', forked)],
      change,
    )
    await bringChildren(session, row, settled, now)
  })
}

/** Its marked texts go apart, as at a start. */
async function sealedInput(session: Session, run: number, input: ForkedInput): Promise<ForkedInput> {
  const marks = await loadMarks(session, run)
  marks.add(input.marked)
  for (const { statement, values } of marks.newRows(run)) await session.bulk(statement, [values])
  return { ...input, payload: marks.seal(input.payload) }
}

/** Right behind the run's first event: what a run was given stands at its beginning. */
function withInput([first, ...rest]: OutsideEvent[], input: ForkedInput | undefined): OutsideEvent[] {
  const given = input && [{ type: 'input-replaced', payload: input.payload, isKept: true } as const]
  return [...(first ? [first] : []), ...(given ?? []), ...rest]
}

/** What was sent once is not sent again by accident. @throws `fork-repeats` */
function refuseRepeats(origin: RunRow, plan: ForkPlan): void {
  const repeats = unaskedRepeats(plan)
  if (repeats.length === 0) return
  const sent = repeats.map(
    ({ runId: run, call, name, class: declared, sentAt }) =>
      `"${name}" (${declared}, call ${call} of run ${run}), sent at ${new Date(sentAt).toISOString()}`,
  )
  throw new ReeveError(
    'fork-repeats',
    `A fork of run ${origin.id} from call ${plan.from} would send again what was sent already: ${sent.join('; ')}. Nothing was done. Fork from a later call, or say that it is wanted: repeatEffects: true, or reeve fork with --yes.`,
    { details: { repeats } },
  )
}

function copyOf({ type, step, name, args, payload, at }: JournalEvent): OutsideEvent {
  const copy: OutsideEvent = { type, at, isKept: true }
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
    const { run } = payloadOf(event, 'child-started')
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
    const name = itemName('child', run)
    await shareMarked(session, child.no, fork.no)
    await deliver(session, { run: fork.no, name, dedup: name, payload, at, isKept: true })
  }
}
