import type { TestContext } from 'vitest'

/** Ends a check that is not for a connector, and says why. */
export function onlyWhere({ skip, task }: TestContext, notForIt: string | undefined): void {
  if (notForIt === undefined) return
  Object.assign(task.meta, { doesNotApply: notForIt })
  skip(`does not apply: ${notForIt}`)
}
