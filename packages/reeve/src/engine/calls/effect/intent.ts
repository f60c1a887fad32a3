import type { Json } from '../../../base/json/json.ts'
import { type NewEvent, newEvent, payloadOf, type RecordedRuling } from '../../../store/journal/events.ts'
import type { RecordedCall } from '../../replay/history.ts'
import type { Unresolved } from './unknown/unknown-outcome.ts'

/** What the first intent has; a later claim may come to others (a default that is made anew each time). */
export function intendedArguments(recorded: RecordedCall | undefined): Json | undefined {
  const intent = recorded?.opened.find(({ type }) => type === 'effect-intended')
  return intent && payloadOf(intent, 'effect-intended').args
}

/** That an attempt is made, by whom, upon which decision, and by which ruling. */
export function intentOf(
  { site, effect, key, args }: Pick<Unresolved, 'site' | 'effect' | 'key' | 'args'>,
  attempt: number,
  ruling: RecordedRuling | undefined,
): NewEvent {
  const { actor, approved } = effect
  const { epoch } = site.run
  const by = {
    ...(actor && { agent: actor.agent, under: [...actor.under] }),
    ...(approved && { approved }),
    ...(ruling && { ruling }),
  }
  return newEvent('effect-intended', { key, class: effect.effect, attempt, epoch, ...by, args })
}
