import { type ApprovalOfRun, openApprovals } from '../approvals/approvals.ts'
import { isAside, type Limits } from '../approvals/crowding/aside.ts'
import type { Session } from '../database.ts'
import type { AccountKey } from './accounts.ts'

/**
 * A request as it was brought to where people talk, as it was shown there:
 *
 *   posting → posted → settled
 *      ↖ may be there already: it is looked for before it is posted again
 *
 * `settled`: the message says what became of it, and takes nothing any more.
 */
export interface ApprovalMessageRow extends AccountKey {
  approval: string
  /** Of what was shown. */
  hash: string
  /** When it was asked (ms): what is asked again is another message. */
  asked_at: number
  state: 'posting' | 'posted' | 'settled'
  begun_at: number
  /** The last attempt to post or to change it that failed (ms). */
  tried_at: number
  team: string | null
  channel: string | null
  ts: string | null
}

/** A version of the schema (`schema-versions.ts`), never edited once released. */
export const approvalMessageTables: string[] = [
  `create table approval_messages (
    connection text not null,
    account text not null,
    mode text not null,
    approval text not null,
    hash text not null,
    asked_at bigint not null,
    state text not null,
    begun_at bigint not null,
    tried_at bigint not null default 0,
    team text,
    channel text,
    ts text,
    primary key (approval, connection, account, mode, hash, asked_at)
  )`,
  `create index approval_messages_open on approval_messages (connection) where state <> 'settled'`,
  'create index approval_messages_place on approval_messages (channel, ts)',
]

/** Where a message is. */
export interface MessagePlace {
  /** The workspace. */
  team: string
  channel: string
  ts: string
}

/** What tells one message apart. */
export type MessageKey = AccountKey & Pick<ApprovalMessageRow, 'approval' | 'hash' | 'asked_at'>

/** A request that nobody was shown yet; `begun_at`: since when it may be that it was posted, null: it was not. */
export type RequestToPost = ApprovalOfRun & { begun_at: number | null }

const isIts = 'm.connection = ? and m.account = ? and m.mode = ?'
const isOne = 'connection = ? and account = ? and mode = ? and approval = ? and hash = ? and asked_at = ?'

const accountValues = ({ connection, account, mode }: AccountKey) => [connection, account, mode]
const keyValues = (key: MessageKey) => [...accountValues(key), key.approval, key.hash, key.asked_at]

/** Requests that are open and no message shows; none that waits aside. Those that failed before come last. */
export async function requestsToPost(
  session: Session,
  key: AccountKey,
  { now, limits, limit }: { now: number; limits: Limits; limit: number },
): Promise<RequestToPost[]> {
  const aside = isAside(limits)
  const rows = await session.all<RequestToPost>(
    `select a.*, r.id as run_id, r.workflow, m.begun_at from approvals a join runs r on r.no = a.run
       left join approval_messages m on m.approval = a.id and ${isIts} and m.hash = a.args_hash and m.asked_at = a.requested_at
     where a.status = 'pending' and (a.expires_at is null or a.expires_at > ?)
       and (m.state is null or m.state = 'posting') and not ${aside.sql}
     order by coalesce(m.tried_at, 0), a.requested_at, a.id limit ?`,
    [...accountValues(key), now, ...aside.values, limit],
  )
  return openApprovals(session, rows)
}

/** A message whose request is not open any more, or is asked otherwise; `now`: how it stands, null: it is gone. */
export type MessageToSettle = ApprovalMessageRow & {
  status: string | null
  subject: string | null
  decided_by: string | null
  run_id: string | null
}

/** Those that failed before come last. */
export function messagesToSettle(
  session: Session,
  key: AccountKey,
  limit: number,
): Promise<MessageToSettle[]> {
  return session.all<MessageToSettle>(
    `select m.*, a.status, a.subject, a.decided_by, r.id as run_id from approval_messages m
       left join approvals a on a.id = m.approval left join runs r on r.no = a.run
     where m.state <> 'settled' and ${isIts}
       and (a.id is null or a.status <> 'pending' or a.args_hash <> m.hash or a.requested_at <> m.asked_at)
     order by m.tried_at, m.begun_at limit ?`,
    [...accountValues(key), limit],
  )
}

/** From now on it may be that it was posted. */
export async function beginMessage(session: Session, key: MessageKey, now: number): Promise<void> {
  await session.run(
    `insert into approval_messages (connection, account, mode, approval, hash, asked_at, state, begun_at)
     values (?, ?, ?, ?, ?, ?, 'posting', ?) on conflict do nothing`,
    [...keyValues(key), now],
  )
}

export async function messagePosted(session: Session, key: MessageKey, place: MessagePlace): Promise<void> {
  await session.run(
    `update approval_messages set state = 'posted', team = ?, channel = ?, ts = ? where ${isOne} and state = 'posting'`,
    [place.team, place.channel, place.ts, ...keyValues(key)],
  )
}

export async function settleMessage(session: Session, key: MessageKey): Promise<void> {
  await session.run(`update approval_messages set state = 'settled' where ${isOne}`, keyValues(key))
}

export async function messageFailed(session: Session, key: MessageKey, at: number): Promise<void> {
  await session.run(`update approval_messages set tried_at = ? where ${isOne}`, [at, ...keyValues(key)])
}

/** The message at a place; undefined: no request was brought there. */
export function messageAt(
  session: Session,
  key: AccountKey,
  { channel, ts }: Omit<MessagePlace, 'team'>,
): Promise<ApprovalMessageRow | undefined> {
  return session.get<ApprovalMessageRow>(
    `select m.* from approval_messages m where m.channel = ? and m.ts = ? and ${isIts}`,
    [channel, ts, ...accountValues(key)],
  )
}
