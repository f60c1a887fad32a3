import type { Json } from '../../../base/json/json.ts'
import { changesNothing } from '../../../store/journal/vocabulary/effect-class.ts'
import type { CallSite } from '../../call-site.ts'
import { argumentsHash } from '../../replay/arguments-hash.ts'
import { noteWhenDone } from '../requires/done.ts'
import type { Effect } from './definition.ts'
import { EffectCall } from './effect-call.ts'

/** `compared`: what replay compares, where it is not the arguments themselves. Once intended, the arguments stay. */
export function effect(
  site: CallSite,
  definition: Effect,
  args: Json,
  compared: Json = args,
): Promise<unknown> {
  const call = site.issue('effect', definition.name, argumentsHash(compared))
  site.trial?.effect(call, definition, args)
  site.perform(call, () => new EffectCall(site, call, definition, args).resume())
  return changesNothing(definition.effect) ? call.promise : noteWhenDone(site, call.promise, definition.name)
}
