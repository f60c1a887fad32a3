import type { TestContext } from 'vitest'
import type { ContractCase } from './case.ts'

/** Why some checks of the suite are not for a connector; undefined: they are. */
export const notFor = {
  /** Checks of what a service does wrong. */
  services: ({ isLocal }: ContractCase) =>
    isLocal
      ? 'it works on this machine alone: there is no service between that loses answers, refuses or is down'
      : undefined,
  /** Checks of what HTTP alone has. */
  http: (its: ContractCase) =>
    notFor.services(its) ??
    (its.isHttp === false
      ? 'it speaks no HTTP: there is no page of HTML, and no header or refusal that states a rate'
      : undefined),
  /** Checks of tokens that are renewed. */
  tokens: ({ oauth }: ContractCase) =>
    oauth ? undefined : 'it signs in with a key that is never renewed, or with nothing',
}

/** Ends a check that is not for a connector, and says why. */
export function onlyWhere({ skip, task }: TestContext, notForIt: string | undefined): void {
  if (notForIt === undefined) return
  Object.assign(task.meta, { doesNotApply: notForIt })
  skip(`does not apply: ${notForIt}`)
}
