import type { Session } from '../database.ts'

/**
 * How an account of a connection stands:
 *
 *   new → connected ⇄ degraded ⇄ down        by looks and calls; each comes back by itself
 *    ↓        ↓          ↓        ↓
 *   needs-reconnect → connected               only a person can: a credential that is gone, revoked, or of another account
 *
 * `degraded`: it answers, and not well; calls go on. `down`: it does not answer; calls wait.
 */
export type AccountState = 'new' | 'connected' | 'degraded' | 'needs-reconnect' | 'down'

export interface AccountKey {
  connection: string
  account: string
  mode: 'live' | 'sandbox'
}

export interface AccountRow extends AccountKey {
  state: AccountState
  /** Why, where it is not connected. */
  reason: string | null
  /** Since when it stands so (ms). */
  since: number
  /** The service's own id of the account. */
  identity: string | null
  /** JSON: what its credential may do, where the service tells. */
  scopes: string | null
  probed_at: number | null
  /** When it is looked at next. */
  probe_at: number
  /** Looks that failed, one after the other. */
  failures: number
  refresh_until: number
  refresh_by: string | null
  /** How often its token was renewed. */
  refreshes: number
  connected_at: number | null
  connected_by: string | null
}

/** An account, for people. */
export function accountName({ connection, account, mode }: AccountKey): string {
  return `the account "${account}" of ${connection}${mode === 'sandbox' ? ' (sandbox)' : ''}`
}

/** What to type after `reeve` to connect it. */
export function connectWords({ connection, account, mode }: AccountKey): string[] {
  return [
    'connect',
    connection,
    ...(account === 'default' ? [] : ['--account', account]),
    ...(mode === 'sandbox' ? ['--mode', mode] : []),
  ]
}

const isIts = 'connection = ? and account = ? and mode = ?'

function keyValues({ connection, account, mode }: AccountKey): string[] {
  return [connection, account, mode]
}

export function findAccount(session: Session, key: AccountKey): Promise<AccountRow | undefined> {
  return session.get<AccountRow>(`select * from connector_accounts where ${isIts}`, keyValues(key))
}

/** Makes sure that there is a row. */
export async function noteAccount(session: Session, key: AccountKey): Promise<void> {
  await session.run(
    `insert into connector_accounts (connection, account, mode, state, since, probe_at)
     values (?, ?, ?, 'new', reeve_now(), reeve_now()) on conflict (connection, account, mode) do nothing`,
    keyValues(key),
  )
}

export interface AccountNews {
  state: AccountState
  reason: string | null
  identity?: string | null
  scopes?: readonly string[] | null
  /** It was looked at: when, and when it is looked at next. */
  probe?: { at: number; next: number; failures: number }
}

/** Answers how it stood before; undefined: it is not known. */
export async function setAccountState(
  session: Session,
  key: AccountKey,
  news: AccountNews,
): Promise<AccountRow | undefined> {
  const before = await session.get<AccountRow>(
    `select * from connector_accounts where ${isIts} {lock}`,
    keyValues(key),
  )
  if (!before) return undefined
  const { state, reason, probe } = news
  const identity = news.identity === undefined ? before.identity : news.identity
  const scopes = news.scopes === undefined ? before.scopes : JSON.stringify(news.scopes)
  await session.run(
    `update connector_accounts set state = ?, reason = ?, since = case when state = ? then since else reeve_now() end,
       identity = ?, scopes = ?, probed_at = ?, probe_at = ?, failures = ? where ${isIts}`,
    [
      state,
      reason,
      state,
      identity,
      scopes,
      probe?.at ?? before.probed_at,
      probe?.next ?? before.probe_at,
      probe?.failures ?? before.failures,
      ...keyValues(key),
    ],
  )
  return before
}

/** It is looked at as soon as a worker gets to it. */
export async function probeSoon(session: Session, key: AccountKey, at: number): Promise<void> {
  await session.run(`update connector_accounts set probe_at = ? where ${isIts} and probe_at > ?`, [
    at,
    ...keyValues(key),
    at,
  ])
}

/**
 * Whether this process may renew the account's token now; no other may until then. One that dies is waited for no longer than
 * that.
 */
export async function takeRefresh(
  session: Session,
  key: AccountKey,
  { by, now, forMs }: { by: string; now: number; forMs: number },
): Promise<boolean> {
  const taken = await session.run(
    `update connector_accounts set refresh_until = ?, refresh_by = ? where ${isIts} and refresh_until <= ?`,
    [now + forMs, by, ...keyValues(key), now],
  )
  return taken === 1
}

/** `isRenewed`: there is a new token. */
export async function endRefresh(
  session: Session,
  key: AccountKey,
  { by, isRenewed }: { by: string; isRenewed: boolean },
): Promise<void> {
  await session.run(
    `update connector_accounts set refresh_until = 0, refresh_by = null, refreshes = refreshes + ? where ${isIts} and refresh_by = ?`,
    [isRenewed ? 1 : 0, ...keyValues(key), by],
  )
}

export function listAccounts(session: Session): Promise<AccountRow[]> {
  return session.all<AccountRow>('select * from connector_accounts order by connection, account, mode')
}

/** A person connected it. What it was of before does not count any more. */
export async function noteConnected(
  session: Session,
  key: AccountKey,
  { by, at }: { by: string; at: number },
): Promise<void> {
  await noteAccount(session, key)
  await session.run(
    `update connector_accounts set identity = null, scopes = null, failures = 0, connected_at = ?, connected_by = ?,
       refresh_until = 0, refresh_by = null where ${isIts}`,
    [at, by, ...keyValues(key)],
  )
}

/** Its credential is gone. */
export async function dropAccount(session: Session, key: AccountKey): Promise<void> {
  await session.run(`delete from connector_accounts where ${isIts}`, keyValues(key))
}

/** Before a schedule starts runs, what they may need is looked at: accounts that were not for a while. Answers how many. */
export async function probeBeforeSchedules(
  session: Session,
  now: number,
  { aheadMs, staleMs }: { aheadMs: number; staleMs: number },
): Promise<number> {
  const due = await session.get(
    'select name from schedules where paused = 0 and next_at is not null and next_at <= ? limit 1',
    [now + aheadMs],
  )
  if (!due) return 0
  return session.run(
    'update connector_accounts set probe_at = ? where probe_at > ? and (probed_at is null or probed_at < ?)',
    [now, now, now - staleMs],
  )
}

/** Those whose time to be looked at has come; whoever gets one puts it off for all others. */
export async function takeDueProbes(
  session: Session,
  now: number,
  { untilMs, most }: { untilMs: number; most: number },
): Promise<AccountRow[]> {
  const sql = `select * from connector_accounts where probe_at <= ? order by probe_at limit ${most}`
  const due = await session.all<AccountRow>(`${sql} {lock}`, [now])
  for (const row of due)
    await session.run(`update connector_accounts set probe_at = ? where ${isIts}`, [
      now + untilMs,
      ...keyValues(row),
    ])
  return due
}

/** Whether one is due, without a lock. */
export async function hasDueProbe(session: Session, now: number): Promise<boolean> {
  return (
    (await session.get('select account from connector_accounts where probe_at <= ? limit 1', [now])) !==
    undefined
  )
}
