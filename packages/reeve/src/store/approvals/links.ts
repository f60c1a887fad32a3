import { ReeveError } from '../../base/errors.ts'
import { sha256 } from '../../base/hash.ts'
import type { Session } from '../database.ts'
import { newSecret } from '../identity/tokens.ts'

/**
 * A link with which one principal decides one request, as it was shown then, once. Only the hash of what stands in it is kept.
 *
 *   open → used      by a decision; or its time is over (`used_at` is then its end)
 */
export interface LinkRow {
  hash: string
  approval: string
  args_hash: string
  principal: string
  created_at: number
  created_by: string
  expires_at: number
  used_at: number | null
}

/** Answers what stands in the link, which cannot be read again. */
export async function issueLink(session: Session, link: Omit<LinkRow, 'hash' | 'used_at'>): Promise<string> {
  const secret = newSecret()
  await session.run(
    `insert into approval_links (hash, approval, args_hash, principal, created_at, created_by, expires_at)
     values (?, ?, ?, ?, ?, ?, ?)`,
    [
      sha256(secret),
      link.approval,
      link.args_hash,
      link.principal,
      link.created_at,
      link.created_by,
      link.expires_at,
    ],
  )
  return secret
}

/** What a link stands for. Uses nothing up. @throws `approval-link-used` `approval-link-expired` */
export async function readLink(session: Session, secret: string, now: number): Promise<LinkRow> {
  const row = await session.get<LinkRow>('select * from approval_links where hash = ?', [sha256(secret)])
  const isNoted = row !== undefined && row.used_at === row.expires_at
  if (!row || (row.used_at !== null && !isNoted)) {
    throw new ReeveError(
      'approval-link-used',
      'This link is not known here, or was used already. Decide in the dashboard, or with: reeve approvals',
    )
  }
  if (row.expires_at <= now || isNoted) {
    // Noted, so that no clock that is set back makes it valid again.
    if (!isNoted)
      await session.run('update approval_links set used_at = expires_at where hash = ? and used_at is null', [
        row.hash,
      ])
    throw new ReeveError(
      'approval-link-expired',
      'This link has expired. Decide in the dashboard, or with: reeve approvals',
    )
  }
  return row
}

/** In the transaction of the decision. @throws `approval-link-used` when somebody else was first */
export async function useLink(session: Session, { hash }: LinkRow, at: number): Promise<void> {
  const changed = await session.run(
    'update approval_links set used_at = ? where hash = ? and used_at is null',
    [at, hash],
  )
  if (changed === 1) return
  throw new ReeveError('approval-link-used', 'This link was used already.')
}
