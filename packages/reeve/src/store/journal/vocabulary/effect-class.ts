/** From what may be repeated at will to what may not: of two classes the later one is the stricter. */
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
  /** Something outside is other than before. */
  changes: boolean
  /** What becomes of an attempt without an answer: it is made again, the outside is asked by its key, or a person is. */
  unanswered: 'repeat' | 'ask-outside' | 'ask-person'
  /** The outside is handed the idempotency key. */
  carriesKey: boolean
}

export const effectPolicies: Readonly<Record<EffectClass, EffectPolicy>> = {
  read: { changes: false, unanswered: 'repeat', carriesKey: false },
  idempotent: { changes: true, unanswered: 'repeat', carriesKey: true },
  verifiable: { changes: true, unanswered: 'ask-outside', carriesKey: true },
  once: { changes: true, unanswered: 'ask-person', carriesKey: false },
}

/** Whether what is done under that class leaves the outside as it was. Of what is no class, as untyped code may give it: no. */
export function changesNothing(made: EffectClass | undefined): boolean {
  return policyOf(made)?.changes === false
}

/** Whether an attempt without an answer is made again, and nobody is asked. Of what is no class: no. */
export function repeatsUnanswered(made: EffectClass | undefined): boolean {
  return policyOf(made)?.unanswered === 'repeat'
}

function policyOf(made: unknown): EffectPolicy | undefined {
  return effectClasses.some((each) => each === made) ? effectPolicies[made as EffectClass] : undefined
}
