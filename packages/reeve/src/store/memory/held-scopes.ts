import type { Session } from '../database.ts'
import { pathOf } from './items.ts'

/** Whether neither a scope nor one below it holds anything now, of whatever kind. */
export async function holdsNothing(session: Session, scope: string): Promise<boolean> {
  const row = await session.get(
    'select 1 as there from items where ended_at is null and scope >= ? and scope < ? limit 1',
    [pathOf(scope), `${scope}0`],
  )
  return row === undefined
}

/** Scopes that hold something now, in their order, each found by one look. */
export async function heldScopes(session: Session, most: number): Promise<string[]> {
  const found: string[] = []
  for (let last = ''; found.length < most; ) {
    const row = await session.get<{ scope: string | null }>(
      'select min(scope) as scope from items where ended_at is null and scope > ?',
      [last],
    )
    if (row?.scope === null || row?.scope === undefined) break
    last = row.scope
    found.push(last.slice(0, -1))
  }
  return found
}
