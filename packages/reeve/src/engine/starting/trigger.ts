/** The kinds of triggers. */
export type TriggerKind = 'webhook' | 'schedule' | 'mail' | 'files' | 'event' | 'service'

/**
 * What starts runs of a workflow from outside, as the workflow declares it under `on`. `Input` is what its mapping gives: the
 * workflow's schema must take it.
 */
export interface Trigger<Input = unknown> {
  readonly kind: 'reeve-trigger'
  readonly on: TriggerKind
  /** Default: made of the workflow's name. */
  readonly name: string | undefined
  /** For types only: never there. */
  readonly types?: { input: Input }
}

export function isTrigger(value: unknown): value is Trigger {
  return typeof value === 'object' && value !== null && (value as { kind?: unknown }).kind === 'reeve-trigger'
}
