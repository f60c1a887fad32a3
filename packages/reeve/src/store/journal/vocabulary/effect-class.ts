/** From what may be repeated at will to what may not. */
export const effectClasses = ['read', 'idempotent', 'verifiable', 'once'] as const

/**
 * What may be done about an intent whose outcome is unknown (a crash, a timeout, a lost reply):
 * `read` repeat · `idempotent` repeat with the same key · `verifiable` ask the outside system by key, then decide ·
 * `once` never repeat: a person says what happened.
 */
export type EffectClass = (typeof effectClasses)[number]

/** The classes of what nothing can be asked about afterwards: scripts, processes, HTTP requests. */
export const plainEffectClasses = ['read', 'idempotent', 'once'] as const satisfies readonly EffectClass[]
/** A class that asks the outside nothing: `read`, `idempotent` or `once`. */
export type PlainEffectClass = (typeof plainEffectClasses)[number]

/** What follows from a class. */
export interface EffectPolicy {
  /** An attempt without an answer is made again, and nobody is asked. */
  repeats: boolean
  /** The outside is handed the idempotency key. */
  carriesKey: boolean
}

export const effectPolicies: Readonly<Record<EffectClass, EffectPolicy>> = {
  read: { repeats: true, carriesKey: false },
  idempotent: { repeats: true, carriesKey: true },
  verifiable: { repeats: false, carriesKey: true },
  once: { repeats: false, carriesKey: false },
}
