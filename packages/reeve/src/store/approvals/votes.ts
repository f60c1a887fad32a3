import type { Session } from '../database.ts'

/** One approval of several that a request needs. A seat is a principal who may decide; somebody else may sit in for it. */
export interface VoteRow {
  approval: string
  /** Of what was shown: what is asked again under the same id begins without votes. */
  hash: string
  seat: string
  /** Who spoke. */
  voter: string
  note: string | null
  /** JSON text: the edit that is approved; null: as it stands. */
  answer: string | null
  at: number
}

/** Each seat has one vote: what was said last. */
export async function recordVote(session: Session, vote: VoteRow): Promise<void> {
  await session.run(
    `insert into approval_votes (approval, hash, seat, voter, note, answer, at) values (?, ?, ?, ?, ?, ?, ?)
     on conflict (approval, hash, seat) do update set voter = excluded.voter, note = excluded.note,
       answer = excluded.answer, at = excluded.at`,
    [vote.approval, vote.hash, vote.seat, vote.voter, vote.note, vote.answer, vote.at],
  )
}

/** What was said first comes first. */
export function votesOf(
  session: Session,
  { id, args_hash: hash }: { id: string; args_hash: string },
): Promise<VoteRow[]> {
  return session.all<VoteRow>(
    'select * from approval_votes where approval = ? and hash = ? order by at, seat',
    [id, hash],
  )
}
