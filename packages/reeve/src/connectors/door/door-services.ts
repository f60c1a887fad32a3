import type { Log } from '../../base/log.ts'
import type { SecretRegistry } from '../../base/secrets/secrets.ts'
import type { Clock } from '../../base/time/time.ts'
import type { PutOff } from '../../engine/calls/effect/definition.ts'
import type { TokenAnswer, TokenRequest } from '../../store/spending/call-rates.ts'
import type { Credential } from '../auth/scheme.ts'
import type { RateSaid } from '../shape/definition.ts'
import type { CallPlace } from '../shape/host.ts'
import type { Mode } from '../shape/mode.ts'

/** How a request is signed. */
export interface Signed {
  headers: Record<string, string>
  credential: Credential
  /** Which credential it is: another one has another. */
  version: number
  /** Whether it can be renewed without a person. */
  isRenewable: boolean
}

/** Where requests go. */
export interface Target {
  url: string
  endpoints: Readonly<Record<string, string>>
  /** Its host may be on this machine or in a private network. */
  isPrivate: boolean
}

/** What tokens are taken for. */
export interface Taking {
  /** For the next requests of a call that has begun; absent: for a call that will begin. */
  begun?: NonNullable<TokenRequest['begun']>
  /** How often this process was too late to use what it got. */
  late: number
  /** One that was set aside is to be used now. */
  aside?: number
}

/** What is known of a token that was taken. */
export interface TakenToken {
  token: number
  /** False: nothing was sent with it. */
  isUsed: boolean
}

/** What a door needs of the runtime: the accounts, their credentials, their rates. */
export interface DoorServices {
  readonly clock: Clock
  readonly log: Log
  readonly secrets: SecretRegistry
  modeOf(place: CallPlace): Mode
  targetOf(place: CallPlace): Promise<Target>
  /** @throws `PutOff` where a person must connect the account */
  sign(place: CallPlace): Promise<Signed>
  /** Another credential than this one: renewed here, or by another process meanwhile. @throws as `sign` */
  renewed(place: CallPlace, version: number, signal: AbortSignal): Promise<Signed>
  take(place: CallPlace, taking: Taking): Promise<TokenAnswer>
  /** What a token allowed has arrived: its place in the rate is free again, a stretch later. */
  arrived(place: CallPlace, token: TakenToken): void
  learn(place: CallPlace, said: RateSaid): Promise<void>
  /** A person must connect the account: what the call waits for. */
  lost(place: CallPlace, why: string): Promise<PutOff>
  /** It did not answer, or not well. */
  failed(place: CallPlace, why: string): void
  worked(place: CallPlace): void
}
