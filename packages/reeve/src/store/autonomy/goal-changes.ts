import type { Json } from '../../base/json/json.ts'
import { type Acting, record } from '../authority/acting.ts'
import type { Session } from '../database.ts'

export interface GoalChangeRow {
  id: number
  goal: string
  /** JSON: the fields that are others now. */
  change: string
  why: string | null
  made_by: string
  made_at: number
}

/** What people changed of all goals, or of one; the oldest first. */
export function goalChanges(session: Session, goal?: string): Promise<GoalChangeRow[]> {
  return goal === undefined
    ? session.all<GoalChangeRow>('select * from goal_changes order by id')
    : session.all<GoalChangeRow>('select * from goal_changes where goal = ? order by id', [goal])
}

/** In a transaction. */
export async function changeGoal(
  session: Session,
  goal: string,
  { before, after }: { before: { [field: string]: Json }; after: { [field: string]: Json } },
  acting: Acting,
): Promise<void> {
  await session.run('insert into goal_changes (goal, change, why, made_by, made_at) values (?, ?, ?, ?, ?)', [
    goal,
    JSON.stringify(after),
    acting.why ?? null,
    acting.by,
    acting.at,
  ])
  await record(session, acting, 'goal-changed', goal, { before, after })
}
