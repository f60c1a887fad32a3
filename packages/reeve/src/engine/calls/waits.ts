import { messageOf, ReeveError, toErrorRecord } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import { checkKnownOptions, optionNames, refuseUnknownOptions } from '../../base/options.ts'
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
  type ErrorEventType,
  type EventPayloads,
  type NewEvent,
  newEvent,
  payloadOf,
  textEvent,
} from '../../store/journal/events.ts'
import { itemName } from '../../store/journal/vocabulary/define.ts'
import type { InboxItem } from '../../store/runs/inbox.ts'
import type { CallSite } from '../call-site.ts'
import { type OverriddenWait, type Override, overridingError } from '../overriding/override.ts'
import type { Call } from '../replay/call.ts'
import { parseOnce } from '../replay/parsed-values.ts'
import { fail } from './fail.ts'
import { performWait } from './give-up.ts'
import { noteDone } from './requires/done.ts'

/** Until when a call waits. Without either: for ever. */
export interface Deadline {
  /** For so long from now. What is less than nothing, where it was computed, has passed already. */
  timeout?: Duration | undefined
  /** Until then: a Date, or its ISO text with the zone. What is past has passed already: the wait times out at once. */
  until?: Moment | undefined
}

/** For `ctx.waitFor`. */
export interface WaitOptions extends Deadline {
  /** What the signal's payload must be. */
  schema?: Schema | undefined
  /**
   * Aborted by the workflow's own code, it gives the wait up: the call fails with `wait-given-up`, and the next signal goes
   * to whoever waits next. Do not abort it inside a step: a replay does not run the step's body again.
   */
  signal?: AbortSignal | undefined
}

const waitOptions = optionNames<WaitOptions>({ timeout: true, until: true, schema: true, signal: true })

/** When a wait that begins now times out (ms); null: never. @throws `bad-duration` `bad-moment` `bad-option` */
export function dueAtOf(site: CallSite, { timeout, until }: Deadline, what: string): number | null {
  const now = site.services.clock.now()
  if (timeout !== undefined && until !== undefined) {
    throw new ReeveError('bad-option', `${what} has a \`timeout\` and an \`until\`. Give one of them.`)
  }
  if (until !== undefined) return toMoment(until, now, `\`until\` of ${what}`)
  return timeout === undefined ? null : after(now, timeout, `\`timeout\` of ${what}`)
}

/** Parks the run for a length of time, or until a point in time, by the store's clock. */
export function sleep(
  site: CallSite,
  length: Duration | Date | { until: Moment },
  options: { signal?: AbortSignal } = {},
): Promise<unknown> {
  checkKnownOptions(options, 'ctx.sleep', {}, ['signal'])
  refuseUnknownOptions(length instanceof Date ? {} : length, 'ctx.sleep', ['until'])
  const { signal } = options
  const deadline = deadlineOf(length)
  const name = nameOf(deadline)
  const call = site.issue('timer', name, null)
  performWait(site, call, signal, (over) => {
    const recorded = call.recorded?.opened[0]
    let dueAt: number
    if (recorded) {
      dueAt = payloadOf(recorded, 'timer-set').dueAt
    } else {
      const { clock } = site.services
      dueAt =
        'until' in deadline
          ? toMoment(deadline.until, clock.now(), '`until` of ctx.sleep')
          : after(clock.now(), deadline.timeout, 'The time of ctx.sleep')
      site.append(call, newEvent('timer-set', { dueAt }))
    }
    const stop = site.waits.until(dueAt, () => {
      over()
      site.append(call, newEvent('timer-fired', undefined), { value: undefined })
    })
    const override = (given: Override) =>
      given.how === 'error'
        ? failing('timer-failed', given.error)
        : { event: newEvent('timer-fired', undefined), options: { value: undefined } }
    return { stop, override }
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
export function waitFor(site: CallSite, given: string, options: WaitOptions): Promise<unknown> {
  const { schema } = options
  /** The outcome of the check that let the signal in, for the workflow that is told of it next. */
  let letIn: Validation<unknown> | undefined
  const call = site.issue('signal', given, null)
  const { name } = call
  performWait(site, call, options.signal, (over) => {
    const recorded = call.recorded?.opened[0]
    let dueAt: number | null
    if (recorded) {
      dueAt = payloadOf(recorded, 'signal-awaited').dueAt
    } else {
      checkKnownOptions(options, `ctx.waitFor("${name}")`, { schema: 'schema' }, waitOptions)
      requireSync(schema, `The schema of signal "${name}"`)
      dueAt = dueAtOf(site, options, `ctx.waitFor("${name}")`)
      // For whoever sends it: a parked run has no code that could say what fits.
      const wanted = schema && jsonSchemaIn(schema)
      site.append(call, newEvent('signal-awaited', { dueAt, ...(wanted && { schema: wanted }) }))
    }
    let stopWaiting = () => {}
    const dropTimer =
      dueAt === null
        ? () => {}
        : site.waits.until(dueAt, () => {
            stopWaiting()
            over()
            site.append(call, newEvent('signal-timed-out', undefined), { value: undefined })
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
        fail(site, call, 'signal-failed', error)
        return 'used'
      }
      if (letIn && !letIn.ok) {
        site.append(call, refusalOf(item, letIn.issues))
        return 'refused'
      }
      taken()
      if (schema) site.mark(schema, payload)
      site.append(call, textEvent('signal-received', item.payload), { value: payload })
      return 'journaled'
    }
    stopWaiting = site.waits.forItem(itemName('signal', name), call.step, take)
    const stop = () => {
      dropTimer()
      stopWaiting()
    }
    return { stop, override: (given) => overriddenSignal(site, given, { schema, dueAt }) }
  })
  if (!schema) return call.promise
  return derived(site, call, (payload) => {
    if (payload === undefined) return
    return parseOnce(site, schema, payload, `the payload of signal "${name}"`, {
      known: letIn,
      isOwn: true,
    })
  })
}

function failing(type: ErrorEventType, error: string): OverriddenWait {
  return { event: newEvent(type, toErrorRecord(overridingError(error))), options: { rejects: true } }
}

/** As if it had come with that payload, or had not come in time. */
function overriddenSignal(
  site: CallSite,
  given: Override,
  { schema, dueAt }: { schema: Schema | undefined; dueAt: number | null },
): OverriddenWait {
  if (given.how === 'error') return failing('signal-failed', given.error)
  if (given.how === 'skip-wait') {
    if (dueAt === null) return 'it waits without an end, and its code expects a payload: give a result'
    return { event: newEvent('signal-timed-out', undefined), options: { value: undefined } }
  }
  try {
    const checked = schema && validate(schema, given.result)
    if (checked && !checked.ok) return `the result does not fit: ${describeIssues(checked.issues)}`
    if (schema) site.mark(schema, given.result)
    const event = textEvent('signal-received', JSON.stringify(given.result))
    return { event, options: { value: given.result } }
  } catch (error) {
    return messageOf(error)
  }
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
export function derived<T>(site: CallSite, call: Call, turn: (value: unknown) => T): Promise<T> {
  const promise = call.promise.then(turn)
  promise.catch((error) => site.blame(call, error))
  site.waits.add(promise, call.step, () => site.waits.giveUp(call.promise))
  return promise
}

/** Waits for a child run's end. @throws the child's failure, as `child-failed` or `child-cancelled` */
export function childResult(site: CallSite, childId: string, workflow: string): Promise<unknown> {
  const call = site.issue('child-result', childId, null)
  performWait(site, call, undefined, (over) => {
    if (!call.recorded) site.append(call, newEvent('child-awaited', undefined))
    const stop = site.waits.forItem(itemName('child', childId), call.step, (item) => {
      over()
      const ended = textEvent('child-finished', item.payload)
      site.append(call, ended, { value: payloadOf(ended, 'child-finished') })
      return 'journaled'
    })
    const override = (given: Override) =>
      given.how === 'error' ? failing('child-result-failed', given.error) : 'its child is overridden itself'
    return { stop, override }
  })
  return derived(site, call, (finished) => {
    const { status, value } = finished as EventPayloads['child-finished']
    if (status === 'succeeded') {
      noteDone(site, workflow)
      return value
    }
    const { code, message } = (value as { code?: string; message?: string } | null) ?? {}
    throw new ReeveError(
      status === 'failed' ? 'child-failed' : 'child-cancelled',
      `The child run ${childId} of workflow "${workflow}" ${status}${message ? `: ${message}` : ''}. See it with: reeve show ${childId}`,
      { details: { run: childId, ...(code && { code }), ...(message && { message }) } },
    )
  })
}
