import { messageOf, ReeveError } from '../../base/errors.ts'
import { sha256 } from '../../base/hash.ts'
import { verifyAudit } from '../audit/audit.ts'
import { copyKeyRecord } from '../audit/key/key-record.ts'
import { authorityVersion } from '../authority/version.ts'
import type { Bulk, Database, Session, Value } from '../database.ts'
import { countOnward, holdStill, listColumns } from '../dialect.ts'
import { pausedAllMark } from '../dispatch/queues/pause-all.ts'
import { liveWorkers, removeDeadWorkers } from '../dispatch/workers.ts'
import { markMoved, refuseMoved } from '../identity/moved.ts'
import { copyOwner } from '../identity/ownership.ts'
import { copyMark, identityOf, migrate, schemaVersion, versionOf } from '../migrations.ts'
import { prepareVectors } from '../postgres/pgvector.ts'

export interface CopyReport {
  /** Rows by table. */
  rows: Record<string, number>
  runs: number
  events: number
  /** Runs that had not ended, by status: they go on at the target. */
  inFlight: Record<string, number>
}

export type CopyProgress = (table: string, copied: number, total: number) => void

/** `meta` says what the target is; the others say who works at the source now. */
const notCopied = ['meta', 'workers']
const firstPage = 100
const largestPage = 2000
/** Of the text of a page, roughly: large payloads come in few rows. */
const pageCharacters = 4_000_000

/**
 * Copies everything, runs in flight with it, into an empty database of either kind:
 *
 *   empty → marked as incomplete → filled → verified → usable
 *
 * The target is refused by every other use until the last step, so that a copy cut short is never mistaken for the
 * whole. Nobody can write at the source meanwhile, and it is fenced before the target is usable: at no moment could
 * both be worked on. Verified is that every row is the same in both, and that every hash
 * chain holds at the target. Keys, numbers, counters and the database's identity (and so the keys of effects) stay.
 * @throws `copy-source` `copy-source-busy` `copy-target-not-empty` `copy-differs` `copy-unfinished` `database-moved` and what opening either throws
 */
export async function copyDatabase(
  source: Database,
  target: Database,
  onProgress: CopyProgress = () => {},
): Promise<CopyReport> {
  await requireCurrent(source)
  const report = await source.transaction(async (session) => {
    const all = await tablesOf(session, source.kind)
    for (const sql of holdStill[source.kind](all.map(({ name }) => name))) await session.run(sql)
    await refuseMoved(session, source.place)
    await refuseWhileDriven(session, source)
    await prepare(target, source.place, await identityOf(session))
    await copyOwner(session, target)
    await copyKeyRecord(session, target)
    await copyMeta(session, target)
    const rows: Record<string, number> = {}
    for (const table of all) {
      if (notCopied.includes(table.name)) continue
      rows[table.name] = await copyTable(table, session, target, onProgress)
    }
    await verify(target, source)
    await finish(target)
    await markMoved(session, target.place)
    const inFlight = await countInFlight(session)
    return { rows, runs: rows.runs ?? 0, events: rows.events ?? 0, inFlight }
  })
  await release(target, source)
  return report
}

async function requireCurrent(source: Database): Promise<void> {
  const at = await versionOf(source)
  if (at === schemaVersion) return
  const why =
    at === 0
      ? 'holds nothing of Reeve'
      : `has schema version ${at}, this Reeve ${schemaVersion}: ${at < schemaVersion ? 'run reeve migrate on it first' : 'update Reeve'}`
  throw new ReeveError('copy-source', `${source.place} cannot be copied: it ${why}.`)
}

/** Makes the tables and puts up the mark, with the identity of the source. */
async function prepare(target: Database, from: string, identity: string): Promise<void> {
  await migrate(target, () => identity)
  await target.transaction(async (session) => {
    for (const { name } of await tablesOf(session, target.kind)) {
      if (name === 'meta' || (await count(session, name)) === 0) continue
      throw new ReeveError(
        'copy-target-not-empty',
        `${target.place} is not empty: it has rows in ${name}. A copy is only made into an empty database. Nothing was changed.`,
      )
    }
    await session.run(`update meta set value = ? where name = 'identity'`, [identity])
    await session.run('insert into meta (name, value) values (?, ?)', [copyMark, from])
  })
}

/** What `meta` says of the work itself goes with it: that everything is paused, by whom and why, and the version of authority. */
async function copyMeta(source: Session, target: Database): Promise<void> {
  const rows = await source.all<{ name: string; value: string }>(
    'select name, value from meta where name in (?, ?)',
    [pausedAllMark, authorityVersion],
  )
  for (const { name, value } of rows)
    await target.run(
      'insert into meta (name, value) values (?, ?) on conflict (name) do update set value = excluded.value',
      [name, value],
    )
}

/** Two owners would act twice. Those whose process is gone are signed off. */
async function refuseWhileDriven(session: Session, source: Database): Promise<void> {
  await removeDeadWorkers(session, 0)
  const workers = await liveWorkers(session)
  if (workers.length === 0) return
  const listed = workers.map(({ host, pid }) => `process ${pid} on ${host}`).join(', ')
  throw new ReeveError(
    'copy-source-busy',
    `${source.place} is being worked on by ${listed}. Stop every worker first (SIGTERM lets them finish calls in progress), then copy.`,
  )
}

interface Column {
  name: string
  type: 'int' | 'text' | 'bytes'
}

interface Table {
  name: string
  columns: Column[]
  key: string[]
  /** The column that a sequence fills. */
  counted: string | undefined
}

async function tablesOf(session: Session, kind: Database['kind']): Promise<Table[]> {
  const rows = await session.all<{
    in_table: string
    name: string
    type: string
    key_place: number
    counted: number
  }>(listColumns[kind])
  const own = rows.filter((row) => !isDerived(row.type))
  return [...Map.groupBy(own, (row) => row.in_table)].map(([name, columns]) => ({
    name,
    columns: columns.map((column) => ({ name: column.name, type: typeOf(column.type) })),
    key: columns
      .filter((column) => column.key_place > 0)
      .sort((left, right) => left.key_place - right.key_place)
      .map((column) => column.name),
    counted: columns.find((column) => column.counted)?.name,
  }))
}

/** pgvector's copy of bytes that stand beside it. */
function isDerived(declared: string): boolean {
  return /\bvector$/.test(declared)
}

function typeOf(declared: string): Column['type'] {
  if (/int|serial/.test(declared)) return 'int'
  return /blob|bytea/.test(declared) ? 'bytes' : 'text'
}

async function count(session: Session, table: string): Promise<number> {
  return (await session.get<{ count: number }>(`select count(*) as count from ${table}`))!.count
}

async function countInFlight(session: Session): Promise<Record<string, number>> {
  const rows = await session.all<{ status: string; count: number }>(
    'select status, count(*) as count from runs where ended_at is null group by status order by status',
  )
  return Object.fromEntries(rows.map(({ status, count }) => [status, count]))
}

async function copyTable(
  table: Table,
  from: Session,
  target: Database,
  onProgress: CopyProgress,
): Promise<number> {
  const names = table.columns.map(({ name }) => name)
  const insert: Bulk = {
    columns: Object.fromEntries(table.columns.map(({ name, type }) => [name, type])),
    sql: `insert into ${table.name} (${names.join(', ')}) select ${names.map((name) => `:${name}`).join(', ')} {from}`,
  }
  const total = await count(from, table.name)
  const read = new Digest()
  for await (const rows of pagesOf(table, from)) {
    await target.bulk(insert, rows)
    for (const row of rows) read.add(row)
    onProgress(table.name, read.count, total)
  }
  const written = new Digest()
  for await (const rows of pagesOf(table, target)) for (const row of rows) written.add(row)
  if (read.count !== total || !written.equals(read)) {
    throw new ReeveError(
      'copy-differs',
      `Table ${table.name} of ${target.place} is not what was read: ${written.count} rows for ${total}. The target stays refused; empty it and copy again.`,
    )
  }
  return total
}

/** A table's rows in the order of its key, in pages of about the same size. */
async function* pagesOf(table: Table, session: Session): AsyncGenerator<Value[][]> {
  const { name, columns, key } = table
  const list = key.join(', ')
  const marks = key.map(() => '?').join(', ')
  const select = `select ${columns.map((column) => column.name).join(', ')} from ${name}`
  const keyPlaces = key.map((part) => columns.findIndex((column) => column.name === part))
  let last: Value[] | undefined
  for (let size = firstPage; ; ) {
    const where = last ? `where (${list}) > (${marks})` : ''
    const found = await session.all<Record<string, Value>>(`${select} ${where} order by ${list} limit ?`, [
      ...(last ?? []),
      size,
    ])
    const rows = found.map((row) => columns.map((column) => row[column.name] ?? null))
    if (rows.length > 0) yield rows
    if (rows.length < size) return
    last = keyPlaces.map((place) => rows.at(-1)![place]!)
    const characters = rows.reduce((sum, row) => sum + charactersOf(row), 1)
    size = Math.ceil(Math.min(largestPage, size * 4, size * (pageCharacters / characters)))
  }
}

function charactersOf(row: Value[]): number {
  let sum = 0
  for (const value of row) sum += typeof value === 'object' ? (value?.length ?? 0) : String(value).length
  return sum
}

/** Of rows in any order, for databases sort texts differently. */
class Digest {
  count = 0
  #sum = 0n

  add(row: Value[]): void {
    this.count++
    const values = row.map((value) =>
      value instanceof Uint8Array ? { hex: Buffer.from(value).toString('hex') } : value,
    )
    this.#sum = (this.#sum + numberOf(sha256(JSON.stringify(values)))) % 2n ** 256n
  }

  equals(other: Digest): boolean {
    return this.count === other.count && this.#sum === other.#sum
  }
}

function numberOf(hash: string): bigint {
  return BigInt(`0x${Buffer.from(hash, 'base64url').toString('hex')}`)
}

/** The rows are the source's own, so a chain that does not hold here does not hold there either. */
async function verify(target: Database, source: Database): Promise<void> {
  const { faults, integrity } = await verifyAudit(target)
  const first = faults[0]
  if (first) {
    throw new ReeveError(
      'copy-differs',
      `${faults.length} hash chains do not hold, the first at event ${first.seq} of run ${first.runId}: ${first.problem}. The rows are as they are in ${source.place}: look there with reeve audit verify. The target stays refused.`,
    )
  }
  if (integrity.length > 0) {
    throw new ReeveError('copy-differs', `${target.place} is damaged: ${integrity.slice(0, 3).join('; ')}.`)
  }
}

async function finish(target: Database): Promise<void> {
  await prepareVectors(target)
  const onward = countOnward[target.kind]
  await target.transaction(async (session) => {
    for (const { name, counted } of await tablesOf(session, target.kind)) {
      if (onward && counted !== undefined) await session.all(onward(name, counted))
    }
  })
}

/** Takes the mark away. Whether that worked may not be known: then the source stays fenced, for the target may be usable. */
async function release(target: Database, source: Database): Promise<void> {
  try {
    await target.run('delete from meta where name = ?', [copyMark])
  } catch (cause) {
    throw new ReeveError(
      'copy-unfinished',
      `Everything is in ${target.place} and was verified, but the last step failed: ${messageOf(cause)}. ${source.place} is fenced. Ask reeve doctor at the target: if it is refused as incomplete, empty it, take the fence away with reeve db reopen at the source, and copy again.`,
      { cause },
    )
  }
}
