import type { Bulk, Row, Value } from '../../database.ts'
import { bornInLine } from '../../dispatch/key-lines.ts'
import type { RunRow } from '../runs.ts'

const insertColumns = {
  no: 'int',
  id: 'text',
  workflow: 'text',
  version: 'text',
  status: 'text',
  queue: 'text',
  key: 'text',
  priority: 'int',
  available_at: 'int',
  fresh: 'int',
  idempotency: 'text',
  parent: 'int',
  parent_step: 'int',
  principal: 'text',
  epoch: 'int',
  worker: 'text',
  created_at: 'int',
} as const

/** `given` counts for runs with an idempotency key, `detached` for children. */
export type NewRun = Pick<RunRow, keyof typeof insertColumns> & Partial<Pick<RunRow, 'given' | 'detached'>>

function insertOf(columns: Bulk['columns']): string {
  const names = Object.keys(columns)
  // A start that is put off has its time there where timers are looked for, and is not ready until then.
  return `insert into runs (${names.join(', ')}, wake_at) select ${names.map((name) => `:${name}`).join(', ')},
    case when :status = 'queued' and :available_at > :created_at then :available_at end {from}`
}

/** The same for runs that wait for a worker. */
function queuedOf(columns: Bulk['columns']): string {
  return insertOf(columns)
    .replace(', wake_at)', ', wake_at, key_line)')
    .replace(' {from}', `, ${bornInLine} {from}`)
}

function onceOf(insert: string): string {
  return `${insert} where true on conflict (workflow, idempotency) where idempotency is not null do nothing returning no`
}

export const insertRuns: Bulk = { columns: insertColumns, sql: insertOf(insertColumns) }

const keyedColumns = { ...insertColumns, given: 'text' } as const

const childColumns = { ...insertColumns, detached: 'int' } as const

/** A child of a run that somebody cancelled before this commit is born cancelled: no worker drives it. */
const insertChildren: Bulk = {
  columns: childColumns,
  announces: 'work',
  sql: queuedOf(childColumns)
    .replace(', key_line)', ', key_line, cancelled_by)')
    .replace(' {from}', ', (select above.cancelled_by from runs above where above.no = :parent) {from}'),
}

/** The same for runs that wait for a worker. */
export const enqueueRuns: Bulk = { columns: insertColumns, sql: queuedOf(insertColumns), announces: 'work' }

/** For runs with an idempotency key: answers the `no` of those that were new. */
export const insertKeyedRuns: Bulk = { columns: keyedColumns, sql: onceOf(insertOf(keyedColumns)) }

/** For runs that an earlier commit may have made: answers the `no` of those that were new. */
export const insertAbsentRuns: Bulk = {
  columns: keyedColumns,
  sql: `${insertOf(keyedColumns)} where true on conflict do nothing returning no`,
}

export const enqueueKeyedRuns: Bulk = {
  columns: keyedColumns,
  sql: onceOf(queuedOf(keyedColumns)),
  announces: 'work',
}

export function keyedRunValues(run: NewRun): Value[] {
  return [...newRunValues(run), run.given ?? null]
}

export function childRow(run: NewRun): Row {
  return { statement: insertChildren, values: [...newRunValues(run), run.detached ?? 0] }
}

const insertNames = Object.keys(insertColumns) as (keyof typeof insertColumns)[]

export function newRunValues(run: NewRun): Value[] {
  return insertNames.map((name) => run[name])
}
