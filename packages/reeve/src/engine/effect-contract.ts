import type { Json } from '../base/json.ts'

/**
 * What may be done about an intent whose outcome is unknown (a crash, a timeout, a lost reply):
 * `read` repeat · `idempotent` repeat with the same key · `verifiable` ask the outside system by key, then decide ·
 * `once` never repeat: a person says what happened.
 */
export type EffectClass = 'read' | 'idempotent' | 'verifiable' | 'once'

export interface EffectAttempt {
  /** The same on every attempt of this effect, and unlike every other effect's anywhere: the idempotency key. */
  key: string
  /** 1 for the first attempt. */
  attempt: number
  signal: AbortSignal
}

export type Verdict =
  | { outcome: 'applied'; result: Json }
  | { outcome: 'not-applied' }
  | { outcome: 'unknown'; reason: string }

/** An outside action as the engine drives it; tools give it schemas, risk and approval on top. */
export interface Effect {
  readonly name: string
  readonly effect: EffectClass
  readonly timeoutMs?: number
  run(args: Json, attempt: EffectAttempt): Promise<unknown> | unknown
  /** Asks the outside system whether `key` was applied. Needed by `verifiable`. */
  verify?(args: Json, attempt: EffectAttempt): Promise<Verdict> | Verdict
}
