import { setImmediate as turn } from 'node:timers/promises'
import { ReeveError } from '../../base/errors.ts'
import { sha256 } from '../../base/hash.ts'
import type { Proof } from '../authority/acts.ts'
import { recordAct } from '../authority/authority-log.ts'
import type { Bulk, Database, Session } from '../database.ts'
import { markedAfter } from '../marks/marked-values.ts'
import { eraseWordsAtOnce } from '../memory/words/item-words.ts'
import { endedStatuses, type RunStatus } from '../runs/runs.ts'
import { erasedPayload } from './erased.ts'
import { deleteUnused } from './leftovers.ts'

/** Events that one statement looks through, and rows that one transaction changes. */
const looked = 20_000
const slice = 500
/** A shorter text stands in too much that is about nobody. */
const shortest = 4

/** What speaks of a person. */
export interface SubjectTraces {
  /** Runs that have ended: all that their journals hold would be erased. */
  runs: { no: number; id: string; workflow: string }[]
  /** Runs that go on: they cannot be erased, for their journals are what they go on from. */
  going: { id: string; workflow: string; status: RunStatus }[]
  /** Items of memory. */
  memories: number
  /** Files of knowledge that were read: they are the project's own. */
  files: string[]
}

/** What was erased. */
export interface Erasure {
  runs: number
  events: number
  /** Approvals, inbox items, cached answers and items of memory. */
  rows: number
}

/**
 * Finds what speaks of a person, by a text that stands for them and nobody else: an address, a number, a name.
 * @throws `bad-text` when the text is too short
 */
export async function findTraces(database: Database, subject: string): Promise<SubjectTraces> {
  if (subject.trim().length < shortest)
    throw new ReeveError(
      'bad-text',
      `"${subject}" is too short to identify one person: it must have ${shortest} characters or more. Give an address, a number or a whole name.`,
    )
  const numbers = new Set<number>()
  const holds = (column: string) => holdsAny(column, subject)
  await eachStretch(database, 'events', async (from, to) => {
    const { sql, values } = holds('coalesce(e.payload, b.content)')
    const named = holds('e.name')
    const rows = await database.all<{ run: number }>(
      `select distinct e.run from events e left join blobs b on b.hash = e.blob
       where e.id > ? and e.id <= ? and (${sql} or ${named.sql})`,
      [from, to, ...values, ...named.values],
    )
    for (const { run } of rows) numbers.add(run)
  })
  await eachStretch(database, 'inbox', async (from, to) => {
    const { sql, values } = holds('payload')
    const rows = await database.all<{ run: number }>(
      `select distinct run from inbox where id > ? and id <= ? and ${sql}`,
      [from, to, ...values],
    )
    for (const { run } of rows) numbers.add(run)
  })
  for (const run of await markedRunsOf(database, subject)) numbers.add(run)
  for (const column of ['shown', 'answer', 'note']) {
    const { sql, values } = holds(column)
    const rows = await database.all<{ run: number }>(
      `select distinct run from approvals where ${sql}`,
      values,
    )
    for (const { run } of rows) numbers.add(run)
  }
  const traces: SubjectTraces = { runs: [], going: [], memories: 0, files: [] }
  for (const no of numbers) {
    const run = await database.get<{ no: number; id: string; workflow: string; status: RunStatus }>(
      'select no, id, workflow, status from runs where no = ?',
      [no],
    )
    // What retention has begun to delete goes by itself.
    if (!run) continue
    const { id, workflow, status } = run
    if (endedStatuses.includes(status)) traces.runs.push({ no, id, workflow })
    else traces.going.push({ id, workflow, status })
  }
  const { sql, values } = itemsThatHold(subject)
  const items = await database.all<{ document: string | null; source: string }>(
    `select document, source from items where ${sql}`,
    values,
  )
  traces.memories = items.filter(({ document }) => document === null).length
  traces.files = [...new Set(items.flatMap(({ document, source }) => (document === null ? [] : [source])))]
  return traces
}

/** The runs whose marked texts hold it: they are sealed, so that each is opened. @throws `secrets-key-missing` */
async function markedRunsOf(database: Database, subject: string): Promise<Set<number>> {
  const runs = new Set<number>()
  const sought = subject.toLowerCase()
  for (let after = { run: -1, id: '' }; ; ) {
    const rows = await markedAfter(database, after, slice)
    for (const { run, text, locked } of rows) {
      if (locked) throw locked
      if (text?.toLowerCase().includes(sought)) runs.add(run)
    }
    if (rows.length < slice) return runs
    after = rows.at(-1)!
    await turn()
  }
}

/**
 * Removes what speaks of a person: everything that the journals of the ended runs hold which do, what people were asked and
 * answered there, cached answers, items of memory. The chains still verify: each payload's digest stays. A run that is erased
 * can be neither retried nor forked. What is under way is left, and named by `findTraces`.
 */
export async function eraseSubject(
  database: Database,
  subject: string,
  who: { by: string; proof: Proof; at: number; why?: string },
): Promise<Erasure> {
  const { runs } = await findTraces(database, subject)
  const erasure: Erasure = { runs: runs.length, events: 0, rows: 0 }
  for (const { no } of runs) {
    for (;;) {
      const events = await database.transaction((session) => eraseEvents(session, no, who.at))
      erasure.events += events
      if (events < slice) break
      await turn()
    }
    erasure.rows += await database.transaction((session) => eraseRows(session, no))
  }
  await database.transaction(async (session) => {
    erasure.rows += await forgetItems(session, database.kind, subject)
    // Their digests stay, and so does what was done, by whom and when.
    const said = holdsAny('payload', subject)
    erasure.rows += await session.run(
      `update authority_log set payload = null where ${said.sql}`,
      said.values,
    )
    for (const { id } of runs)
      erasure.rows += await session.run(
        'update authority_log set payload = null where run = ? and payload is not null',
        [id],
      )
    const answers = holdsAny('answer', subject)
    erasure.rows += await session.run(`delete from answers where ${answers.sql}`, answers.values)
    const permitted = holdsAny('arguments', subject)
    erasure.rows += await session.run(`delete from permissions where ${permitted.sql}`, permitted.values)
    const proposed = holdsAny('title', subject)
    const bodies = holdsAny('body', subject)
    erasure.rows += await session.run(`delete from proposals where ${proposed.sql} or ${bodies.sql}`, [
      ...proposed.values,
      ...bodies.values,
    ])
    const { by, proof, at, why } = who
    const details = { events: erasure.events, rows: erasure.rows }
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
  })
  return erasure
}

const eraseOne: Bulk = {
  columns: { id: 'int', blob: 'text', payload: 'text' },
  sql: 'update events set blob = :blob, payload = :payload {from} where events.id = :id',
}

async function eraseEvents(session: Session, run: number, at: number): Promise<number> {
  const found = await session.all<{ id: number; payload: string | null; blob: string | null }>(
    `select id, payload, blob from events where run = ?
       and ((payload is not null and blob is null) or (payload is null and blob is not null)) order by id limit ?`,
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

async function eraseRows(session: Session, run: number): Promise<number> {
  // The journal had what was asked and decided; with that erased, a row would say more than it.
  const inbox = await session.run('delete from inbox where run = ?', [run])
  const approvals = await session.run('delete from approvals where run = ?', [run])
  const answers = await session.run('delete from answers where run = ?', [run])
  const marked = await session.run(
    'update marked_values set text = null, key_id = null where run = ? and text is not null',
    [run],
  )
  await session.run(
    `update runs set reason = case when reason is null then null else 'what it was about was erased' end, key = null, idempotency = null
     where no = ?`,
    [run],
  )
  return inbox + approvals + answers + marked
}

/** Items of memory, their words in the index among them. */
async function forgetItems(session: Session, kind: Database['kind'], subject: string): Promise<number> {
  const { sql, values } = itemsThatHold(subject)
  await eraseWordsAtOnce(session, kind)
  const items = await session.run(`delete from items where document is null and ${sql}`, values)
  const words = subject.toLowerCase().split(/[^\p{L}\p{N}]+/u)
  for (const word of words.filter((each) => each !== ''))
    await session.run('delete from item_grams where term = ?', [word])
  return items
}

function itemsThatHold(subject: string): { sql: string; values: string[] } {
  const parts = ['title', 'heading', 'text', 'source', 'scope'].map((column) => holdsAny(column, subject))
  return {
    sql: `(${parts.map(({ sql }) => sql).join(' or ')})`,
    values: parts.flatMap(({ values }) => values),
  }
}

/** Whether a column holds the text in any case, as it stands or as JSON writes it. */
function holdsAny(column: string, subject: string): { sql: string; values: string[] } {
  const forms = [subject, subject.toLowerCase()].flatMap((each) => [each, JSON.stringify(each).slice(1, -1)])
  const patterns = [...new Set(forms)].map((each) => `%${each.replace(/[\\%_]/g, '\\$&')}%`)
  const one = `${column} like ? escape '\\' or lower(${column}) like ? escape '\\'`
  return {
    sql: `(${patterns.map(() => one).join(' or ')})`,
    values: patterns.flatMap((pattern) => [pattern, pattern]),
  }
}

async function eachStretch(
  database: Database,
  table: 'events' | 'inbox',
  look: (from: number, to: number) => Promise<void>,
): Promise<void> {
  const row = await database.get<{ first: number | null; last: number | null }>(
    `select min(id) as first, max(id) as last from ${table}`,
  )
  if (row?.first == null || row.last === null) return
  for (let from = row.first - 1; from < row.last; from += looked) {
    await look(from, from + looked)
    await turn()
  }
}
