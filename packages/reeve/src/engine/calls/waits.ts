import { ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import { checkOptions } from '../../base/options.ts'
import {
  describeIssues,
  type Issue,
  jsonSchemaIn,
  requireSync,
  type Schema,
  type Validation,
  validate,
} from '../../base/schema/schema.ts'
import { describeValue, shorten } from '../../base/text/shorten.ts'
import { after, type Duration, type Moment, toMoment } from '../../base/time/time.ts'
import {
  type EventPayloads,
  type NewEvent,
  newEvent,
  payloadOf,
  textEvent,
} from '../../store/journal/events.ts'
import type { InboxItem } from '../../store/runs/inbox.ts'
import type { Call } from '../execution/call.ts'
import type { Execution } from '../execution/execution.ts'
import { parseOnce } from '../execution/parsed-values.ts'
import { performWait } from './give-up.ts'

/** Until when a call waits. Without either: for ever. */
export interface Deadline {
  /** For so long from now. What is less than nothing, where it was computed, has passed already. */
  timeout?: Duration
  /** Until then: a Date, or its ISO text with the zone. What is past has passed already: the wait times out at once. */
  until?: Moment
}

export interface WaitOptions extends Deadline {
  /** What the signal's payload must be. */
  schema?: Schema
  /**
   * Aborted by the workflow's own code, it gives the wait up: the call fails with `wait-given-up`, and the next signal goes
   * to whoever waits next. Do not abort it inside a step: a replay does not run the step's body again.
   */
  signal?: AbortSignal
}

/** When a wait that begins now times out (ms); null: never. @throws `bad-duration` `bad-moment` `bad-option` */
export function dueAtOf(execution: Execution, { timeout, until }: Deadline, what: string): number | null {
  const now = execution.services.clock.now()
  if (timeout !== undefined && until !== undefined) {
    throw new ReeveError('bad-option', `${what} has a \`timeout\` and an \`until\`. Give one of them.`)
  }
  if (until !== undefined) return toMoment(until, now, `\`until\` of ${what}`)
  return timeout === undefined ? null : after(now, timeout, `\`timeout\` of ${what}`)
}

/** Parks the run for a length of time, or until a point in time, by the store's clock. */
export function sleep(
  execution: Execution,
  length: Duration | Date | { until: Moment },
  options: { signal?: AbortSignal } = {},
): Promise<unknown> {
  checkOptions(options, 'ctx.sleep', {})
  const { signal } = options
  const deadline = deadlineOf(length)
  const name = nameOf(deadline)
  const call = execution.issue('timer', name, null)
  performWait(execution, call, signal, (over) => {
    const recorded = call.recorded?.opened[0]
    let dueAt: number
    if (recorded) {
      dueAt = payloadOf(recorded, 'timer-set').dueAt
    } else {
      const { clock } = execution.services
      dueAt =
        'until' in deadline
          ? toMoment(deadline.until, clock.now(), '`until` of ctx.sleep')
          : after(clock.now(), deadline.timeout, 'The time of ctx.sleep')
      execution.open(call, newEvent('timer-set', { dueAt }))
    }
    return execution.timers.set(dueAt, () => {
      over()
      execution.settle(call, newEvent('timer-fired', undefined), undefined)
    })
  })
  return call.promise
}

function deadlineOf(length: Duration | Date | { until: Moment }): { timeout: Duration } | { until: Moment } {
  if (length instanceof Date) return { until: length }
  if (typeof length === 'object' && length !== null && 'until' in length) return { until: length.until }
  return { timeout: length }
}

/** The same on every machine: replay compares it. */
function nameOf(deadline: { timeout: Duration } | { until: Moment }): string {
  const given: unknown = 'until' in deadline ? deadline.until : deadline.timeout
  if (typeof given === 'number') return String(given)
  if (typeof given === 'string' && !('until' in deadline)) return given
  const date = given instanceof Date ? given : typeof given === 'string' ? new Date(given) : undefined
  return date && !Number.isNaN(date.getTime()) ? date.toISOString() : describeValue(given)
}

/**
 * Parks the run until a signal of that name comes that fits, or its time has passed: whichever the journal has first. One
 * that does not fit is set aside, with why, and the run waits on.
 * @throws `async-schema`
 */
export function waitFor(execution: Execution, given: string, options: WaitOptions): Promise<unknown> {
  const { schema } = options
  /** The outcome of the check that let the signal in, for the workflow that is told of it next. */
  let letIn: Validation<unknown> | undefined
  const call = execution.issue('signal', given, null)
  const { name } = call
  performWait(execution, call, options.signal, (over) => {
    const recorded = call.recorded?.opened[0]
    let dueAt: number | null
    if (recorded) {
      dueAt = payloadOf(recorded, 'signal-awaited').dueAt
    } else {
      checkOptions(options, `ctx.waitFor("${name}")`, { schema: 'schema' })
      requireSync(schema, `The schema of signal "${name}"`)
      dueAt = dueAtOf(execution, options, `ctx.waitFor("${name}")`)
      // For whoever sends it: a parked run has no code that could say what fits.
      const wanted = schema && jsonSchemaIn(schema)
      execution.open(call, newEvent('signal-awaited', { dueAt, ...(wanted && { schema: wanted }) }))
    }
    let stopWaiting = () => {}
    const dropTimer =
      dueAt === null
        ? () => {}
        : execution.timers.set(dueAt, () => {
            stopWaiting()
            over()
            execution.settle(call, newEvent('signal-timed-out', undefined), undefined)
          })
    const take = (item: InboxItem) => {
      const payload: unknown = JSON.parse(item.payload)
      const taken = () => {
        dropTimer()
        over()
      }
      try {
        letIn = schema && validate(schema, payload)
      } catch (error) {
        taken()
        execution.fail(call, 'signal-failed', error)
        return 'used'
      }
      if (letIn && !letIn.ok) {
        execution.open(call, refusalOf(item, letIn.issues))
        return 'refused'
      }
      taken()
      execution.settle(call, textEvent('signal-received', item.payload), payload)
      return 'journaled'
    }
    stopWaiting = execution.inbox.wait(`signal:${name}`, call.step, take)
    return () => {
      dropTimer()
      stopWaiting()
    }
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
function refusalOf({ id, payload }: InboxItem, issues: Issue[]): NewEvent {
  const shown: Json = payload.length > longestRefused ? shorten(payload, longestRefused) : JSON.parse(payload)
  return newEvent('signal-refused', { item: id, problem: describeIssues(issues), payload: shown })
}

/**
 * What a workflow gets when it does not get a call's own promise. It may look at it much later: until then a rejection
 * must not count as unhandled, which would end the process and all its runs.
 */
export function derived<T>(execution: Execution, call: Call, turn: (value: unknown) => T): Promise<T> {
  const promise = call.promise.then(turn)
  promise.catch((error) => execution.blame(call, error))
  execution.openWaits.add(promise, call.step, () => execution.openWaits.giveUp(call.promise))
  return promise
}

/** Waits for a child run's end. @throws the child's failure, as `child-failed` or `child-cancelled` */
export function childResult(execution: Execution, childId: string, workflow: string): Promise<unknown> {
  const call = execution.issue('child-result', childId, null)
  performWait(execution, call, undefined, (over) => {
    if (!call.recorded) execution.open(call, newEvent('child-awaited', undefined))
    return execution.inbox.wait(`child:${childId}`, call.step, (item) => {
      over()
      execution.childEnded()
      const ended = textEvent('child-finished', item.payload)
      execution.settle(call, ended, payloadOf(ended, 'child-finished'))
      return 'journaled'
    })
  })
  return derived(execution, call, (finished) => {
    const { status, value } = finished as EventPayloads['child-finished']
    if (status === 'succeeded') return value
    const message = (value as { message?: string } | null)?.message
    throw new ReeveError(
      status === 'failed' ? 'child-failed' : 'child-cancelled',
      `The child run ${childId} of workflow "${workflow}" ${status}${message ? `: ${message}` : ''}. See it with: reeve show ${childId}`,
      { details: { run: childId } },
    )
  })
}
