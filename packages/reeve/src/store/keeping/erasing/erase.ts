import { setImmediate as turn } from 'node:timers/promises'
import { sha256 } from '../../../base/hash.ts'
import type { Proof } from '../../authority/acts.ts'
import { recordAct } from '../../authority/authority-log.ts'
import type { Bulk, Database, Session } from '../../database.ts'
import { eraseWordsAtOnce } from '../../memory/words/item-words.ts'
import { endedStatuses, lockRun } from '../../runs/runs.ts'
import { erasedPayload } from '../erased.ts'
import { deleteUnused } from '../leftovers.ts'
import { holdsAny, holdsOneOf } from './forms.ts'
import { placeOfCases, placesOfColumns, placesOfItems, placesOfRows } from './places.ts'
import { findTraces, type GoingRun, isUnerased } from './traces.ts'

/** Rows that one transaction changes. */
const slice = 500

/** What was erased. */
export interface Erasure {
  runs: number
  events: number
  /** Approvals, inbox items, cached answers, items of memory and what else stands in `places.ts`. */
  rows: number
  /** What goes on, or has gone on since it was looked for: it stays. */
  going: GoingRun[]
}

/**
 * Removes what speaks of a person: everything that the journals of the ended runs hold which do, what people were asked and
 * answered there, cached answers, items of memory. The chains still verify: each payload's digest stays. A run that is erased
 * can be neither retried nor forked. What is under way is left, and named by `findTraces`.
 *
 *   ended → its rows and the first of its events are erased, in one transaction → the others, in slices → erased
 *
 * An erasure that died leaves at most one run half erased, which the next finds by that, whomever it is about.
 */
export async function eraseSubject(
  database: Database,
  subject: string,
  who: { by: string; proof: Proof; at: number; why?: string },
): Promise<Erasure> {
  const { runs, going } = await findTraces(database, subject)
  const erasure: Erasure = { runs: 0, events: 0, rows: 0, going }
  for (const run of runs) {
    for (let isFirst = true; ; isFirst = false) {
      const erased = await database.transaction((session) => eraseSlice(session, run, isFirst, who.at))
      if (erased === 'gone') break
      if ('status' in erased) {
        going.push(erased)
        break
      }
      if (isFirst) erasure.runs++
      erasure.events += erased.events
      erasure.rows += erased.rows
      if (erased.events < slice) break
      await turn()
    }
  }
  erasure.rows = await database.transaction(async (session) => {
    const items = await forgetItems(session, database.kind, subject)
    const rows = erasure.rows + items + (await eraseElsewhere(session, subject))
    const { by, proof, at, why } = who
    const details = { events: erasure.events, rows }
    // Never the text itself: the log is kept.
    const act = {
      type: 'subject-erased',
      by,
      proof,
      at,
      subject: sha256(subject.toLowerCase()),
      details,
    } as const
    await recordAct(session, { ...act, ...(why !== undefined && { why }) })
    return rows
  })
  return erasure
}

/** Of a run that was retried, or deleted, since it was looked for, nothing more is erased. */
async function eraseSlice(
  session: Session,
  { no, id }: { no: number; id: string },
  isFirst: boolean,
  at: number,
): Promise<GoingRun | 'gone' | { events: number; rows: number }> {
  const run = await lockRun(session, no)
  if (!run) return 'gone'
  const { workflow, status } = run
  if (!endedStatuses.includes(status)) return { id, workflow, status }
  const rows = isFirst ? await eraseRows(session, { no, id }) : 0
  return { rows, events: await eraseEvents(session, no, at) }
}

const eraseOne: Bulk = {
  columns: { id: 'int', blob: 'text', payload: 'text' },
  sql: 'update events set blob = :blob, payload = :payload {from} where events.id = :id',
}

async function eraseEvents(session: Session, run: number, at: number): Promise<number> {
  const found = await session.all<{ id: number; payload: string | null; blob: string | null }>(
    `select id, payload, blob from events where run = ? and ${isUnerased} order by id limit ?`,
    [run, slice],
  )
  if (found.length === 0) return 0
  const mark = erasedPayload(at)
  await session.bulk(
    eraseOne,
    found.map(({ id, payload, blob }) => [id, blob ?? sha256(payload!), mark]),
  )
  await deleteUnused(
    session,
    found.flatMap(({ payload, blob }) => (payload === null && blob !== null ? [blob] : [])),
  )
  return found.length
}

/** The journal had what was asked and decided; with that erased, a row would say more than it. */
async function eraseRows(session: Session, { no, id }: { no: number; id: string }): Promise<number> {
  let rows = 0
  for (const table of ['approval_votes', 'approval_delegations'])
    rows += await session.run(
      `delete from ${table} where approval in (select id from approvals where run = ?)`,
      [no],
    )
  for (const table of ['inbox', 'approvals', 'answers'])
    rows += await session.run(`delete from ${table} where run = ?`, [no])
  rows += await session.run(
    'update marked_values set text = null, key_id = null where run = ? and text is not null',
    [no],
  )
  rows += await session.run('update authority_log set payload = null where run = ? and payload is not null', [
    id,
  ])
  await session.run(
    `update runs set reason = case when reason is null then null else 'what it was about was erased' end, key = null, idempotency = null
     where no = ?`,
    [no],
  )
  return rows
}

/** Items of memory, their words in the index among them. */
async function forgetItems(session: Session, kind: Database['kind'], subject: string): Promise<number> {
  const { sql, values } = holdsOneOf(placesOfItems, subject)
  await eraseWordsAtOnce(session, kind)
  const items = await session.run(`delete from items where document is null and ${sql}`, values)
  const words = subject.toLowerCase().split(/[^\p{L}\p{N}]+/u)
  for (const word of words.filter((each) => each !== ''))
    await session.run('delete from item_grams where term = ?', [word])
  return items
}

async function eraseElsewhere(session: Session, subject: string): Promise<number> {
  let rows = 0
  for (const { from, columns, ...rest } of placesOfRows) {
    const { sql, values } = holdsOneOf(columns, subject)
    rows += await session.run(`delete from ${from} where ${whenOf(rest)} and ${sql}`, values)
  }
  for (const { from, columns, ...rest } of placesOfColumns)
    for (const column of columns) {
      const { sql, values } = holdsAny(column, subject)
      rows += await session.run(
        `update ${from} set ${column} = null where ${whenOf(rest)} and ${sql}`,
        values,
      )
    }
  return rows + (await eraseCases(session, subject))
}

function whenOf({ when = '1 = 1' }: { when?: string }): string {
  return when
}

/** What evaluations came to stays: their scores and costs, and which tools were called. */
async function eraseCases(session: Session, subject: string): Promise<number> {
  const { sql, values } = holdsAny(placeOfCases.column, subject)
  const rows = await session.all<{ eval: string; no: number; result: string }>(
    `select eval, no, result from ${placeOfCases.from} where ${sql}`,
    values,
  )
  for (const { eval: id, no, result } of rows)
    await session.run('update eval_cases set result = ? where eval = ? and no = ?', [
      JSON.stringify(withoutTexts(JSON.parse(result) as KeptCase)),
      id,
      no,
    ])
  return rows.length
}

/** Of a kept case, where texts of others stand. */
interface KeptCase {
  outcome: { output?: unknown; error?: { message: string }; calls: { args?: unknown }[] }
  scores: Record<string, { why?: string }>
}

const gone = '[erased]'

function withoutTexts({ outcome, scores, ...rest }: KeptCase): KeptCase {
  const { output, error, calls } = outcome
  return {
    ...rest,
    outcome: {
      ...outcome,
      ...(output !== undefined && { output: gone }),
      ...(error && { error: { ...error, message: gone } }),
      calls: calls.map((call) => ({ ...call, ...(call.args !== undefined && { args: gone }) })),
    },
    scores: Object.fromEntries(
      Object.entries(scores).map(([name, score]) => [
        name,
        { ...score, ...(score.why !== undefined && { why: gone }) },
      ]),
    ),
  }
}
