import type { ServiceTrigger } from '../../triggers/named-triggers.ts'
import type { PollOfService } from './trigger.ts'

/** A trigger that asks a service again and again, as a workflow declares it. */
export interface PollTrigger extends ServiceTrigger {
  readonly poll: PollOfService
  readonly input: (item: unknown) => unknown
}
