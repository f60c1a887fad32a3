import { isShortText } from '../../base/text/text.ts'
import type { Session, Value } from '../database.ts'
import { callerKey, ofAnyCaller, ownKeys } from '../identity/run-keys.ts'
import type { RunRow, RunStatus } from './runs.ts'

/** Which runs a list holds; all that is given must hold. */
export interface RunFilter {
  /** Only runs in it. Default: all. */
  status?: RunStatus
  /** One of them; where only one is meant, `status` finds it by its index. */
  statuses?: readonly RunStatus[] | undefined
  /** Only its runs. Default: of all workflows. */
  workflow?: string
  /**
   * Found in the id, the workflow's name, the reason, the idempotency key, the `key` or the beginning of the input (some 800
   * characters of its JSON), whatever its case (of ASCII letters).
   */
  text?: string
  /** Only the runs that this text names (`runsNamed`). `text` does not count beside it. */
  named?: string | undefined
  /** Only runs that no other run started. Default: children as well. */
  topLevel?: boolean | undefined
  /** Created then or later (ms). */
  since?: number
  /** Created before then (ms). */
  until?: number
}

/**
 * Where a list goes on: below this run in the order that the list has. Runs that wait come by the database's own keys,
 * queued ones by the time since when they are ready, all others by their ids, which is by when they were created.
 */
export type RunPlace = { id: string } | { no: number } | { readyAt: number; no: number }

export interface RunSlice {
  rows: RunRow[]
  /** Where the next slice begins; undefined: there is nothing further back. */
  next: RunPlace | undefined
}

/** What a filter or an order goes by. */
export const searched = 'no, id, available_at, status, workflow, reason, idempotency, key, created_at, parent'
/** Rows that one statement looks at. */
const sliceRows = 5000
/** An id begins with its time; a run's row may have been made so much later or earlier than its id (ms). */
const idSlackMs = 3_600_000
/** Of a run's first event, what a search and a line of a list read (characters). */
export const readOfInput = 1000
/** Sorts behind all ids. */
const lastId = 'zzzzzzzzzzzzzzzzz'

/** The way through one index. */
interface Walk {
  order: string
  /** Of what the index holds; written as in the index. */
  holds: string
  below: string
  valuesOf(place: RunPlace): Value[]
  placeOf(row: Pick<RunRow, 'id' | 'no' | 'available_at'>): RunPlace
}

export const wrong = `status in ('failed', 'cancelled', 'stuck')`

const byId: Walk = {
  order: 'id desc',
  holds: 'true',
  below: 'id < ?',
  valuesOf: (place) => ('id' in place ? [place.id] : []),
  placeOf: ({ id }) => ({ id }),
}

const byNo: Walk = {
  order: 'no desc',
  holds: `status = 'waiting'`,
  below: 'no < ?',
  valuesOf: (place) => ('no' in place && !('readyAt' in place) ? [place.no] : []),
  placeOf: ({ no }) => ({ no }),
}

const byReady: Walk = {
  order: 'available_at desc, no desc',
  holds: `status = 'queued'`,
  below: 'available_at <= ? and (available_at < ? or no < ?)',
  valuesOf: (place) => ('readyAt' in place ? [place.readyAt, place.readyAt, place.no] : []),
  placeOf: ({ available_at: readyAt, no }) => ({ readyAt, no }),
}

export function walkOf(status: RunStatus | undefined): Walk {
  switch (status) {
    case 'waiting':
      return byNo
    case 'queued':
      return byReady
    case 'failed':
    case 'cancelled':
    case 'stuck':
      return { ...byId, holds: `${wrong} and status = '${status}'` }
    default:
      return byId
  }
}

/** Whether a place is one of the list with this filter. */
export function isPlaceOf({ status }: RunFilter, place: RunPlace): boolean {
  return walkOf(status).valuesOf(place).length > 0
}

/** The place of a run in the list with this filter. */
export function placeOfRun({ status }: RunFilter, row: RunRow): RunPlace {
  return walkOf(status).placeOf(row)
}

/**
 * The next runs that a filter lets through, the newest first, found among the next rows of one index: it costs by the
 * slice, and not by the number of runs. A slice may hold nothing and have a next one.
 */
export async function readRunSlice(
  session: Session,
  filter: RunFilter,
  place: RunPlace | undefined,
  limit: number,
): Promise<RunSlice> {
  if (filter.status === 'running') return readRunning(session, filter, place, limit)
  const walk = walkOf(filter.status)
  const { inner, values } = stretchOf(walk, filter, place)
  const { sql, parameters } = conditionsOf(filter)
  // What is not let through is not read beyond what decides it: a row has some thirty columns more.
  const found = `select no from (select ${searched} ${inner} limit ${sliceRows}) as stretch where ${sql} order by ${walk.order} limit ?`
  const rows = await session.all<RunRow>(`select * from runs where no in (${found}) order by ${walk.order}`, [
    ...values,
    ...parameters,
    limit,
  ])
  if (rows.length === limit) return { rows, next: walk.placeOf(rows.at(-1)!) }
  const end = await session.get<Pick<RunRow, 'id' | 'no' | 'available_at'>>(
    `select id, no, available_at ${inner} limit 1 offset ${sliceRows - 1}`,
    values,
  )
  return { rows, next: end && walk.placeOf(end) }
}

/** The part of an index in which runs can be that a filter lets through, from a place on. */
export function stretchOf(
  walk: Walk,
  { since, until }: RunFilter,
  place: RunPlace | undefined,
): { inner: string; values: Value[] } {
  const bounds = [walk.holds]
  const values: Value[] = []
  if (place) {
    bounds.push(walk.below)
    values.push(...walk.valuesOf(place))
  }
  if (walk.order === byId.order) {
    for (const [time, sql, slack] of [
      [since, 'id >= ?', -idSlackMs],
      [until, 'id < ?', idSlackMs],
    ] as const) {
      if (time === undefined) continue
      bounds.push(sql)
      values.push(idOfTime(time + slack))
    }
  }
  return { inner: `from runs where ${bounds.join(' and ')} order by ${walk.order}`, values }
}

/** No more run at one time than workers have room for. */
async function readRunning(
  session: Session,
  filter: RunFilter,
  place: RunPlace | undefined,
  limit: number,
): Promise<RunSlice> {
  const { sql, parameters } = conditionsOf(filter)
  const after = place && 'id' in place ? place.id : lastId
  // Ordered by an expression, so that the index of those that run is read, and not all ids.
  const rows = await session.all<RunRow>(
    `select * from runs where status = 'running' and id || '' < ? and ${sql} order by id || '' desc limit ?`,
    [after, ...parameters, limit],
  )
  return { rows, next: rows.length === limit ? { id: rows.at(-1)!.id } : undefined }
}

export function conditionsOf({ status, statuses, workflow, text, since, until, topLevel }: RunFilter): {
  sql: string
  parameters: Value[]
} {
  const conditions = ['true']
  const parameters: Value[] = []
  const add = (sql: string, ...values: Value[]) => {
    conditions.push(sql)
    parameters.push(...values)
  }
  if (status !== undefined) add('status = ?', status)
  if (statuses !== undefined) add(`status in (${statuses.map(() => '?').join(', ')})`, ...statuses)
  if (workflow !== undefined) add('workflow = ?', workflow)
  if (since !== undefined) add('created_at >= ?', since)
  if (until !== undefined) add('created_at < ?', until)
  if (topLevel) add('parent is null')
  if (text !== undefined && text !== '') {
    const pattern = `%${text.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`
    const columns = ['id', 'workflow', 'reason', 'idempotency', 'key']
    const like = columns.map((column) => `lower(coalesce(${column}, '')) like ? escape '\\'`)
    // What a list shows of the input: it is the last of what the first event says.
    const ofInput = `exists (select 1 from events where run = no and seq = 1 and lower(substr(payload, 1, ${readOfInput})) like ? escape '\\')`
    add(`(${[...like, ofInput].join(' or ')})`, ...columns.map(() => pattern), `%"input":${pattern}`)
  }
  return { sql: conditions.join(' and '), parameters }
}

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

/** The first id that a time can have; see `createIds`. */
function idOfTime(ms: number): string {
  let rest = Math.max(0, ms)
  let text = ''
  for (let index = 0; index < 9; index++) {
    text = alphabet[rest % 32] + text
    rest = Math.floor(rest / 32)
  }
  return text
}

/** Fewer characters than this at the beginning of an id name no run. */
export const leastOfId = 6
const idAlphabet = /^[0-9a-z]+$/

/**
 * The runs that a text names: the one with this id; else those that `caller` started with this idempotency key; else those
 * that the project's own code did, or the command line beside the database; else those that anybody did; else those with
 * this `key` of their workflow, also written `WORKFLOW:KEY`, that have not ended, and where there is none, those that have;
 * else those whose id begins so (from 6 characters on). The newest first, and so many at most.
 */
export async function runsNamed(
  session: Session,
  text: string,
  most: number,
  caller?: string,
): Promise<RunRow[]> {
  if (!isShortText(text) || text === '') return []
  const find = (where: string, ...values: string[]) =>
    session.all<RunRow>(`select * from runs where ${where} order by no desc limit ?`, [...values, most])
  const one = await find('id = ?', text)
  if (one.length > 0) return one
  if (!text.startsWith(ownKeys)) {
    const withKey = 'idempotency is not null and idempotency = ?'
    const any = ofAnyCaller(text)
    for (const [sql, ...values] of [
      ...(caller === undefined ? [] : [[withKey, callerKey(caller, text)] as const]),
      [withKey, text] as const,
      [any.sql, ...any.values] as const,
    ]) {
      const ofKey = await find(sql, ...values)
      if (ofKey.length > 0) return ofKey
    }
  }
  const [, workflow, key] = /^([^:]+):(.+)$/s.exec(text) ?? []
  for (const end of ['is null', 'is not null']) {
    const ofKey = await find(`key is not null and key = ? and ended_at ${end}`, text)
    if (ofKey.length > 0) return ofKey
    if (workflow === undefined || key === undefined) continue
    const ofBoth = await find(
      `key is not null and key = ? and workflow = ? and ended_at ${end}`,
      key,
      workflow,
    )
    if (ofBoth.length > 0) return ofBoth
  }
  if (text.length < leastOfId || !idAlphabet.test(text)) return []
  // Behind "z" comes no character of an id.
  return find('id >= ? and id < ?', text, `${text}{`)
}
