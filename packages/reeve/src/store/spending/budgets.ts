import { fromNanoUsd } from '../../base/money.ts'
import { type Acting, record } from '../authority/acting.ts'
import type { Bulk, Row, Session } from '../database.ts'
import { moneyCameBack } from './budget-waits.ts'
import { beginModelCall, billModelCall, type CallBill, type NewModelCall } from './model-calls.ts'

/**
 * Money that may be spent, by scope: `project`, `day:2026-11-21`, `workflow:NAME`, `agent:NAME`, `run:NUMBER`.
 *
 * A call to a paid solver first reserves the most that it may cost in every scope that it counts in, and afterwards
 * replaces the reservation by what it did cost. What is reserved and what is spent never exceed a ceiling together,
 * however many calls run at once. A reservation whose worker died counts as spent: the provider may have billed it.
 */
export interface BudgetRow {
  scope: string
  /** Billionths of a US dollar; null: counted without a ceiling. */
  ceiling_nanousd: number | null
  reserved_nanousd: number
  spent_nanousd: number
}

export interface Reservation {
  id: string
  run: number
  scopes: string[]
  nanousd: number
  /** The call that it is for, as the ledger has it. */
  call: Omit<NewModelCall, 'id' | 'run'>
}

/** Sets a scope's ceiling, or takes it away. Answers the runs that waited for room there, and try again. */
export async function setCeiling(session: Session, scope: string, nanousd: number | null): Promise<number[]> {
  await session.run(
    `insert into budgets (scope, ceiling_nanousd, reserved_nanousd, spent_nanousd) values (?, ?, 0, 0)
     on conflict (scope) do update set ceiling_nanousd = excluded.ceiling_nanousd`,
    [scope, nanousd],
  )
  return moneyCameBack(session, [scope])
}

/** In a transaction, by somebody. */
export async function changeCeiling(
  session: Session,
  scope: string,
  nanousd: number | null,
  acting: Acting,
): Promise<number[]> {
  const before = (await readBudget(session, scope))?.ceiling_nanousd ?? null
  const woken = await setCeiling(session, scope, nanousd)
  const usd = (of: number | null) => (of === null ? null : fromNanoUsd(of))
  await record(session, acting, 'ceiling-set', scope, { before: usd(before), ceiling: usd(nanousd) })
  return woken
}

/** Makes a scope known with its first ceiling; one that it has already stands. */
export async function ensureBudget(session: Session, scope: string, nanousd: number | null): Promise<void> {
  await session.run(
    `insert into budgets (scope, ceiling_nanousd, reserved_nanousd, spent_nanousd) values (?, ?, 0, 0)
     on conflict (scope) do nothing`,
    [scope, nanousd],
  )
}

/**
 * Reserves in every scope, in one order for all callers so that they cannot block one another. Answers the scope whose
 * ceiling stands in the way; the caller must then let its transaction fail.
 */
export async function reserve(session: Session, reservation: Reservation): Promise<BudgetRow | undefined> {
  // Once in each: a run and one above it may be of the same workflow.
  const scopes = [...new Set(reservation.scopes)].sort()
  for (const scope of scopes) {
    const changed = await session.run(
      `update budgets set reserved_nanousd = reserved_nanousd + ? where scope = ?
         and (ceiling_nanousd is null or reserved_nanousd + spent_nanousd + ? <= ceiling_nanousd)`,
      [reservation.nanousd, scope, reservation.nanousd],
    )
    if (changed > 0) continue
    const row = await readBudget(session, scope)
    // A run above was deleted since: it has no ceiling any more.
    if (!row && scope.startsWith('run:')) continue
    return row ?? emptyBudget(scope)
  }
  await session.run('insert into reservations (id, run, scopes, nanousd) values (?, ?, ?, ?)', [
    reservation.id,
    reservation.run,
    JSON.stringify(scopes),
    reservation.nanousd,
  ])
  await beginModelCall(session, { ...reservation.call, id: reservation.id, run: reservation.run })
  return
}

/**
 * Replaces a reservation by what was spent, in the ledger too. Answers false when it was settled before. `woken`: gets the runs
 * that waited for the room that this made.
 */
export async function settle(
  session: Session,
  id: string,
  nanousd: number,
  bill: CallBill,
  woken: number[] = [],
): Promise<boolean> {
  const row = await session.get<{ scopes: string; nanousd: number }>(
    'select scopes, nanousd from reservations where id = ? {lock}',
    [id],
  )
  if (!row || (await session.run('delete from reservations where id = ?', [id])) === 0) return false
  const scopes = JSON.parse(row.scopes) as string[]
  for (const scope of scopes) {
    await session.run(
      'update budgets set reserved_nanousd = reserved_nanousd - ?, spent_nanousd = spent_nanousd + ? where scope = ?',
      [row.nanousd, nanousd, scope],
    )
  }
  await billModelCall(session, id, nanousd, bill)
  if (nanousd < row.nanousd) woken.push(...(await moneyCameBack(session, scopes)))
  return true
}

/**
 * Ids that begin so are of reservations that their run keeps through changes of its worker: for batches, which go on at
 * their provider's while nobody drives the run. They last until the run settles them, or `heldByEndedRuns` shows them.
 */
export const heldPrefix = 'batch:'

/** As `reserve`, for an id that begins with `heldPrefix`. What was reserved under it before stands. */
export async function hold(session: Session, reservation: Reservation): Promise<BudgetRow | undefined> {
  const known = await session.get('select id from model_calls where id = ?', [reservation.id])
  return known ? undefined : reserve(session, reservation)
}

export interface HeldReservation {
  id: string
  run: number
  nanousd: number
  model: string
  /** When its run ended (ms); null: that run was deleted. */
  ended_at: number | null
}

/** What runs held and left unsettled at their end. */
export async function heldByEndedRuns(session: Session): Promise<HeldReservation[]> {
  return session.all<HeldReservation>(
    `select v.id, v.run, v.nanousd, c.model, r.ended_at
     from reservations v join model_calls c on c.id = v.id left join runs r on r.no = v.run
     where v.id like '${heldPrefix}%' and (r.no is null or r.status in ('succeeded', 'failed', 'cancelled'))
     order by v.id`,
  )
}

/** Counts what a run's dead worker had reserved as spent, but for what the run itself holds. Answers how much that is. */
export async function settleAbandoned(session: Session, run: number): Promise<number> {
  const rows = await session.all<{ id: string; nanousd: number }>(
    `select id, nanousd from reservations where run = ? and id not like '${heldPrefix}%'`,
    [run],
  )
  let total = 0
  for (const { id, nanousd } of rows) if (await settle(session, id, nanousd, unknownBill)) total += nanousd
  return total
}

export async function readBudget(session: Session, scope: string): Promise<BudgetRow | undefined> {
  return session.get<BudgetRow>('select * from budgets where scope = ?', [scope])
}

/** Those of days, from one to another (`2026-11-21`), both included. */
export async function dayBudgets(session: Session, first: string, last: string): Promise<BudgetRow[]> {
  return session.all<BudgetRow>('select * from budgets where scope >= ? and scope <= ? order by scope', [
    `day:${first}`,
    `day:${last}`,
  ])
}

export async function listBudgets(session: Session): Promise<BudgetRow[]> {
  return session.all<BudgetRow>(`select * from budgets where scope not like 'run:%' order by scope`)
}

function emptyBudget(scope: string): BudgetRow {
  return { scope, ceiling_nanousd: 0, reserved_nanousd: 0, spent_nanousd: 0 }
}

/** Of a call that nobody heard the end of. */
export const unknownBill: CallBill = { outcome: 'unknown', inputTokens: 0, outputTokens: 0, cachedTokens: 0 }

/** What runs spent counts against their own ceilings no more: each chapter of a run has its ceiling anew. */
const resetRunBudgets: Bulk = {
  columns: { scope: 'text' },
  sql: 'update budgets set spent_nanousd = 0 {from} where budgets.scope = :scope',
}

export function budgetResetRow(run: number): Row {
  return { statement: resetRunBudgets, values: [`run:${run}`] }
}
