import type { Bulk, Row, Session } from '../../database.ts'

/** What an item was made of: other items, which were recalled when it was remembered. */
const insertOrigins: Bulk = {
  columns: { item: 'text', rests_on: 'text' },
  sql: `insert into item_origins (item, rests_on) select :item, :rests_on {from} where true
    on conflict (item, rests_on) do nothing`,
}

export function originRow(item: string, restsOn: string): Row {
  return { statement: insertOrigins, values: [item, restsOn] }
}

const mostNamed = 1_000

/** The ids of the items that an item was made of, and of those that were made of it, at most 1,000 of each. */
export async function originsOf(
  session: Session,
  id: string,
): Promise<{ restsOn: string[]; restingOnIt: string[] }> {
  const on = await session.all<{ id: string }>(
    'select rests_on as id from item_origins where item = ? order by rests_on limit ?',
    [id, mostNamed],
  )
  const it = await session.all<{ id: string }>(
    'select item as id from item_origins where rests_on = ? order by item limit ?',
    [id, mostNamed],
  )
  return { restsOn: on.map((row) => row.id), restingOnIt: it.map((row) => row.id) }
}

const deepest = 32
const idsAtOnce = 500

/** Of current items those that rest, however far up, on these, which are not among them. */
export async function restingOn(session: Session, ids: readonly string[]): Promise<string[]> {
  const known = new Set(ids)
  let level = [...ids]
  for (let depth = 0; depth < deepest && level.length > 0; depth++) {
    const next: string[] = []
    for (let at = 0; at < level.length; at += idsAtOnce) {
      const page = level.slice(at, at + idsAtOnce)
      const rows = await session.all<{ id: string }>(
        `select distinct o.item as id from item_origins o join items i on i.id = o.item and i.ended_at is null
         where o.rests_on in (${page.map(() => '?').join(', ')})`,
        page,
      )
      for (const { id } of rows) {
        if (known.has(id)) continue
        known.add(id)
        next.push(id)
      }
    }
    level = next
  }
  return [...known].slice(ids.length)
}

/**
 * Ends what was made of items that were just taken back: of those that ended at `at` and have no version left that stands.
 * @returns how many
 */
export async function endDerived(
  session: Session,
  as: 'retracted' | 'redacted' | 'rolled-back',
  { by, why, at }: { by: string; why: string; at: number },
): Promise<number> {
  let count = 0
  for (let depth = 0; depth < deepest; depth++) {
    const ended = await session.run(
      `update items set ended_at = ?, ended_as = ?, ended_by = ?, ended_why = ? where ended_at is null and id in (
         select o.item from items e join item_origins o on o.rests_on = e.id
         where e.ended_at = ? and e.ended_as in ('retracted', 'redacted', 'rolled-back')
           and not exists (select 1 from items c where c.id = e.id and c.ended_at is null))`,
      [at, as === 'redacted' ? 'retracted' : as, by, `rests on memory that was rolled back: ${why}`, at],
    )
    if (ended === 0) return count
    count += ended
  }
  return count
}
