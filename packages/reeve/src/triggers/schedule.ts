import { checkOptions } from '../base/options.ts'
import type { ScheduleDefinition } from '../engine/starting/schedule-times.ts'
import type { Trigger } from '../engine/starting/trigger.ts'
import { checkTriggerName } from './webhook.ts'

/** For `schedule`. */
export interface ScheduleOptions<Input> extends Pick<ScheduleDefinition, 'zone' | 'catchUp'> {
  /** Default: the workflow's name, and `.schedule`. */
  name?: string
  /** What each run gets: plain JSON. Default `{}`. */
  input?: Input
}

export interface ScheduleTrigger extends Trigger {
  readonly on: 'schedule'
  readonly definition: Omit<ScheduleDefinition, 'workflow'>
}

/**
 * Starts a run at the times of a cron pattern: at most one for each, whatever the number of workers.
 * @throws `bad-trigger`; when the project is opened `bad-schedule`
 * @example
 * import { schedule, workflow } from 'reeve'
 * import { z } from 'zod'
 *
 * export default workflow({
 *   input: z.object({ days: z.number() }),
 *   on: [schedule('0 7 * * 1', { zone: 'Europe/Berlin', input: { days: 7 } })],
 *   run: async (ctx, { days }) => `the last ${days} days`,
 * })
 */
export function schedule<Input = Record<never, never>>(
  cron: string,
  options: ScheduleOptions<Input> = {},
): Trigger<Input> {
  checkOptions(options, 'a schedule', { name: 'text' }, 'bad-trigger')
  checkTriggerName(options.name)
  const { name, input, zone, catchUp } = options
  const definition = {
    cron,
    ...(zone === undefined ? {} : { zone }),
    ...(input === undefined ? {} : { input: input as never }),
    ...(catchUp === undefined ? {} : { catchUp }),
  }
  const trigger: ScheduleTrigger = { kind: 'reeve-trigger', on: 'schedule', name, definition }
  return trigger as Trigger<Input>
}
