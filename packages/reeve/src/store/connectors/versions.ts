import type { Session } from '../database.ts'

/** What a connection was, from a time on. */
export interface VersionRow {
  id: number
  connection: string
  version: string
  fingerprint: string
  /** JSON: the contract. */
  contract: string
  mode: 'live' | 'sandbox'
  seen_at: number
  /** Null: an owner has not said yes to it. */
  accepted_at: number | null
  accepted_by: string | null
}

/** The newest that was seen. */
export function lastVersion(session: Session, connection: string): Promise<VersionRow | undefined> {
  return session.get<VersionRow>(
    'select * from connector_versions where connection = ? order by id desc limit 1 {lock}',
    [connection],
  )
}

/** The newest that was accepted in a mode: what counts in sandbox without being asked for says nothing of the real account. */
export function acceptedVersion(
  session: Session,
  connection: string,
  mode: VersionRow['mode'],
): Promise<VersionRow | undefined> {
  return session.get<VersionRow>(
    `select * from connector_versions where connection = ? and mode = ? and accepted_at is not null
     order by accepted_at desc, id desc limit 1`,
    [connection, mode],
  )
}

export async function addVersion(session: Session, row: Omit<VersionRow, 'id'>): Promise<void> {
  await session.run(
    `insert into connector_versions (connection, version, fingerprint, contract, mode, seen_at, accepted_at, accepted_by)
     values (?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      row.connection,
      row.version,
      row.fingerprint,
      row.contract,
      row.mode,
      row.seen_at,
      row.accepted_at,
      row.accepted_by,
    ],
  )
}

export async function acceptVersion(session: Session, id: number, by: string, at: number): Promise<void> {
  await session.run('update connector_versions set accepted_at = ?, accepted_by = ? where id = ?', [
    at,
    by,
    id,
  ])
}

/** The newest of each connection. */
export function listLastVersions(
  session: Session,
): Promise<Pick<VersionRow, 'connection' | 'accepted_at'>[]> {
  return session.all(
    `select connection, accepted_at from connector_versions
     where id in (select max(id) from connector_versions group by connection)`,
  )
}

/** The oldest first. */
export function listVersions(session: Session, connection: string): Promise<VersionRow[]> {
  return session.all<VersionRow>('select * from connector_versions where connection = ? order by id', [
    connection,
  ])
}
