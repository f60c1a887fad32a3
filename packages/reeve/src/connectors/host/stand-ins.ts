import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Log } from '../../base/log.ts'
import type { Clock } from '../../base/time/time.ts'
import { standInOf, takeStandIn } from '../../store/connectors/stand-ins.ts'
import type { Database } from '../../store/database.ts'
import { HttpClient } from '../../tools/http/http-client.ts'
import type { Connection } from '../shape/connection.ts'
import type { RunningStandIn } from '../shape/sandbox.ts'
import { presencePath } from '../stand-in/presence.ts'

interface StandInServices {
  database: Database
  clock: Clock
  log: Log
  folder: string | undefined
}

/** What has died refuses at once; what is only busy is not to be replaced. */
const reachableMs = 20_000

/**
 * The stand-ins of a project. All processes of one database use the same one of a connection: the first that needs it starts it and
 * writes down where it answers.
 */
export class StandIns {
  readonly #services: StandInServices
  readonly #known = new Map<string, Promise<RunningStandIn>>()
  readonly #own: RunningStandIn[] = []

  constructor(services: StandInServices) {
    this.#services = services
  }

  of(connection: Connection): Promise<RunningStandIn> {
    const known = this.#known.get(connection.name)
    if (known) return known
    const found = this.#find(connection)
    this.#known.set(connection.name, found)
    found.catch(() => this.#known.delete(connection.name))
    return found
  }

  /** The one that it had does not answer: another is looked for, or started. */
  forget({ name }: Connection): void {
    this.#known.delete(name)
  }

  async #find(connection: Connection): Promise<RunningStandIn> {
    const { folder } = this.#services
    const file = folder === undefined ? undefined : join(folder, `${connection.name}.json`)
    if (folder !== undefined) mkdirSync(folder, { recursive: true, mode: 0o700 })
    for (;;) {
      const found = await this.#shared(connection, file)
      if (found) return found
    }
  }

  /** The one that another process has, or one of its own; undefined: another process was quicker. */
  async #shared(connection: Connection, file: string | undefined): Promise<RunningStandIn | undefined> {
    const { database, clock } = this.#services
    const { name } = connection
    const before = await standInOf(database, name)
    const other = before === undefined ? undefined : await reachedStandIn(before)
    if (other) return other
    // It has read the file, and writes there with its first request: as only the one does that is used.
    const running = await this.#start(connection, file)
    const { url, endpoints = {} } = running
    const place = JSON.stringify({ url, endpoints, id: randomUUID() })
    const isOurs = await database.transaction((session) =>
      takeStandIn(session, name, { before, place, at: clock.now() }),
    )
    if (isOurs) this.#own.push(running)
    else await running.close()
    return isOurs ? running : undefined
  }

  async #start({ definition }: Connection, file: string | undefined): Promise<RunningStandIn> {
    const start = await definition.sandbox.standIn.load()
    return start({ file, now: () => this.#services.clock.now() })
  }

  async close(): Promise<void> {
    await Promise.all(this.#own.splice(0).map((each) => each.close()))
  }
}

/** The stand-in that was written down; undefined: it does not answer. */
export async function reachedStandIn(kept: string): Promise<RunningStandIn | undefined> {
  const { url, endpoints } = JSON.parse(kept) as { url: string; endpoints: Record<string, string> }
  try {
    const client = new HttpClient({ allow: [], allowPrivate: [new URL(url).host], timeout: reachableMs })
    await client.request({ url: new URL(presencePath, url).href })
    return { url, endpoints, close: async () => {} }
  } catch {
    return undefined
  }
}
