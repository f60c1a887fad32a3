import { readFileSync } from 'node:fs'
import pg from 'pg'

/** The first process of the Postgres server at a URL, on this machine. Undefined for a file, and where there is no /proc. */
export async function serverPidAt(databaseUrl: string): Promise<number | undefined> {
  if (!databaseUrl.startsWith('postgres')) return undefined
  const client = new pg.Client(databaseUrl)
  await client.connect()
  try {
    const { rows } = await client.query('select pg_backend_pid() as pid')
    const status = readFileSync(`/proc/${rows[0].pid}/status`, 'latin1')
    return Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]) || undefined
  } catch {
    return undefined
  } finally {
    await client.end()
  }
}
