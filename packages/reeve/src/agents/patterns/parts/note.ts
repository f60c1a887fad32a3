import { CoreContext } from '../../../engine/context.ts'
import { checkedEvent, type LineEventType, type Unchecked } from '../../../store/journal/events.ts'
import type { PatternContext } from './doer.ts'

/**
 * Writes to the journal how a pattern went, once, in the name of the workflow that uses it.
 * @throws `not-serialisable` `payload-too-large`
 */
export function note<T extends LineEventType>(
  ctx: PatternContext,
  type: T,
  payload: Unchecked<T> & { message: string },
): void {
  CoreContext.callSiteOf(ctx).log(checkedEvent(type, payload, `what is noted as "${payload.message}"`))
}
