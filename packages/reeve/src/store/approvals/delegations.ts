import type { Session } from '../database.ts'

/** Somebody who may decide asked somebody else to do it. It holds for this request, as long as the giver may decide it. */
export interface DelegationRow {
  approval: string
  giver: string
  receiver: string
  note: string | null
  at: number
}

/** The last word of a giver counts. */
export async function recordDelegation(session: Session, row: DelegationRow): Promise<void> {
  await session.run(
    `insert into approval_delegations (approval, giver, receiver, note, at) values (?, ?, ?, ?, ?)
     on conflict (approval, giver) do update set receiver = excluded.receiver, note = excluded.note, at = excluded.at`,
    [row.approval, row.giver, row.receiver, row.note, row.at],
  )
}

export function delegationsOf(session: Session, approval: string): Promise<DelegationRow[]> {
  return session.all<DelegationRow>(
    'select * from approval_delegations where approval = ? order by at, giver',
    [approval],
  )
}
