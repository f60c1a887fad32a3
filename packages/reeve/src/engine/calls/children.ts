import { ReeveError } from '../../base/errors.ts'
import { checkOptions } from '../../base/options.ts'
import type { Secrets } from '../../base/secrets/secrets.ts'
import type { Row } from '../../store/database.ts'
import { type Blob, Chain } from '../../store/journal/chain.ts'
import { newEvent } from '../../store/journal/events.ts'
import { blobRow, eventRow, type JournalEvent } from '../../store/journal/journal.ts'
import { isLong, journalSizeRow } from '../../store/journal/journal-size.ts'
import { childRow, type NewRun } from '../../store/runs/runs.ts'
import type { Execution } from '../execution/execution.ts'
import { type Birth, prepareBirth, type StartOptions } from '../starting/birth.ts'
import type { Workflow } from '../workflow.ts'
import { argumentsHash } from './effect.ts'
import { childResult, derived } from './waits.ts'

/** A child run as its parent sees it. */
export interface Child<Output = unknown> {
  readonly id: string
  /** Waits for its end. @throws `child-failed` `child-cancelled` */
  result(): Promise<Output>
}

export interface ChildOptions extends Pick<StartOptions, 'queue' | 'key' | 'priority' | 'delay'> {
  /**
   * What becomes of the child when its parent ends first, in whatever way: it fails, is cancelled, runs out of time, or
   * succeeds without having awaited the child. `cancel` cancels it, with its own children; `detach` lets it go on.
   * A parent that is stuck has not ended. Default `cancel`.
   */
  whenParentEnds?: 'cancel' | 'detach'
}

/** Starts a child run in the same transaction as the event that says so: exactly once. */
export function startChild(
  execution: Execution,
  workflow: Workflow,
  input: unknown,
  options: ChildOptions,
): Promise<Child> {
  const call = execution.issue('child', workflow.name, argumentsHash(input))
  execution.perform(call, async () => {
    checkOptions(options, `ctx.start("${workflow.name}")`, {})
    const { id, no, principal } = execution.claim
    // It acts for whom its parent acts: nobody gains a right by starting a run.
    const { whenParentEnds = 'cancel', queue, key, priority, delay } = options
    if (whenParentEnds !== 'cancel' && whenParentEnds !== 'detach') {
      const given = JSON.stringify(whenParentEnds)
      throw new ReeveError('bad-start', `whenParentEnds is ${given}; it must be 'cancel' or 'detach'.`)
    }
    const own: StartOptions = { principal, startedBy: `run ${id}, call ${call.step}` }
    Object.assign(own, { queue, key, priority, delay })
    const birth = prepareBirth(execution.services, workflow, input, own, 0)
    birth.run.no = await execution.services.numbers.take()
    // The run has begun to end since the call was made: nothing is born any more.
    if (execution.aborted) throw execution.signal.reason
    birth.run.parent = no
    birth.run.detached = whenParentEnds === 'detach' ? 1 : 0
    birth.run.parent_step = call.step
    const { first, blobs } = firstEvent(birth, execution.services.secrets)
    execution.childStarted()
    execution.addRows(...childRows(birth.run, first, blobs))
    const started = { run: birth.run.id }
    execution.settle(call, newEvent('child-started', started), started)
  })
  return derived(execution, call, (started) => {
    const { run } = started as { run: string }
    return { id: run, result: () => childResult(execution, run, workflow.name) }
  })
}

/** A run with its first event. */
function childRows(run: NewRun, first: JournalEvent, blobs: Blob[]): Row[] {
  const rows = [childRow(run), eventRow(first), ...blobs.map(blobRow)]
  return isLong(first) ? [...rows, journalSizeRow(run.no)] : rows
}

/** The `run-started` event of a run that no process drives yet, with its blob where it has one. */
export function firstEvent(
  { run, payload }: Birth,
  secrets: Secrets | undefined,
): { first: JournalEvent; blobs: Blob[] } {
  const blobs: Blob[] = []
  const started = {
    type: 'run-started' as const,
    step: null,
    name: run.workflow,
    args: null,
    at: run.created_at,
    payload,
  }
  return { first: new Chain(run, undefined, secrets).link(started, blobs), blobs }
}
