import { ReeveError } from '../base/errors.ts'
import { parse, type Schema } from '../base/schema.ts'
import { type Duration, toMs } from '../base/time.ts'
import type { Call } from './call.ts'
import type { Execution } from './execution.ts'

export interface WaitOptions {
  /** What the signal's payload must be. */
  schema?: Schema
  /** After this time the wait ends with undefined. Default: never. */
  timeout?: Duration
}

/** Parks the run for a length of time, by the store's clock. */
export function sleep(execution: Execution, duration: Duration | Date): Promise<unknown> {
  const until = duration instanceof Date
  const name = until ? duration.toISOString() : String(duration)
  const call = execution.issue('timer', name, null)
  execution.perform(call, () => {
    const recorded = call.recorded?.opened[0]
    let dueAt: number
    if (recorded) {
      dueAt = (JSON.parse(recorded.payload!) as { dueAt: number }).dueAt
    } else {
      dueAt = until ? duration.getTime() : Math.ceil(execution.edges.clock.now() + toMs(duration))
      execution.open(call, 'timer-set', JSON.stringify({ dueAt }))
    }
    execution.timers.set(dueAt, () => execution.settle(call, 'timer-fired', null, undefined))
  })
  return call.promise
}

/** Parks the run until a signal of that name comes, or the timeout passes: whichever the journal has first. */
export function waitFor(execution: Execution, name: string, options: WaitOptions): Promise<unknown> {
  const call = execution.issue('signal', name, null)
  execution.perform(call, () => {
    const recorded = call.recorded?.opened[0]
    let dueAt: number | null
    if (recorded) {
      dueAt = (JSON.parse(recorded.payload!) as { dueAt: number | null }).dueAt
    } else {
      dueAt =
        options.timeout === undefined ? null : Math.ceil(execution.edges.clock.now() + toMs(options.timeout))
      execution.open(call, 'signal-awaited', JSON.stringify({ dueAt }))
    }
    let stopWaiting = () => {}
    const dropTimer =
      dueAt === null
        ? () => {}
        : execution.timers.set(dueAt, () => {
            stopWaiting()
            execution.settle(call, 'signal-timed-out', null, undefined)
          })
    stopWaiting = execution.inbox.wait(`signal:${name}`, call.step, (item) => {
      dropTimer()
      execution.settle(call, 'signal-received', item.payload, JSON.parse(item.payload))
    })
  })
  const { schema } = options
  if (!schema) return call.promise
  return derived(call, (payload) =>
    payload === undefined ? undefined : parse(schema, payload, `the payload of signal "${name}"`),
  )
}

/**
 * What a workflow gets when it does not get a call's own promise. It may look at it much later: until then a rejection
 * must not count as unhandled, which would end the process and all its runs.
 */
export function derived<T>(call: Call, turn: (value: unknown) => T): Promise<T> {
  const promise = call.promise.then(turn)
  promise.catch(() => {})
  return promise
}

/** Waits for a child run's end. @throws the child's failure, as `child-failed` or `child-cancelled` */
export function childResult(execution: Execution, childId: string, workflow: string): Promise<unknown> {
  const call = execution.issue('child-result', childId, null)
  execution.perform(call, () => {
    if (!call.recorded) execution.open(call, 'child-awaited', null)
    execution.inbox.wait(`child:${childId}`, call.step, (item) => {
      execution.settle(call, 'child-finished', item.payload, JSON.parse(item.payload))
    })
  })
  return derived(call, (finished) => {
    const { status, value } = finished as { status: string; value: unknown }
    if (status === 'succeeded') return value
    const message = (value as { message?: string } | null)?.message
    throw new ReeveError(
      status === 'failed' ? 'child-failed' : 'child-cancelled',
      `The child run ${childId} of workflow "${workflow}" ${status}${message ? `: ${message}` : ''}. See it with: reeve show ${childId}`,
      { details: { run: childId } },
    )
  })
}
