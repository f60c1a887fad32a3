import { ReeveError } from '../../base/errors.ts'
import { type Constraint, isRange } from './constraints.ts'
import type { EffectBudget } from './effect-budgets.ts'

/** A grant, as far as it is weighed against others. */
interface Weighed {
  id: string
  isFor(tool: string): boolean
  budgets: readonly EffectBudget[]
  source: {
    tool: string
    args?: Readonly<Record<string, Constraint>>
    window?: readonly [number, number]
    rate?: unknown
    expires?: unknown
    budgets?: unknown
    asks?: unknown
    account?: unknown
  }
}

/**
 * Of grants for one tool the first that covers a call holds. So one without any limit ends what stands behind it, and lets
 * through what a range before it keeps out.
 * @throws `contradicting-grants`
 */
export function refuseOverruled(grants: readonly Weighed[]): void {
  for (const [at, plain] of grants.entries()) {
    if (isLimited(plain.source)) continue
    for (const [place, other] of grants.entries()) {
      if (place === at || !plain.isFor(anyToolOf(other.source))) continue
      if (place > at && isLimited(other.source))
        throw contradiction(
          plain,
          other,
          `"${other.id}" is never looked at: "${plain.id}" stands before it and allows every such call. Put "${other.id}" first, or leave one of them out.`,
        )
      const range = Object.entries(other.source.args ?? {}).find(([, constraint]) => isRange(constraint))
      if (range)
        throw contradiction(
          plain,
          other,
          `"${other.id}" limits ${range[0]}, and "${plain.id}" allows every such call without a limit. Limit both, or give "${plain.id}" \`asks: true\`.`,
        )
    }
  }
}

/** A grant under which no call ever is. @throws `contradicting-grants` */
export function refuseImpossible({ id, source, budgets }: Weighed): void {
  const { window, args = {} } = source
  if (window && window[0] === 24 && window[1] === 0)
    throw contradiction(undefined, { id }, `"${id}" holds from 24 to 0 o'clock, which is never.`)
  for (const { id: budget, adds, ceiling } of budgets) {
    const least = adds === undefined ? undefined : leastOf(args[adds])
    if (least === undefined || ceiling === 0 || least <= ceiling) continue
    throw contradiction(
      undefined,
      { id },
      `"${id}" takes ${adds} from ${least} on, and its budget "${budget}" holds ${ceiling}: no call fits. Raise the ceiling, or lower the least.`,
    )
  }
}

function isLimited({ args, rate, window, expires, budgets, asks, account }: Weighed['source']): boolean {
  return [args, rate, window, expires, budgets, asks, account].some((each) => each !== undefined)
}

/** A name that the grant is for. */
function anyToolOf({ tool }: Weighed['source']): string {
  return tool.replaceAll('*', 'x')
}

/** The least number that the argument may be. */
function leastOf(constraint: Constraint | undefined): number | undefined {
  if (constraint === undefined) return undefined
  if (isRange(constraint)) return constraint.min
  const values = Array.isArray(constraint) ? (constraint as readonly unknown[]) : [constraint]
  const numbers = values.filter((value) => typeof value === 'number')
  return numbers.length > 0 && numbers.length === values.length ? Math.min(...numbers) : undefined
}

function contradiction(
  one: Pick<Weighed, 'id'> | undefined,
  { id }: Pick<Weighed, 'id'>,
  what: string,
): ReeveError {
  const details = one ? { id, other: one.id } : { id }
  return new ReeveError('contradicting-grants', `The grant ${what}`, { details })
}
