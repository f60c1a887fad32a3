import { ReeveError } from '../../base/errors.ts'
import type { Acting } from '../../store/authority/acting.ts'
import { changeGoal } from '../../store/autonomy/goal-changes.ts'
import type { Database } from '../../store/database.ts'
import { checkReview, checkTarget, type Goal } from './goal.ts'
import { changedGoals, fieldsBefore, type GoalChange } from './goal-standing.ts'

/** @throws `unknown-goal` */
export function requireGoal(goals: readonly Goal[], name: string): Goal {
  const goal = goals.find((each) => each.name === name)
  if (goal) return goal
  const known = goals.map((each) => each.name).join(', ') || 'none'
  throw new ReeveError('unknown-goal', `There is no standing goal "${name}". The project has: ${known}.`)
}

/**
 * Changes a standing goal in the name of a person, over what the code says; recorded with who and why.
 * @throws `unknown-goal` `bad-goal`
 */
export async function changeGoalBy(
  database: Database,
  goals: readonly Goal[],
  name: string,
  change: GoalChange,
  acting: Acting,
): Promise<void> {
  const goal = requireGoal(goals, name)
  const what = `goal "${name}"`
  if (Object.keys(change).length === 0)
    throw new ReeveError(
      'bad-goal',
      `Nothing of ${what} is to be changed. Give a target, a review day, or an owner.`,
    )
  if (change.target !== undefined) checkTarget(change.target, what)
  if (change.review !== undefined) checkReview(change.review, what)
  await database.transaction(async (session) => {
    const [now] = await changedGoals(session, [goal])
    const after = change as Parameters<typeof changeGoal>[2]['after']
    await changeGoal(session, name, { before: fieldsBefore(now!, change), after }, acting)
  })
}
