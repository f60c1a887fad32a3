import { ReeveError } from '../../base/errors.ts'
import { checkOptions } from '../../base/options.ts'
import { describeValue } from '../../base/text/shorten.ts'
import { type Duration, toMs } from '../../base/time/time.ts'
import type { EffectAttempt, EffectVerdict } from '../../engine/calls/effect/definition.ts'
import {
  changesNothing,
  type EffectClass,
  effectClasses,
} from '../../store/journal/vocabulary/effect-class.ts'

/** A value as the journal has it: plain JSON, so that a date is a text. */
export type Journaled<T> = T extends string | number | boolean | null | undefined
  ? T
  : T extends { toJSON(...given: never): infer Plain }
    ? Plain
    : T extends readonly (infer Item)[]
      ? Journaled<Item>[]
      : T extends object
        ? { [Key in keyof T]: Journaled<T[Key]> }
        : unknown

/** The effect that is to be undone. */
export interface DoneEffect<Args = unknown, Result = unknown> {
  /** What the tool was handed. */
  args: Journaled<Args>
  /** What it gave. */
  result: Journaled<Result>
  /** The idempotency key under which it was done. */
  key: string
}

/**
 * How a tool takes back what it did.
 * @example
 * import { tool } from 'reeve'
 * import { z } from 'zod'
 * import { payments } from '../payments.ts'
 *
 * export const refund = tool({
 *   name: 'payments.refund',
 *   description: 'Pays an order back',
 *   input: z.object({ orderId: z.string(), amountUsd: z.number().positive() }),
 *   output: z.object({ id: z.string() }),
 *   effect: 'idempotent',
 *   oncePer: ({ orderId }) => orderId,
 *   run: ({ orderId, amountUsd }, { key, signal }) => payments.refund(orderId, amountUsd, { key, signal }),
 *   undo: {
 *     within: '30d',
 *     effect: 'idempotent',
 *     run: ({ result }, { key, signal }) => payments.cancelRefund(result.id, { key, signal }),
 *   },
 * })
 */
export interface ToolUndo<Args = unknown, Result = unknown> {
  /** For how long after the effect it works. Default: for ever. */
  within?: Duration
  /** What may be done when the outcome of an undo is unknown. Default `once`: a person is asked. */
  effect?: Exclude<EffectClass, 'read'>
  /** For one attempt. Default: as the tool's. */
  timeout?: Duration
  /** Asks the outside system whether the undo was applied. Needed where `effect` is `verifiable`. */
  verify?(done: DoneEffect<Args, Result>, attempt: EffectAttempt): Promise<EffectVerdict> | EffectVerdict
  /** Undoes. `key` is the same on every attempt, in whichever run: an effect is undone once. */
  run(done: DoneEffect<Args, Result>, attempt: EffectAttempt): unknown
}

/** An undo as it counts. */
export interface ResolvedUndo {
  withinMs: number | undefined
  effect: Exclude<EffectClass, 'read'>
  timeoutMs: number | undefined
  verify: ToolUndo['verify']
  run: ToolUndo['run']
}

const effects: readonly EffectClass[] = effectClasses.filter((each) => !changesNothing(each))
const rules = { effect: 'text', verify: 'function', run: 'function!' } as const

/** @throws `bad-tool` `bad-duration` */
export function resolveUndo(
  tool: string,
  acts: EffectClass,
  undo: ToolUndo<never, never> | undefined,
): ResolvedUndo | undefined {
  if (undo === undefined) return undefined
  const what = `\`undo\` of tool "${tool}"`
  if (changesNothing(acts))
    throw new ReeveError(
      'bad-tool',
      `Tool "${tool}" only reads: there is nothing to undo. Leave \`undo\` out.`,
    )
  checkOptions(undo, what, rules, 'bad-tool')
  const { within, effect = 'once', timeout, verify, run } = undo
  if (!effects.includes(effect)) {
    const is = `\`effect\` of ${what} is ${describeValue(effect)}`
    throw new ReeveError('bad-tool', `${is}; it must be ${effects.join(', ')}.`)
  }
  if (effect === 'verifiable' && !verify)
    throw new ReeveError('bad-tool', `${what} is verifiable and so needs verify(done, { key }).`)
  return {
    withinMs: within === undefined ? undefined : toMs(within, `\`within\` of ${what}`),
    effect,
    timeoutMs: timeout === undefined ? undefined : toMs(timeout, `\`timeout\` of ${what}`),
    verify: verify as unknown as ToolUndo['verify'],
    run: run as unknown as ToolUndo['run'],
  }
}
