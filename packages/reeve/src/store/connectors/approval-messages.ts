import { ReeveError } from '../../base/errors.ts'
import { type ApprovalOfRun, openApprovals } from '../approvals/approvals.ts'
import { isAside, type Limits } from '../approvals/crowding/aside.ts'
import type { Session } from '../database.ts'
import type { AccountKey } from './accounts.ts'

/**
 * A request as it was brought to where people talk, as it was shown there:
 *
 *   posting → posted → settled
 *      ↖ may be there already: it is looked for before it is posted again
 *   withheld → posting       its recipient may not decide it; looked at again later, for it may be escalated
 *
 * `settled`: the message says what became of it, and takes nothing any more.
 */
export interface ApprovalMessageRow extends AccountKey {
  approval: string
  /** Of what was shown. */
  hash: string
  /** When it was asked (ms): what is asked again is another message. */
  asked_at: number
  /** To whom it was brought, where each person is written to: an address. '': to a place where all see it. */
  recipient: string
  /** As whom the recipient was to decide; null: as whoever answers there. */
  principal: string | null
  /** Of a letter, what its name is made of, as long as it may have to be sent again: then only `ts` is kept of it. */
  token: string | null
  /** When it was decided by an answer to this message (ms). */
  used_at: number | null
  state: 'posting' | 'withheld' | 'posted' | 'settled'
  begun_at: number
  /** The last attempt to post or to change it that failed, or until when there is none (ms). */
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

/** A version of the schema of its own: requests are brought to people by letter, too. Never edited once released. */
export const approvalLetterTables: string[] = [
  'alter table approval_messages rename to approval_messages_before',
  `create table approval_messages (
    connection text not null,
    account text not null,
    mode text not null,
    approval text not null,
    hash text not null,
    asked_at bigint not null,
    recipient text not null,
    principal text,
    token text,
    state text not null,
    begun_at bigint not null,
    tried_at bigint not null default 0,
    used_at bigint,
    team text,
    channel text,
    ts text,
    primary key (approval, connection, account, mode, recipient, hash, asked_at)
  )`,
  `insert into approval_messages (connection, account, mode, approval, hash, asked_at, recipient, state, begun_at, tried_at, team, channel, ts)
     select connection, account, mode, approval, hash, asked_at, '', state, begun_at, tried_at, team, channel, ts
     from approval_messages_before`,
  'drop table approval_messages_before',
  `create index approval_messages_open on approval_messages (connection) where state <> 'settled'`,
  'create index approval_messages_place on approval_messages (ts, channel)',
  // What became of letters that answer requests; `words`: what their sender is told.
  `create table approval_replies (
    connection text not null,
    account text not null,
    mode text not null,
    letter text not null,
    approval text not null,
    sender text not null,
    state text not null,
    words text not null,
    subject text not null,
    message_id text,
    is_refused bigint not null,
    at bigint not null,
    primary key (letter, connection, account, mode)
  )`,
  'create index approval_replies_approval on approval_replies (approval)',
  `create index approval_replies_open on approval_replies (connection) where state = 'telling'`,
  'create index approval_replies_sender on approval_replies (sender, at)',
]

/** Where a message is. */
export interface MessagePlace {
  /** The workspace. */
  team: string
  channel: string
  ts: string
}

/** What tells one message apart. */
export type MessageKey = AccountKey & Pick<ApprovalMessageRow, 'approval' | 'hash' | 'asked_at' | 'recipient'>

/** A request that a recipient was not shown yet; `begun_at`: since when it may be that it was posted, null: it was not. */
export type RequestToPost = ApprovalOfRun & { begun_at: number | null; token: string | null }

const isIts = 'm.connection = ? and m.account = ? and m.mode = ?'
const isOne =
  'connection = ? and account = ? and mode = ? and approval = ? and hash = ? and asked_at = ? and recipient = ?'
/** So long nobody looks again whether somebody may decide (ms). */
const withheldMs = 60_000

const accountValues = ({ connection, account, mode }: AccountKey) => [connection, account, mode]
const keyValues = (key: MessageKey) => [
  ...accountValues(key),
  key.approval,
  key.hash,
  key.asked_at,
  key.recipient,
]

/** Requests that are open and no message shows to a recipient; none that waits aside. Those that failed before come last. */
export async function requestsToPost(
  session: Session,
  key: AccountKey,
  { recipient, now, limits, limit }: { recipient: string; now: number; limits: Limits; limit: number },
): Promise<RequestToPost[]> {
  const aside = isAside(limits)
  const rows = await session.all<RequestToPost>(
    `select a.*, r.id as run_id, r.workflow, m.token,
       case when m.state = 'posting' then m.begun_at end as begun_at from approvals a join runs r on r.no = a.run
       left join approval_messages m on m.approval = a.id and ${isIts} and m.recipient = ?
         and m.hash = a.args_hash and m.asked_at = a.requested_at
     where a.status = 'pending' and (a.expires_at is null or a.expires_at > ?)
       and (m.state is null or (m.state = 'posting' and m.tried_at <= ?) or (m.state = 'withheld' and m.tried_at < ?)) and not ${aside.sql}
     order by coalesce(m.tried_at, 0), a.requested_at, a.id limit ?`,
    [...accountValues(key), recipient, now, now, now - withheldMs, ...aside.values, limit],
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

/** A letter that is about to be sent: to whom, made of which secret, and by which name it will be known. */
export type LetterBegun = Pick<ApprovalMessageRow, 'principal' | 'token' | 'ts'>

/** From now on it may be that it was posted. */
export async function beginMessage(
  session: Session,
  key: MessageKey,
  now: number,
  letter: LetterBegun = { principal: null, token: null, ts: null },
): Promise<void> {
  await session.run(
    `insert into approval_messages (connection, account, mode, approval, hash, asked_at, recipient, principal, token, ts, state, begun_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'posting', ?)
     on conflict (approval, connection, account, mode, recipient, hash, asked_at) do update set
       state = 'posting', principal = excluded.principal, token = excluded.token, ts = excluded.ts, begun_at = excluded.begun_at
       where approval_messages.state = 'withheld'`,
    [...keyValues(key), letter.principal, letter.token, letter.ts, now],
  )
}

/** Its recipient may not decide it now. */
export async function withholdMessage(session: Session, key: MessageKey, now: number): Promise<void> {
  await session.run(
    `insert into approval_messages (connection, account, mode, approval, hash, asked_at, recipient, state, begun_at, tried_at)
     values (?, ?, ?, ?, ?, ?, ?, 'withheld', ?, ?)
     on conflict (approval, connection, account, mode, recipient, hash, asked_at) do update set tried_at = excluded.tried_at`,
    [...keyValues(key), now, now],
  )
}

export async function messagePosted(session: Session, key: MessageKey, place: MessagePlace): Promise<void> {
  await session.run(
    `update approval_messages set state = 'posted', team = ?, channel = ?, ts = ? where ${isOne} and state = 'posting'`,
    [place.team, place.channel, place.ts, ...keyValues(key)],
  )
}

/** A letter is on its way: that it may have to be sent again is over. */
export async function letterSent(session: Session, key: MessageKey): Promise<void> {
  await session.run(
    `update approval_messages set state = 'posted', token = null where ${isOne} and state = 'posting'`,
    keyValues(key),
  )
}

export async function settleMessage(session: Session, key: MessageKey): Promise<void> {
  await session.run(
    `update approval_messages set state = 'settled', token = null where ${isOne}`,
    keyValues(key),
  )
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

/** The first of the names that a letter refers to that is one of a request; undefined: it answers none. */
export async function messageNamed(
  session: Session,
  key: AccountKey,
  names: readonly string[],
): Promise<ApprovalMessageRow | undefined> {
  for (const name of names) {
    const found = await session.get<ApprovalMessageRow>(
      `select m.* from approval_messages m where m.ts = ? and m.recipient <> '' and ${isIts}`,
      [name, ...accountValues(key)],
    )
    if (found) return found
  }
  return undefined
}

/** A message is of what was asked when it was brought. @throws `approval-changed` */
export function refuseAskedAnew(
  { hash, asked_at }: Pick<MessageKey, 'hash' | 'asked_at'>,
  approval: ApprovalOfRun,
): void {
  if (approval.args_hash === hash && approval.requested_at === asked_at) return
  throw new ReeveError(
    'approval-changed',
    `Approval ${approval.id} is asked again, in another message. Nothing was decided.`,
  )
}

/** In the transaction of a decision. @throws `already-decided` when somebody else was first */
export async function useMessage(session: Session, key: MessageKey, at: number): Promise<void> {
  const used = await session.run(
    `update approval_messages set used_at = ? where ${isOne} and used_at is null`,
    [at, ...keyValues(key)],
  )
  if (used === 1) return
  throw new ReeveError(
    'already-decided',
    'Another reply to this letter decided already. Nothing was decided now.',
  )
}
