import type { Bulk, Row, Session } from '../database.ts'

/**
 * What effects have taken of ceilings on what they add up to: one row for each effect and account.
 *
 *   reserved (in the commit of the intent, if it fits) → spent (the same row: the effect happened, or may have)
 *                                                     ↘ released (the row is deleted: it certainly did not happen)
 *
 * The rows that a commit reserves are added up behind a lock on their account, in one statement. What does not fit is not
 * written, and whoever reserves must look whether it was (`isReserved`) before it sends anything.
 */
export interface EffectReservation {
  /** Of one principal's budget, and for `by` of one value. */
  account: string
  /** In millionths. */
  amount: number
  ceiling: number
  /** Only what was reserved after this counts (ms). */
  since: number
  /** How long the row counts (ms); null: for ever. */
  perMs: number | null
}

const addAccounts: Bulk = {
  columns: { account: 'text' },
  sql: `insert into effect_accounts (account) select distinct :account as account {from} where true
    order by account on conflict (account) do nothing`,
}

const lockAccounts: Bulk = {
  columns: { account: 'text' },
  sql: `select effect_accounts.account from effect_accounts {also}
    where effect_accounts.account = :account order by effect_accounts.account {lock}`,
}

/** Rows of one statement count one after another, also those that do not fit: whoever is refused tries again. */
const reserve: Bulk = {
  columns: {
    id: 'text',
    account: 'text',
    run: 'int',
    amount: 'int',
    ceiling: 'int',
    since: 'int',
    at: 'int',
    until: 'int',
  },
  sql: `insert into effect_spendings (id, account, run, amount, at, until)
    select g.id, g.account, g.run, g.amount, g.at, g.until from (
      select :id as id, :account as account, :run as run, :amount as amount, :ceiling as ceiling, :since as since,
        :at as at, :until as until,
        sum(:amount) over (partition by :account order by :id rows unbounded preceding) as running {from}
    ) g
    where g.running + coalesce(
        (select sum(s.amount) from effect_spendings s where s.account = g.account and s.at > g.since), 0) <= g.ceiling
    on conflict (id, account) do nothing`,
}

/** What reserves for an effect, for the commit of its intent. `id`: the effect's key. */
export function reservingRows(
  id: string,
  { run, at }: { run: number; at: number },
  reservations: readonly EffectReservation[],
): Row[] {
  const accounts = reservations.map(({ account }) => [account])
  return [
    ...accounts.map((values) => ({ statement: addAccounts, values })),
    ...accounts.map((values) => ({ statement: lockAccounts, values })),
    ...reservations.map(({ account, amount, ceiling, since, perMs }) => ({
      statement: reserve,
      values: [id, account, run, amount, ceiling, since, at, perMs === null ? null : at + perMs],
    })),
  ]
}

const release: Bulk = {
  columns: { id: 'text' },
  sql: 'delete from effect_spendings where id in (select :id {from})',
}

/** Gives back what an effect had reserved that certainly did not happen. */
export function releasingRow(id: string): Row {
  return { statement: release, values: [id] }
}

/** Whether all of it was reserved for this effect. */
export async function isReserved(session: Session, id: string, accounts: number): Promise<boolean> {
  const row = await session.get<{ count: number }>(
    'select count(*) as count from effect_spendings where id = ?',
    [id],
  )
  return Number(row?.count ?? 0) >= accounts
}

export async function releaseSpending(session: Session, id: string): Promise<void> {
  await session.run('delete from effect_spendings where id = ?', [id])
}

/** What was taken of an account since a time, but for what this effect itself has reserved. */
export async function spentSince(
  session: Session,
  { account, since, but }: { account: string; since: number; but: string },
): Promise<number> {
  const row = await session.get<{ spent: number | null }>(
    'select sum(amount) as spent from effect_spendings where account = ? and at > ? and id <> ?',
    [account, since, but],
  )
  return Number(row?.spent ?? 0)
}

/** Longer than its stretch of time: the code may lengthen that. */
const keptMs = 31 * 24 * 3_600_000

/**
 * Deletes rows that no ceiling counts any more, at most `slice`. Answers how many. Those of a run that has not ended stay: by them
 * it knows that an intent of before may have been sent.
 */
export async function tidySpendings(session: Session, slice: number): Promise<number> {
  return session.run(
    `delete from effect_spendings where (id, account) in (
       select id, account from effect_spendings where until < reeve_now() - ${keptMs}
         and not exists (select 1 from runs where runs.no = effect_spendings.run and runs.ended_at is null) limit ?)`,
    [slice],
  )
}
