import type { Session } from '../database.ts'

/** Where the stand-in of a connection was reached last, as whoever started it wrote it down. */
export async function standInOf(session: Session, connection: string): Promise<string | undefined> {
  const row = await session.get<{ url: string }>('select url from stand_ins where connection = ?', [
    connection,
  ])
  return row?.url
}

/**
 * Takes over the stand-in of a connection from whoever had it at `before` (undefined: nobody). Of several processes that do so one gets
 * it: false to all others.
 */
export async function takeStandIn(
  session: Session,
  connection: string,
  { before, place, at }: { before: string | undefined; place: string; at: number },
): Promise<boolean> {
  const taken =
    before === undefined
      ? await session.run(
          `insert into stand_ins (connection, url, started_at) values (?, ?, ?) on conflict (connection) do nothing`,
          [connection, place, at],
        )
      : await session.run('update stand_ins set url = ?, started_at = ? where connection = ? and url = ?', [
          place,
          at,
          connection,
          before,
        ])
  return taken === 1
}
