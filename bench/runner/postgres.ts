import { rmSync } from 'node:fs'
import { install } from '../engine/installation.ts'
import { type Server, startPostgres } from '../engine/servers.ts'
import { createDataFolder } from './machine.ts'

/** A new Postgres with an empty database, for as long as `body` takes. */
export async function withPostgres<T>(body: (url: string, pid: number) => Promise<T>): Promise<T> {
  const installed = await install('postgres', (text) => process.stderr.write(`${text}\n`))
  const folder = createDataFolder()
  let server: Server | undefined
  const abandon = () => server?.kill()
  process.once('exit', abandon)
  try {
    server = await startPostgres(installed, folder)
    const url = new URL(server.access.url)
    url.pathname = '/postgres'
    return await body(url.href, server.access.pid)
  } finally {
    await server?.stop()
    process.off('exit', abandon)
    rmSync(folder, { recursive: true, force: true })
  }
}
