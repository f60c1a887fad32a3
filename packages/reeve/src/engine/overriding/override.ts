import { ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import { isRecord } from '../../base/json/record.ts'
import type { CallKind, NewEvent } from '../../store/journal/events.ts'
import type { InboxItem } from '../../store/runs/inbox.ts'

/** What a call comes to because a person says so: this result, this error, or the end of what it waits for. */
export type Overriding =
  | { how: 'result'; result: Json }
  | { how: 'error'; error: string }
  | { how: 'skip-wait' }

/** The same with who says it, and why. */
export type Override = Overriding & { by: string; reason: string }

/** How the wait of a call ends when it is overridden, or why it cannot be. */
export type OverriddenWait = { event: NewEvent; options: { value?: unknown; rejects?: true } } | string

/** The name under which the override of a call lies in the inbox of its run. */
export function overrideItem(call: number): string {
  return `${prefix}${call}`
}

const prefix = 'override:'

export function isOverride({ name }: Pick<InboxItem, 'name'>): boolean {
  return name.startsWith(prefix)
}

export function overrideIn({ name, payload }: InboxItem): { call: number; given: Override } | undefined {
  const given: unknown = JSON.parse(payload)
  const call = Number(name.slice(prefix.length))
  return Number.isInteger(call) && isRecord(given) ? { call, given: given as unknown as Override } : undefined
}

/** What the workflow gets in the place of a result. */
export function overridingError(error: string): ReeveError {
  return new ReeveError('overridden', error)
}

/** Only its next attempt waits for a time: what was sent before counts as it does when no attempt follows. */
export function overriddenEffect(
  effect: { stopAwaiting(): void; fail(error: unknown): void },
  given: Override,
): string | (() => void) {
  if (given.how !== 'error') return 'it goes on by itself'
  return () => {
    effect.stopAwaiting()
    effect.fail(overridingError(given.error))
  }
}

/** Why no call of this kind is overridden so; undefined: it may be, while it is open. */
export function refusalByKind(kind: CallKind, how: Override['how']): string | undefined {
  switch (kind) {
    case 'step':
    case 'signal':
      return undefined
    case 'timer':
      return how === 'result' ? 'it gives nothing: end it with --skip-wait' : undefined
    case 'question':
      return how === 'result'
        ? 'its answer must come from a solver, or from a person who is asked'
        : undefined
    case 'child-result':
      return how === 'error' ? undefined : 'what a child comes to is overridden in the child itself'
    case 'effect':
      return how === 'result' ? 'only its tool, or who looked there, knows what it gave outside' : undefined
    case 'approval':
      return 'it is decided by whoever may: reeve approvals'
    case 'child':
    case 'recall':
    case 'remember':
    case 'amend':
    case 'forget':
      return `a call of kind ${kind} does not wait for anything`
  }
}
