import { ReeveError } from '../base/errors.ts'
import {
  describeIssues,
  type Issue,
  requireSync,
  type Schema,
  type Validation,
  validate,
} from '../base/schema.ts'
import { type Duration, toMs } from '../base/time.ts'
import type { InboxItem } from '../store/inbox.ts'
import type { Call } from './call.ts'
import type { Execution } from './execution.ts'
import { parseOnce } from './parsed-values.ts'

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

/**
 * Parks the run until a signal of that name comes that fits, or the timeout passes: whichever the journal has first. One
 * that does not fit is set aside, with why, and the run waits on.
 * @throws `async-schema`
 */
export function waitFor(execution: Execution, name: string, options: WaitOptions): Promise<unknown> {
  const { schema } = options
  requireSync(schema, `The schema of signal "${name}"`)
  /** The outcome of the check that let the signal in, for the workflow that is told of it next. */
  let letIn: Validation<unknown> | undefined
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
    const take = (item: InboxItem) => {
      const payload: unknown = JSON.parse(item.payload)
      try {
        letIn = schema && validate(schema, payload)
      } catch (error) {
        dropTimer()
        execution.fail(call, 'signal-failed', error)
        return true
      }
      if (letIn && !letIn.ok) {
        execution.open(call, 'signal-refused', refusalOf(item, letIn.issues))
        return false
      }
      dropTimer()
      execution.settle(call, 'signal-received', item.payload, payload)
      return true
    }
    stopWaiting = execution.inbox.wait(`signal:${name}`, call.step, take)
  })
  if (!schema) return call.promise
  return derived(execution, call, (payload) => {
    if (payload === undefined) return
    return parseOnce(execution, schema, payload, `the payload of signal "${name}"`, {
      known: letIn,
      isOwn: true,
    })
  })
}

const longestRefused = 2000

/** What the journal has of a signal that was set aside; the inbox keeps the whole. */
function refusalOf({ id, payload }: InboxItem, issues: Issue[]): string {
  const shown: unknown =
    payload.length > longestRefused
      ? `${payload.slice(0, longestRefused).toWellFormed()}…`
      : JSON.parse(payload)
  return JSON.stringify({ item: id, problem: describeIssues(issues), payload: shown })
}

/**
 * What a workflow gets when it does not get a call's own promise. It may look at it much later: until then a rejection
 * must not count as unhandled, which would end the process and all its runs.
 */
export function derived<T>(execution: Execution, call: Call, turn: (value: unknown) => T): Promise<T> {
  const promise = call.promise.then(turn)
  promise.catch((error) => execution.blame(call, error))
  return promise
}

/** Waits for a child run's end. @throws the child's failure, as `child-failed` or `child-cancelled` */
export function childResult(execution: Execution, childId: string, workflow: string): Promise<unknown> {
  const call = execution.issue('child-result', childId, null)
  execution.perform(call, () => {
    if (!call.recorded) execution.open(call, 'child-awaited', null)
    execution.inbox.wait(`child:${childId}`, call.step, (item) => {
      execution.childEnded()
      execution.settle(call, 'child-finished', item.payload, JSON.parse(item.payload))
      return true
    })
  })
  return derived(execution, call, (finished) => {
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
