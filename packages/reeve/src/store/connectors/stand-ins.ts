import type { Session } from '../database.ts'

/** Where the stand-in of a connection was reached last, as whoever started it wrote it down. */
export async function standInOf(session: Session, connection: string): Promise<string | undefined> {
  const row = await session.get<{ url: string }>('select url from stand_ins where connection = ?', [
    connection,
  ])
  return row?.url
}

export async function noteStandIn(
  session: Session,
  connection: string,
  { place, at }: { place: string; at: number },
): Promise<void> {
  await session.run(
    `insert into stand_ins (connection, url, started_at) values (?, ?, ?)
     on conflict (connection) do update set url = excluded.url, started_at = excluded.started_at`,
    [connection, place, at],
  )
}
