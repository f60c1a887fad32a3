import type { Session } from '../database.ts'

/** A write over HTTP with an idempotency key. Its row commits with what it does, so that no death can part them. */
export interface ApiRequestRow {
  principal: string
  key: string
  /** SHA-256 of what was asked: another request under the key is a conflict. */
  digest: string
  /** The id of what it was about or made; null: the action says it by itself. */
  subject: string | null
  at: number
}

export function readApiRequest(
  session: Session,
  principal: string,
  key: string,
): Promise<ApiRequestRow | undefined> {
  return session.get<ApiRequestRow>('select * from api_requests where principal = ? and key = ?', [
    principal,
    key,
  ])
}

/** Answers false when the key is taken: the caller must then let its transaction fail. */
export async function recordApiRequest(session: Session, row: ApiRequestRow): Promise<boolean> {
  const { principal, key, digest, subject, at } = row
  const added = await session.run(
    `insert into api_requests (principal, key, digest, subject, at) values (?, ?, ?, ?, ?)
     on conflict (principal, key) do nothing`,
    [principal, key, digest, subject, at],
  )
  return added === 1
}
