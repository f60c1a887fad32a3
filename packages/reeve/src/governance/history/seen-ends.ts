import { latestCeilings } from '../../store/authority/ceilings.ts'
import { openGrantChanges } from '../../store/authority/grant-changes.ts'
import { nameOfEnd, noteEnds, readSeenEnds, type SeenEnd } from '../../store/authority/seen-ends.ts'
import type { Database } from '../../store/database.ts'
import { expiryOf, idOf } from '../grants/grant.ts'
import type { GrantChange } from '../grants/narrowing.ts'
import type { Ceiling } from './ceilings.ts'

/**
 * Notes which rights have ended by now: grants with an end in code, those that somebody gave an end, exceptions. What only takes away
 * (a suspension) may hold again. Answers whether there were any.
 */
export async function noteSeenEnds(database: Database, now: number): Promise<boolean> {
  const ends = [...(await endsOfChanges(database)), ...(await endsOfCode(database))]
  const over = ends.filter(({ at }) => at <= now)
  if (over.length === 0) return false
  const seen = await readSeenEnds(database)
  const fresh = over.map(({ end }) => end).filter((end) => !seen.has(nameOfEnd(end)))
  if (fresh.length > 0) await database.transaction((session) => noteEnds(session, fresh))
  return fresh.length > 0
}

interface End {
  at: number
  end: SeenEnd
}

async function endsOfChanges(database: Database): Promise<End[]> {
  // Also those whose end has come.
  return (await openGrantChanges(database, 0)).flatMap((row): End[] => {
    const change = JSON.parse(row.change) as GrantChange
    if (change.kind === 'expire') return [{ at: change.at, end: { change: row.id } }]
    return change.kind === 'exception' ? [{ at: change.until, end: { change: row.id } }] : []
  })
}

async function endsOfCode(database: Database): Promise<End[]> {
  return (await latestCeilings(database)).flatMap(({ principal, ceiling }): End[] => {
    const { grants } = JSON.parse(ceiling) as Ceiling
    return (grants ?? []).map((grant) => {
      const at = expiryOf(grant)
      return { at, end: { principal, grant: idOf(grant), at } }
    })
  })
}
