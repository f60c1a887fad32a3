import { ReeveError } from '../base/errors.ts'
import { sha256 } from '../base/hash.ts'
import { checkOptions } from '../base/options.ts'
import { describeValue } from '../base/text/shorten.ts'
import type { EffectKey } from '../engine/calls/effect/definition.ts'
import { changesNothing, type EffectClass } from '../store/journal/vocabulary/effect-class.ts'

/** A business key: a text or a number that names what the effect is for, such as an order's id. */
export type OncePerValue<Args> = (args: Args) => string | number

/**
 * What a tool's effects are done once for. The key is taken in the commit of the intent; it is free again when the effect
 * certainly failed (`NotApplied`) or was undone. While the first call is under way, a second one waits for what it comes to.
 */
export type OncePer<Args = unknown> =
  | OncePerValue<Args>
  | {
      value: OncePerValue<Args>
      /** What a later call gets: the first one's result (`answer`, the default), or the error `done-before` (`fail`). */
      again?: 'answer' | 'fail'
    }

/** A rule as it counts. */
export interface ResolvedOncePer {
  value: OncePerValue<unknown>
  again: 'answer' | 'fail'
}

/** @throws `bad-tool` */
export function resolveOncePer(
  tool: string,
  effect: EffectClass,
  oncePer: OncePer<never> | undefined,
): ResolvedOncePer | undefined {
  if (oncePer === undefined) return undefined
  const what = `\`oncePer\` of tool "${tool}"`
  if (changesNothing(effect))
    throw new ReeveError('bad-tool', `Tool "${tool}" only reads, and so takes no \`oncePer\`. Leave it out.`)
  if (typeof oncePer === 'function')
    return { value: oncePer as unknown as OncePerValue<unknown>, again: 'answer' }
  checkOptions(oncePer, what, { value: 'function!', again: 'text' }, 'bad-tool')
  const { value, again = 'answer' } = oncePer
  if (again !== 'answer' && again !== 'fail')
    throw new ReeveError(
      'bad-tool',
      `\`again\` of ${what} is ${describeValue(again)}; it must be answer or fail.`,
    )
  return { value: value as unknown as OncePerValue<unknown>, again }
}

/** The key of one call. @throws `bad-tool` */
export function keyFor(tool: string, { value, again }: ResolvedOncePer, args: unknown): EffectKey {
  const given = value(args)
  const isKey =
    (typeof given === 'string' && given !== '') || (typeof given === 'number' && Number.isFinite(given))
  if (!isKey) {
    const what = `oncePer of tool "${tool}" gave ${describeValue(given)}`
    throw new ReeveError('bad-tool', `${what}; it must give a text that is not empty, or a number.`)
  }
  return { name: tool, value: sha256(String(given)), again }
}
