import { messageOf } from '../../../../base/errors.ts'
import type { Json } from '../../../../base/json/json.ts'
import type { Row } from '../../../../store/database.ts'
import { newEvent } from '../../../../store/journal/events.ts'
import {
  type EffectClass,
  effectClasses,
  effectPolicies,
} from '../../../../store/journal/vocabulary/effect-class.ts'
import { decisionIn, isOutcomeAnswer } from '../../../../store/runs/decision-item.ts'
import type { CallSite } from '../../../call-site.ts'
import type { Call } from '../../../replay/call.ts'
import { requestAnswer } from '../../approval.ts'
import { type Effect, type EffectVerdict, NotApplied } from '../definition.ts'
import type { Asking } from './asking.ts'

function stricter(left: EffectClass, right: EffectClass): EffectClass {
  return effectClasses.indexOf(left) > effectClasses.indexOf(right) ? left : right
}

/** The effect whose outcome is unknown: what may come of it. */
export interface Unresolved {
  readonly site: CallSite
  readonly call: Call
  readonly effect: Effect
  readonly args: Json
  readonly key: string
  readonly mayRetry: boolean
  readonly mayHaveHappenedBefore: boolean
  /** What gives back all that the effect has taken; empty when it may have happened. */
  readonly givenBack: readonly Row[]
  /** Somebody who knows says so, of all attempts until now. */
  didNotHappen(): void
  /** Makes the attempt of that number. */
  attempt(attempt: number): Promise<void>
  /** The same, for one that its rate may put off, upon the answer of a person that is used up now. */
  attemptAsTold(attempt: number): Promise<void>
  retryLater(attempt: number, error: unknown): void
  complete(result: unknown): void
  fail(error: unknown): void
  readonly asking: Asking
  /** Asks the outside system about an attempt. */
  verify(attempt: number): Promise<EffectVerdict>
}

/**
 * Nobody here knows whether the attempt took effect. `made`: the class under which it was made. The code may have changed
 * that since; then the stricter of the two decides.
 *
 *   read, idempotent → repeated
 *   verifiable → asked outside, again while that cannot be asked → completed | retried | asked of a person
 *   once → asked of a person → completed | repeated | failed
 */
export async function resolveUnknown(
  unresolved: Unresolved,
  attempt: number,
  reason: string,
  made: EffectClass = unresolved.effect.effect,
): Promise<void> {
  const { unanswered } = effectPolicies[stricter(made, unresolved.effect.effect)]
  switch (unanswered) {
    case 'repeat':
      return unresolved.attempt(attempt + 1)
    case 'ask-outside':
      return verify(unresolved, attempt, reason, made)
    case 'ask-person':
      return askPerson(unresolved, attempt, reason)
    default:
      // What is not resolved would hang its run: one more answer must not compile.
      throw new Error(`unknown outcomes are not resolved by ${unanswered satisfies never}`)
  }
}

async function verify(
  unresolved: Unresolved,
  attempt: number,
  reason: string,
  made: EffectClass,
): Promise<void> {
  const { effect, asking } = unresolved
  if (!effect.verify) return askPerson(unresolved, attempt, reason)
  let verdict: EffectVerdict
  try {
    const closed = await asking.closed()
    if (closed) throw closed
    verdict = await unresolved.verify(attempt)
  } catch (error) {
    if (asking.isLater(attempt, reason, error, () => resolveUnknown(unresolved, attempt, reason, made)))
      return
    verdict = { outcome: 'unknown', reason: `${reason}; asking failed: ${messageOf(error)}` }
  }
  if (verdict.outcome === 'applied') {
    effect.result?.mark?.(verdict.result)
    return unresolved.complete(verdict.result)
  }
  if (verdict.outcome === 'unknown') return askPerson(unresolved, attempt, verdict.reason)
  unresolved.didNotHappen()
  if (!unresolved.mayRetry) {
    const what = `Tool "${effect.name}" did not take effect in ${attempt} attempts: ${reason}`
    return unresolved.fail(new NotApplied(what))
  }
  unresolved.retryLater(attempt, new NotApplied(reason))
}

/** A person must say what happened; until then the run waits. `again`: the request that got an unfit answer. */
function askPerson(unresolved: Unresolved, attempt: number, reason: string, again?: string): void {
  const { site, call, effect, args, key } = unresolved
  const shown = { tool: effect.name, args, key, attempt, reason }
  const schema = effect.result?.schema() ?? null
  const { id, row } = requestAnswer(
    site,
    call,
    { kind: 'outcome', subject: effect.name, shown },
    { id: again, expires_at: null, input_schema: schema === null ? null : JSON.stringify(schema) },
  )
  site.append(call, newEvent('effect-unknown', { attempt, reason, approval: id }), { rows: [row] })
  awaitAnswer(unresolved, id, attempt)
}

/** Waits for the person's answer to the request `approval`. */
export function awaitAnswer(unresolved: Unresolved, approval: string, attempt: number): void {
  const { site, call, effect } = unresolved
  site.waits.forItem(`outcome:${approval}`, call.step, (item) => {
    const answer = decisionIn(item)?.answer
    site.perform(call, () => {
      if (!isOutcomeAnswer(answer))
        return askPerson(unresolved, attempt, 'what was answered cannot be read', approval)
      if (answer.happened) return completeAsTold(unresolved, attempt, answer.result ?? null, approval)
      unresolved.didNotHappen()
      if (answer.retry) return unresolved.attemptAsTold(attempt + 1)
      unresolved.fail(new NotApplied(`Tool "${effect.name}" did not take effect, a person says.`))
    })
  })
}

/** As a person says it. What does not fit would fail the run for good, so it is asked again, with why. */
function completeAsTold(unresolved: Unresolved, attempt: number, result: Json, approval: string): void {
  const problemOf = (told: unknown) => unresolved.effect.result?.problem(told)
  const problem = problemOf(result)
  unresolved.effect.result?.mark?.(result)
  if (problem === undefined) unresolved.complete(result)
  // For a tool that gives nothing, nothing is what was told.
  else if (result === null && problemOf(undefined) === undefined) unresolved.complete(undefined)
  else {
    const reason = `a person said that it happened, with a result that does not fit: ${problem}`
    askPerson(unresolved, attempt, reason, approval)
  }
}
