import type { StandardSchemaV1 } from '@standard-schema/spec'
import { ReeveError } from '../base/errors.ts'
import type { Json } from '../base/json/json.ts'
import { wholeNumber } from '../base/numbers.ts'
import { checkOptions } from '../base/options.ts'
import { describeValue } from '../base/text/shorten.ts'
import type { Trigger } from '../engine/starting/trigger.ts'
import type { EventType } from '../store/journal/events.ts'
import { type BodyOf, checkMapping } from './mapping.ts'
import { checkTriggerName } from './webhook.ts'

/** What may start a run, and the events of journals that say so. */
export const eventTypes = {
  'run.succeeded': 'run-succeeded',
  'run.failed': 'run-failed',
  'run.cancelled': 'run-cancelled',
  'run.stuck': 'run-stuck',
} as const satisfies Record<string, EventType>

/** What another run came to. */
export type RunEventType = keyof typeof eventTypes

/** What another run came to, for a mapping. */
export interface RunEvent<Output = Json> {
  type: RunEventType
  /** The run's id. */
  run: string
  workflow: string
  /** When (ISO 8601). */
  at: string
  /** Of `run.succeeded`: the run's result, read by `schema`. Of others: null. */
  output: Output
  /** Of `run.failed`. */
  error?: { code: string; message: string }
  /** Of `run.stuck` why, of `run.cancelled` by whom. */
  reason?: string
}

/** For `event`. */
export interface EventOptions<S = undefined, Result = unknown> {
  /** Default: the workflow's name, and `.event`. */
  name?: string
  /** Only events of runs of these workflows. Default: of all. */
  workflow?: string | readonly string[]
  /** Reads the result of the run that succeeded. Default: anything is taken. */
  schema?: S
  /** Makes the workflow's input; undefined or null: nothing is started. */
  input: (event: RunEvent<BodyOf<S>>) => Result
  /**
   * How many event triggers may fire one after the other, each by what the one before it had started. Beyond that nothing is
   * started, and the trigger says so. From 1 to 100; default 5.
   */
  depth?: number
}

export interface EventTrigger extends Trigger {
  readonly on: 'event'
  readonly event: RunEventType
  readonly workflows: readonly string[] | undefined
  readonly schema: StandardSchemaV1 | undefined
  readonly input: (event: RunEvent<never>) => unknown
  readonly depth: number
}

/**
 * Starts a run when a run of another workflow comes to its end, or is stuck: once for each, also across restarts.
 * @throws `bad-trigger` `async-schema` `bad-number`
 * @example
 * import { event, workflow } from 'reeve'
 * import { z } from 'zod'
 *
 * export default workflow({
 *   input: z.object({ run: z.string(), why: z.string() }),
 *   on: [event('run.failed', { workflow: 'invoice', input: ({ run, error }) => ({ run, why: error?.code ?? '' }) })],
 *   run: async (ctx, { run, why }) => `look at ${run}: ${why}`,
 * })
 */
export function event<S extends StandardSchemaV1 | undefined = undefined, Result = unknown>(
  type: RunEventType,
  options: EventOptions<S, Result>,
): Trigger<NonNullable<Result>> {
  if (!Object.hasOwn(eventTypes, type)) {
    const known = Object.keys(eventTypes).join(', ')
    throw new ReeveError(
      'bad-trigger',
      `An event trigger is for ${describeValue(type)}; it must be for one of: ${known}.`,
    )
  }
  const rules = { name: 'text', workflow: ['text', 'texts'], schema: 'schema', input: 'function!' } as const
  checkOptions(options, 'an event trigger', rules, 'bad-trigger')
  checkTriggerName(options.name)
  const { name, workflow, schema, input, depth = 5 } = options
  checkMapping({ schema }, 'an event trigger')
  if (wholeNumber(depth, '`depth` of an event trigger') > 100) {
    throw new ReeveError('bad-trigger', `An event trigger has \`depth\` ${depth}; 100 is the most.`)
  }
  const workflows = typeof workflow === 'string' ? [workflow] : workflow
  const trigger: EventTrigger = {
    kind: 'reeve-trigger',
    on: 'event',
    name,
    event: type,
    workflows,
    schema,
    input: input as EventTrigger['input'],
    depth,
  }
  return trigger as Trigger<NonNullable<Result>>
}
