import type { Session } from '../database.ts'
import type { AccountKey } from './accounts.ts'

/**
 * What became of a letter that answers a request. It is written down in the transaction of what it decided:
 *
 *   telling → told       its sender was told
 *   silent               nobody is told: a machine wrote it, a stranger, or the sender was told too often
 */
export interface ApprovalReplyRow extends AccountKey {
  /** Names the letter: the same one twice is one. */
  letter: string
  approval: string
  /** The address that it says it is from. */
  sender: string
  state: 'telling' | 'told' | 'silent'
  /** What its sender is told. */
  words: string
  /** Of the letter. */
  subject: string
  message_id: string | null
  /** 1: it decided nothing. */
  is_refused: number
  at: number
}

const isIts = 'connection = ? and account = ? and mode = ?'
const accountValues = ({ connection, account, mode }: AccountKey) => [connection, account, mode]

export async function isReplyKnown(session: Session, key: AccountKey, letter: string): Promise<boolean> {
  const found = await session.get(`select letter from approval_replies where letter = ? and ${isIts}`, [
    letter,
    ...accountValues(key),
  ])
  return found !== undefined
}

/** Answers false when it is written down already. */
export async function recordReply(session: Session, row: ApprovalReplyRow): Promise<boolean> {
  const added = await session.run(
    `insert into approval_replies (connection, account, mode, letter, approval, sender, state, words, subject, message_id, is_refused, at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing`,
    [
      ...accountValues(row),
      row.letter,
      row.approval,
      row.sender,
      row.state,
      row.words,
      row.subject,
      row.message_id,
      row.is_refused,
      row.at,
    ],
  )
  return added === 1
}

/** How many letters of a sender that decided nothing were answered since then. */
export async function countRefusals(session: Session, sender: string, since: number): Promise<number> {
  const row = await session.get<{ count: number }>(
    `select count(*) as count from approval_replies where sender = ? and at > ? and is_refused = 1 and state <> 'silent'`,
    [sender, since],
  )
  return Number(row?.count ?? 0)
}

/** Those whose senders are to be told, the oldest first. */
export function repliesToTell(session: Session, key: AccountKey, limit: number): Promise<ApprovalReplyRow[]> {
  return session.all<ApprovalReplyRow>(
    `select * from approval_replies where state = 'telling' and ${isIts} order by at, letter limit ?`,
    [...accountValues(key), limit],
  )
}

export async function replyTold(
  session: Session,
  row: ApprovalReplyRow,
  state: 'told' | 'silent' = 'told',
): Promise<void> {
  await session.run(`update approval_replies set state = ? where letter = ? and ${isIts}`, [
    state,
    row.letter,
    ...accountValues(row),
  ])
}
