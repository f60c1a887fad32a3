import { ReeveError } from '../../../base/errors.ts'
import type { Json } from '../../../base/json/json.ts'
import type { Reveal } from '../../../base/secrets/secret-handle.ts'
import type { SecretRegistry } from '../../../base/secrets/secrets.ts'
import type { ApprovedBy } from '../../../store/journal/events.ts'
import type { EffectClass } from '../../../store/journal/vocabulary/effect-class.ts'
import type { BusinessKey } from '../../../store/spending/business-keys.ts'
import type { CallRate } from '../../../store/spending/call-rates.ts'
import type { RetryPolicy } from '../retry.ts'
import type { Judge } from './judge.ts'

/** One attempt of an effect, as a tool sees it. */
export interface EffectAttempt {
  /** The same on every attempt of this effect, and unlike every other effect's anywhere: the idempotency key. */
  key: string
  /** 1 for the first. */
  attempt: number
  /** Aborted when the attempt times out or the run ends. */
  signal: AbortSignal
  /**
   * For what the attempt holds and nobody may see, such as a token that it was given: from then on it is left out of the
   * journal, logs, errors and prompts of this process. Absent outside of a run.
   */
  secrets?: SecretRegistry
  /**
   * The value of a secret that the tool declares (`secrets`), as it is at this moment; never keep it beyond the attempt.
   * @throws `secret-not-declared` `unknown-secret` `secrets-key-missing` `secret-forged`
   */
  reveal: Reveal
  /**
   * The W3C trace context of the call, for the header `traceparent` of what the tool sends. Absent where nobody traces.
   */
  readonly traceparent?: string | undefined
  /** Of a connector's action: the account that it acts with. */
  readonly account?: string | undefined
  /**
   * @internal Of an attempt whose rate allowed its first request: to be called once that has arrived. Absent where each request has
   * yet to ask.
   */
  readonly arrived?: FirstArrival | undefined
  /** @internal What a runtime lends to the layer of connectors; absent outside of one. */
  readonly host?: EffectHost | undefined
}

/** Says that an attempt's first request has arrived; `isUsed` false: it was not sent. */
export interface FirstArrival {
  (isUsed?: boolean): void
  /** Its process took so long since it was allowed that the request may arrive when nobody counts it any more. */
  isStale(): boolean
}

/** What a runtime lends to effects that reach a service by a connector. The engine hands it on and knows nothing of it. */
export interface EffectHost {
  readonly kind: 'reeve-connections'
}

/** What must be so before an attempt of an effect may begin, beside its rate. */
export interface Gate {
  /** Why it may not begin yet; undefined: it may. `run`: since when there is the run that wants it. */
  ask(host: EffectHost | undefined, run: { id: string; createdAt: number }): Promise<PutOff | undefined>
}

/** What a tool found out about an effect whose outcome is unknown. */
export type EffectVerdict =
  | { outcome: 'applied'; result: Json }
  | { outcome: 'not-applied' }
  | { outcome: 'unknown'; reason: string }

/** An agent that acts in a run. */
export interface Actor {
  agent: string
  /** The agents in whose service it acts, the outermost first. */
  under: readonly string[]
}

/** What an effect is done once for, over all runs. */
export interface EffectKey extends BusinessKey {
  /** What the call of a second effect with that key comes to, once the first has completed: its result, or an error. */
  again: 'answer' | 'fail'
}

/** An outside action as the engine drives it; a tool gives it schemas, risk and approval on top. */
export interface Effect {
  readonly name: string
  readonly effect: EffectClass
  /** For one attempt, in ms. */
  readonly timeoutMs?: number
  readonly retry?: RetryPolicy
  /**
   * Where `retry` says nothing: failures whose `details` say `outage` are tried again for some minutes, and not as few times as others.
   */
  readonly outlastsOutages?: boolean
  /** The secrets that it may open. */
  readonly secrets?: readonly string[]
  /** How often such calls may begin. */
  readonly rate?: CallRate
  /** The account that it acts with, of a connector's action. */
  readonly account?: string
  /** Asked before each attempt; absent: nothing stands in the way. */
  readonly gate?: Gate
  /** It is done once for this key, over all runs. */
  readonly oncePer?: EffectKey
  /** The idempotency key, the same for whatever has its business key. Default: one of its own for each call. */
  readonly key?: string
  /** Its arguments go to the journal though it only reads: whatever repairs it must be able to do the same again. */
  readonly keepsReads?: boolean
  /** The agent that acts; absent: the workflow's own code. Goes to the journal. */
  readonly actor?: Actor
  /** Says whether it may be made; absent: it may. */
  readonly judge?: Judge
  /** The decision that this effect is made upon, and no other. Goes to the journal. */
  readonly approved?: ApprovedBy
  /** What it gives, for the person who must say what an attempt gave whose outcome is unknown. */
  readonly result?: {
    /** JSON Schema; null where it cannot be told. */
    schema(): Json | null
    /** What is wrong with a result; undefined: nothing. */
    problem(result: unknown): string | undefined
    /** Notes which texts are marked of a result that was told from outside, before it is written. */
    mark?(result: unknown): void
  }
  run(args: Json, attempt: EffectAttempt): unknown
  /** Asks the outside system whether `key` was applied. Needed by `verifiable`. */
  verify?(args: Json, attempt: EffectAttempt): Promise<EffectVerdict> | EffectVerdict
}

/**
 * The error of an attempt that certainly changed nothing outside (refused, never sent). Without it, an error of a
 * `once` or `verifiable` effect leaves its outcome unknown.
 */
export class NotApplied extends ReeveError {
  constructor(
    message: string,
    options: { retryable?: boolean; cause?: unknown; details?: Record<string, unknown> } = {},
  ) {
    super('not-applied', message, options)
  }
}

/**
 * The attempt may not be made yet, and has certainly changed nothing: it is made again from `at` on (ms), however often, and
 * none of these attempts counts. The run waits meanwhile, durably. `until`: the wait also ends when this comes to be, such as
 * an account that is connected again; many calls may wait for one.
 */
export class PutOff extends NotApplied {
  readonly at: number
  readonly until: string | undefined

  constructor(message: string, { at, until, cause }: { at: number; until?: string; cause?: unknown }) {
    super(message, { retryable: true, cause })
    this.at = at
    this.until = until
  }
}
