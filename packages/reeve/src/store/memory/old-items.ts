import type { Session, Value } from '../database.ts'
import { type ItemKind, pathOf } from './items.ts'

/** Which items have outlived their time. */
export interface OldItems {
  kinds: readonly ItemKind[]
  /** With all below it; empty: of all scopes. */
  scope: string
  as: 'retracted' | 'redacted'
  /** Their last version was recorded before (ms). */
  before: number
}

/** Their ids in the order in which they were recorded, behind the row `after`; with the row of each. */
export function findOldItems(
  session: Session,
  old: OldItems,
  { after, limit }: { after: number; limit: number },
): Promise<{ id: string; no: number }[]> {
  const { sql, values } = conditionFor(old)
  return session.all(`select id, no from items where ${sql} and no > ? order by no limit ?`, [
    ...values,
    after,
    limit,
  ])
}

/** How many there are. */
export async function countOldItems(session: Session, old: OldItems): Promise<number> {
  const { sql, values } = conditionFor(old)
  const row = await session.get<{ count: number }>(`select count(*) as count from items where ${sql}`, values)
  return Number(row!.count)
}

/** What is retracted must stand; words are taken away of what has ended, too, unless they are gone. */
function conditionFor({ kinds, scope, as, before }: OldItems): { sql: string; values: Value[] } {
  const within = scope === '' ? '' : 'and scope >= ? and scope < ?'
  const open =
    as === 'retracted'
      ? 'ended_at is null'
      : `(ended_as is null or ended_as <> 'redacted')
         and not exists (select 1 from items later where later.id = items.id and later.version > items.version)`
  return {
    sql: `${open} and at < ? and kind in (${kinds.map(() => '?').join(', ')}) ${within}`,
    values: [before, ...kinds, ...(scope === '' ? [] : [pathOf(scope), `${scope}0`])],
  }
}
