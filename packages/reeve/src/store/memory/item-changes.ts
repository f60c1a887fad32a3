import { record } from '../authority/acting.ts'
import type { ActDetails, ActType, Proof } from '../authority/acts.ts'
import type { Database, Session, Value } from '../database.ts'
import {
  type EndedAs,
  type Item,
  insertItems,
  insertPlacedItems,
  itemValues,
  type NewItem,
  readVersions,
} from './items.ts'
import { endDerived, restingOn } from './rests/item-origins.ts'
import { refuseWhatIsDecided } from './rests/resting-approvals.ts'
import { forgetSpellings } from './words/item-spellings.ts'
import { eraseWordsAtOnce } from './words/item-words.ts'

/** Who changes what is known, and why: kept with the version that it ends. */
export interface ChangedBy {
  /** A person, or `run ID, call N`. */
  by: string
  why: string
  /** The store's clock (ms). */
  at: number
  /** How a person showed who they are: then the change is an act of theirs. Absent: a run changes, which has its journal. */
  proof?: Proof | undefined
}

/** What became of a change. */
export type Changed =
  | { ok: true; item: Item }
  | { ok: false; problem: 'unknown' | 'ended' | 'moved'; item?: Item }

/**
 * Puts a next version in the place of the current one.
 * @param from the version that was looked at: another one in its place is a conflict
 */
export function amendItem(
  database: Database,
  next: NewItem,
  from: number,
  change: ChangedBy,
): Promise<Changed> {
  return database.transaction(async (session) => {
    const found = await currentOf(session, next.id, from)
    if (!found.ok) return found
    const ended = await end(session, found.item.no, 'amended', change)
    if (!ended) return { ok: false, problem: 'moved', item: found.item }
    await session.bulk(next.placed ? insertPlacedItems : insertItems, [itemValues(next)])
    await noteAct(session, change, 'memory-amended', next.id, { version: next.version })
    return { ok: true, item: (await readVersions(session, next.id)).at(-1)! }
  })
}

/** Ends the current version: it is not found any more, except as of before. Redacted, its words go from all versions. */
export function endItem(
  database: Database,
  id: string,
  as: 'retracted' | 'redacted',
  change: ChangedBy,
  from?: number,
): Promise<Changed> {
  return database.transaction(async (session) => {
    const found = await currentOf(session, id, from)
    if (!found.ok && !(as === 'redacted' && found.problem === 'ended')) return found
    if (found.ok) await end(session, found.item.no, as, change)
    if (as === 'redacted') {
      const terms = await session.all<{ terms: string }>(
        `select title_terms || ' ' || heading_terms || ' ' || body_terms as terms from items where id = ?`,
        [id],
      )
      await eraseWordsAtOnce(session, database.kind)
      await session.run(
        `update items set title = '', heading = '', text = '', title_terms = '', heading_terms = '', body_terms = '',
           length = 0, vector = null, dimensions = null, ended_as = 'redacted' where id = ?`,
        [id],
      )
      await forgetSpellings(
        session,
        database.kind,
        terms.flatMap((row) => row.terms.split(' ')),
      )
    }
    const derived = await endDerived(session, as, change)
    await noteAct(session, change, `memory-${as}`, id, { derived })
    return { ok: true, item: (await readVersions(session, id)).at(-1)! }
  })
}

/** In a transaction: retracts what still stands of an item, with what was made of it. */
export async function retractWithin(session: Session, id: string, change: ChangedBy): Promise<void> {
  const found = await currentOf(session, id, undefined)
  if (!found.ok) return
  await end(session, found.item.no, 'retracted', change)
  await endDerived(session, 'retracted', change)
}

/** What a person changes is in the log of authority, in the commit of the change. */
async function noteAct<T extends ActType>(
  session: Session,
  { by, why, at, proof }: ChangedBy,
  type: T,
  subject: string,
  details: ActDetails[T],
): Promise<void> {
  if (proof !== undefined) await record(session, { by, why, at, proof }, type, subject, details)
}

async function currentOf(session: Session, id: string, from: number | undefined): Promise<Changed> {
  const last = (await readVersions(session, id)).at(-1)
  if (!last) return { ok: false, problem: 'unknown' }
  if (last.endedAt !== null) return { ok: false, problem: 'ended', item: last }
  if (from !== undefined && last.version !== from) return { ok: false, problem: 'moved', item: last }
  return { ok: true, item: last }
}

async function end(session: Session, no: number, as: EndedAs, { by, why, at }: ChangedBy): Promise<boolean> {
  const count = await session.run(
    'update items set ended_at = ?, ended_as = ?, ended_by = ?, ended_why = ? where no = ? and ended_at is null',
    [at, as, by, why, no],
  )
  return count === 1
}

/** What is to be taken back. */
export type RollbackOf =
  /** Its last version. */
  | { item: string }
  /** A document or another source, as items name it. */
  | { source: string }
  | { run: string }
  /** Everything recorded since then (ms). */
  | { since: number }

function conditionFor(of: RollbackOf): { sql: string; parameters: Value[] } {
  if ('item' in of) {
    const last = '(select max(version) from items as latest where latest.id = items.id)'
    return { sql: `id = ? and version = ${last}`, parameters: [of.item] }
  }
  if ('source' in of) return { sql: '(source = ? or document = ?)', parameters: [of.source, of.source] }
  if ('run' in of) return { sql: 'run = ?', parameters: [of.run] }
  return { sql: 'at >= ?', parameters: [of.since] }
}

/** The current versions that a rollback would end, at most 1,000 of them, with what was made of those, and how many there are. */
export async function previewRollback(
  session: Session,
  of: RollbackOf,
): Promise<{ count: number; ids: string[] }> {
  const { sql, parameters } = conditionFor(of)
  const row = await session.get<{ count: number }>(
    `select count(*) as count from items where ended_at is null and ${sql}`,
    parameters,
  )
  const rows = await session.all<{ id: string }>(
    `select id from items where ended_at is null and ${sql} order by no limit 1000`,
    parameters,
  )
  const ids = rows.map(({ id }) => id)
  const derived = await restingOn(session, ids)
  return { count: row!.count + derived.length, ids: [...ids, ...derived].slice(0, 1000) }
}

/**
 * Takes back what was recorded: its versions end, and the version that each had amended stands again, as a new row, in one
 * transaction.
 * @param options.despiteApprovals also what a pending approval rests on. Default false
 * @returns how many versions ended, and how many came back
 * @throws `approval-rests-on-it`
 */
export function rollBack(
  database: Database,
  of: RollbackOf,
  change: ChangedBy,
  { despiteApprovals = false }: { despiteApprovals?: boolean } = {},
): Promise<{ ended: number; restored: number }> {
  const { by, why, at } = change
  return database.transaction(async (session) => {
    if (!despiteApprovals) await refuseWhatIsDecided(session, (await previewRollback(session, of)).ids)
    const { sql, parameters } = conditionFor(of)
    // With `amended` among them, what amended them is one of those taken back.
    const taken = await session.all<{ id: string; first: number; last: number }>(
      `select id, min(version) as first, max(version) as last from items
       where ${sql} and (ended_at is null or ended_as = 'amended') group by id`,
      parameters,
    )
    const ended = await session.run(
      `update items set ended_at = ?, ended_as = 'rolled-back', ended_by = ?, ended_why = ?
       where ended_at is null and ${sql}`,
      [at, by, why, ...parameters],
    )
    let restored = 0
    for (const { id, first, last } of taken) {
      if (first === 1) continue
      const versions = await readVersions(session, id)
      // Nothing comes back under what was not taken, and nothing that somebody had ended for another reason.
      if (versions.at(-1)!.version !== last || versions.at(-1)!.endedAs !== 'rolled-back') continue
      restored += await session.run(
        `insert into items (id, version, kind, scope, marks, title, heading, text, hash, title_terms, heading_terms,
           body_terms, length, embedder, dimensions, vector, source, document, place, untrusted, valid_from, valid_until, at)
         select id, ?, kind, scope, marks, title, heading, text, hash, title_terms, heading_terms,
           body_terms, length, embedder, dimensions, vector, source, document, place, untrusted, valid_from, valid_until, cast(? as bigint)
         from items where id = ? and version = ? and ended_as = 'amended'`,
        [last + 1, at, id, first - 1],
      )
    }
    const derived = await endDerived(session, 'rolled-back', change)
    const [[what, which]] = Object.entries(of) as [[string, string | number]]
    await noteAct(session, change, 'memory-rolled-back', String(which), {
      by: what,
      ended: ended + derived,
      restored,
    })
    return { ended: ended + derived, restored }
  })
}
