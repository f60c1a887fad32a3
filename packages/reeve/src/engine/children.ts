import type { Secrets } from '../base/secrets.ts'
import { type Blob, Chain } from '../store/chain.ts'
import type { JournalEvent } from '../store/journal.ts'
import { type Birth, prepareBirth, type StartOptions } from './birth.ts'
import { argumentsHash } from './effect.ts'
import type { Execution } from './execution.ts'
import { childResult, derived } from './waits.ts'
import type { Workflow } from './workflow.ts'

/** A child run as its parent sees it. */
export interface Child<Output = unknown> {
  readonly id: string
  /** Waits for its end. @throws `child-failed` `child-cancelled` */
  result(): Promise<Output>
}

/** Starts a child run in the same transaction as the event that says so: exactly once. */
export function startChild(
  execution: Execution,
  workflow: Workflow,
  input: unknown,
  options: Pick<StartOptions, 'queue' | 'key' | 'priority' | 'delay'>,
): Promise<Child> {
  const call = execution.issue('child', workflow.name, argumentsHash(input))
  execution.perform(call, async () => {
    const { id, no, principal } = execution.claim
    // It acts for whom its parent acts: nobody gains a right by starting a run.
    const own = { ...options, principal, startedBy: `run ${id}, call ${call.step}` }
    const birth = prepareBirth(execution.edges, workflow, input, own, 0)
    birth.run.no = await execution.edges.numbers.take()
    birth.run.parent = no
    birth.run.parent_step = call.step
    const { first, blobs } = firstEvent(birth, execution.edges.secrets)
    execution.addChild(birth.run, first, blobs)
    execution.settle(call, 'child-started', JSON.stringify({ run: birth.run.id }), { run: birth.run.id })
  })
  return derived(call, (started) => {
    const { run } = started as { run: string }
    return { id: run, result: () => childResult(execution, run, workflow.name) }
  })
}

/** The `run-started` event of a run that no process drives yet, with its blob where it has one. */
export function firstEvent(
  { run, payload }: Birth,
  secrets: Secrets | undefined,
): { first: JournalEvent; blobs: Blob[] } {
  const blobs: Blob[] = []
  const started = {
    type: 'run-started',
    step: null,
    name: run.workflow,
    args: null,
    at: run.created_at,
    payload,
  }
  return { first: new Chain(run, undefined, secrets).link(started, blobs), blobs }
}
