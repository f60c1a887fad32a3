import type { Trigger } from '../../engine/starting/trigger.ts'
import type { PollOfService } from './trigger.ts'

/** A trigger that asks a service again and again, as a workflow declares it. */
export interface PollTrigger extends Trigger {
  readonly on: 'service'
  readonly connection: string
  readonly source: string
  readonly poll: PollOfService
  readonly input: (item: unknown) => unknown
}
