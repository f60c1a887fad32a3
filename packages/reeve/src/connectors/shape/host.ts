import { ReeveError } from '../../base/errors.ts'
import type { EffectAttempt, EffectHost, PutOff } from '../../engine/calls/effect/definition.ts'
import type { CallRate } from '../../store/spending/call-rates.ts'
import type { ServiceCall } from '../door/service-call.ts'
import type { Connection } from './connection.ts'
import type { Mode } from './mode.ts'

/** Of which connection, account and action a call is. */
export interface CallPlace {
  connection: Connection
  account: string
  /** The action's name; for a probe or a trigger, what it is. */
  action: string
  /** The rate that its requests count towards. */
  class: string
  /** Another one than the project's: only to look at an account. */
  mode?: Mode
}

/** What a runtime does for its connections. */
export interface ConnectionHost extends EffectHost {
  /** Why a call may not begin yet; undefined: it may. @throws `not-applied` for a run of the other mode */
  gate(place: CallPlace, run: { id: string; createdAt: number }): Promise<PutOff | undefined>
  modeOf(place: CallPlace): Mode
  rate(place: CallPlace): CallRate
  /** The door for one attempt. */
  call(place: CallPlace, attempt: EffectAttempt): ServiceCall
}

/** @throws `no-connections` outside of a runtime */
export function hostOf({ host }: { host?: EffectHost | undefined }): ConnectionHost {
  if (host) return host as ConnectionHost
  throw new ReeveError(
    'no-connections',
    "A connector's action was called outside of a run. Call it by ctx.call, and in tests by testRuntime of reeve/testing.",
  )
}
