import { setImmediate as turn } from 'node:timers/promises'
import { ReeveError } from '../../../base/errors.ts'
import type { Database, Session } from '../../database.ts'
import { markedAfter } from '../../marks/marked-values.ts'
import { endedStatuses, type RunStatus } from '../../runs/runs.ts'
import { holdsOneOf, shortest, speaksOf } from './forms.ts'
import { placesOfItems, placesOfOthers, placesOfRuns } from './places.ts'

/** Events that one statement looks through, and marked texts that one reads. */
const looked = 20_000
const slice = 500

/** What speaks of a person. */
export interface SubjectTraces {
  /** Runs that have ended: all that their journals hold would be erased. Those are among them that an erasure left half done. */
  runs: { no: number; id: string; workflow: string }[]
  /** Runs that go on: they cannot be erased, for their journals are what they go on from. */
  going: GoingRun[]
  /** Items of memory. */
  memories: number
  /** Files of knowledge that were read: they are the project's own. */
  files: string[]
  /** What stays, and what a person can do about it. */
  stays: { what: string; rows: number; advice: string }[]
}

export interface GoingRun {
  id: string
  workflow: string
  status: RunStatus
}

/**
 * Finds what speaks of a person, by a text that stands for them and nobody else: an address, a number, a name.
 * @throws `bad-text` when the text is too short, `secrets-key-missing` where marked texts cannot be opened
 */
export async function findTraces(database: Database, subject: string): Promise<SubjectTraces> {
  if (subject.trim().length < shortest)
    throw new ReeveError(
      'bad-text',
      `"${subject}" is too short to identify one person: it must have ${shortest} characters or more. Give an address, a number or a whole name.`,
    )
  const traces: SubjectTraces = { runs: [], going: [], memories: 0, files: [], stays: [] }
  for (const no of await runsThatSpeakOf(database, subject)) {
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
  const { sql, values } = holdsOneOf(placesOfItems, subject)
  const items = await database.all<{ document: string | null; source: string }>(
    `select document, source from items where ${sql}`,
    values,
  )
  traces.memories = items.filter(({ document }) => document === null).length
  traces.files = [...new Set(items.flatMap(({ document, source }) => (document === null ? [] : [source])))]
  for (const { what, advice, ...place } of placesOfOthers) {
    const rows = await countThose(database, place, subject)
    if (rows > 0) traces.stays.push({ what, rows, advice })
  }
  return traces
}

async function runsThatSpeakOf(database: Database, subject: string): Promise<Set<number>> {
  const numbers = new Set<number>()
  const add = (rows: { run: number }[]) => {
    for (const { run } of rows) numbers.add(Number(run))
  }
  const said = holdsOneOf(['coalesce(e.payload, b.content)', 'e.name'], subject)
  const halfErased = new Set<number>()
  await eachStretch(database, 'events', async (from, to) => {
    add(
      await database.all<{ run: number }>(
        `select distinct e.run from events e left join blobs b on b.hash = e.blob
         where e.id > ? and e.id <= ? and ${said.sql}`,
        [from, to, ...said.values],
      ),
    )
    const erased = await database.all<{ run: number }>(
      'select distinct run from events where id > ? and id <= ? and payload is not null and blob is not null',
      [from, to],
    )
    for (const { run } of erased) halfErased.add(Number(run))
  })
  for (const run of halfErased) if (await hasUnerased(database, run)) numbers.add(run)
  const came = holdsOneOf(['payload', 'name', 'dedup'], subject)
  await eachStretch(database, 'inbox', async (from, to) =>
    add(
      await database.all<{ run: number }>(
        `select distinct run from inbox where id > ? and id <= ? and ${came.sql}`,
        [from, to, ...came.values],
      ),
    ),
  )
  for (const { from, run, columns } of placesOfRuns) {
    const { sql, values } = holdsOneOf(columns, subject)
    add(
      await database.all<{ run: number }>(`select distinct ${run} as run from ${from} where ${sql}`, values),
    )
  }
  for (const run of await markedRunsOf(database, subject)) numbers.add(run)
  return numbers
}

/** The first of an erasure's transactions takes what is not of the journal with it, and others go on: it may have died between. */
async function hasUnerased(session: Session, run: number): Promise<boolean> {
  const row = await session.get<{ id: number }>(
    `select id from events where run = ? and ${isUnerased} limit 1`,
    [run],
  )
  return row !== undefined
}

/** Of an event: it has a payload, in its row or apart. */
export const isUnerased = '((payload is not null and blob is null) or (payload is null and blob is not null))'

/** The runs whose marked texts hold it: they are sealed, so that each is opened. @throws `secrets-key-missing` */
async function markedRunsOf(database: Database, subject: string): Promise<Set<number>> {
  const runs = new Set<number>()
  for (let after = { run: -1, id: '' }; ; ) {
    const rows = await markedAfter(database, after, slice)
    for (const { run, text, locked } of rows) {
      if (locked) throw locked
      if (text !== null && speaksOf(text, subject)) runs.add(run)
    }
    if (rows.length < slice) return runs
    after = rows.at(-1)!
    await turn()
  }
}

async function countThose(
  session: Session,
  { from, columns, when = '1 = 1' }: { from: string; columns: readonly string[]; when?: string },
  subject: string,
): Promise<number> {
  const { sql, values } = holdsOneOf(columns, subject)
  const row = await session.get<{ rows: number }>(
    `select count(*) as rows from ${from} where ${when} and ${sql}`,
    values,
  )
  return Number(row!.rows)
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
