import { ReeveError } from '../../base/errors.ts'
import { checkKnownOptions, optionNames } from '../../base/options.ts'
import { newEvent } from '../../store/journal/events.ts'
import type { CallSite } from '../call-site.ts'
import { argumentsHash } from '../replay/arguments-hash.ts'
import { childRows, firstEvent } from '../starting/first-event.ts'
import { prepareStart, type StartOptions } from '../starting/prepared-start.ts'
import type { Workflow } from '../workflow.ts'
import { noteDone } from './requires/done.ts'
import { childResult, derived } from './waits.ts'

/** A child run as its parent sees it. */
export interface Child<Output = unknown> {
  readonly id: string
  /** Waits for its end. @throws `child-failed` `child-cancelled` */
  result(): Promise<Output>
}

/** For `ctx.start`. */
export interface ChildOptions extends Pick<StartOptions, 'queue' | 'key' | 'priority' | 'delay'> {
  /**
   * What becomes of the child when its parent ends first, in whatever way: it fails, is cancelled, runs out of time, or
   * succeeds without having awaited the child. `cancel` cancels it, with its own children; `detach` lets it go on.
   * A parent that is stuck has not ended. Default `cancel`.
   */
  whenParentEnds?: 'cancel' | 'detach' | undefined
}

const childOptions = optionNames<ChildOptions>({
  queue: true,
  key: true,
  priority: true,
  delay: true,
  whenParentEnds: true,
})

/** Starts a child run in the same transaction as the event that says so: exactly once. */
export function startChild(
  site: CallSite,
  workflow: Workflow,
  input: unknown,
  options: ChildOptions,
): Promise<Child> {
  const call = site.issue('child', workflow.name, argumentsHash(input))
  site.perform(call, async () => {
    checkKnownOptions(options, `ctx.start("${workflow.name}")`, {}, childOptions)
    const { id, no, principal } = site.run
    // It acts for whom its parent acts: nobody gains a right by starting a run.
    const { whenParentEnds = 'cancel', queue, key, priority, delay } = options
    if (whenParentEnds !== 'cancel' && whenParentEnds !== 'detach') {
      const given = JSON.stringify(whenParentEnds)
      throw new ReeveError('bad-start', `whenParentEnds is ${given}; it must be 'cancel' or 'detach'.`)
    }
    const own: StartOptions = { principal, startedBy: `run ${id}, call ${call.step}` }
    const { channel, causedBy } = site.origin
    if (channel !== undefined) own.channel = channel
    const traceparent = site.traceparentOf(call)
    if (traceparent !== undefined) own.traceparent = traceparent
    Object.assign(own, { queue, key, priority, delay })
    const start = prepareStart(site.services, workflow, input, own, 0, { causedBy })
    start.run.no = await site.services.numbers.take()
    // The run has begun to end since the call was made: nothing is born any more.
    if (site.aborted) throw site.signal.reason
    start.run.parent = no
    start.run.detached = whenParentEnds === 'detach' ? 1 : 0
    start.run.parent_step = call.step
    start.marks.share(site.marks, start.payload)
    const { first, blobs, marked } = firstEvent(start, site.services.secrets)
    const started = { run: start.run.id }
    const rows = [...childRows(start.run, first, blobs), ...marked]
    site.append(call, newEvent('child-started', started), { value: started, rows })
  })
  return derived(site, call, (started) => {
    const { run } = started as { run: string }
    if (options.whenParentEnds === 'detach') noteDone(site, workflow.name)
    return { id: run, result: () => childResult(site, run, workflow.name) }
  })
}
