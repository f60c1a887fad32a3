import type { Session } from '../database.ts'
import { dropAwaited, wakeAny } from '../runs/awaited.ts'

/** Of those that wait for one scope, how many try again when a call gave back what it had reserved too much. */
const atOnce = 10
/** When a person raises a ceiling. */
const allOfThem = 1_000_000

/** What a call waits for whose question the budget of this scope has no room for. */
export function awaitedBudget(scope: string): string {
  return `budget:${scope}`
}

/** A reservation in these scopes ended in less than it held. Answers the runs that try again. */
export async function moneyCameBack(session: Session, scopes: readonly string[]): Promise<number[]> {
  const woken: number[] = []
  for (const scope of scopes) woken.push(...(await wakeAny(session, awaitedBudget(scope), atOnce)))
  return woken
}

/** The ceiling of a scope was set or taken away. Answers the runs that try again. */
export function ceilingChanged(session: Session, scope: string): Promise<number[]> {
  return wakeAny(session, awaitedBudget(scope), allOfThem)
}

/** Calls that waited for days that are over went on by the clock. Answers how many rows went. */
export function dropPastWaits(session: Session, today: string, most: number): Promise<number> {
  return dropAwaited(session, { from: awaitedBudget('day:'), before: awaitedBudget(today), most })
}
