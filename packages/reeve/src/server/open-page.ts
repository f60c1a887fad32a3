import type { Environment } from '../base/config.ts'
import { ReeveError } from '../base/errors.ts'
import { internalsOf, type Runtime } from '../runtime/runtime.ts'
import type { Database } from '../store/database.ts'
import { isUntouched } from '../store/identity/tokens.ts'
import { isLoopback } from './auth/doors.ts'
import { signInPath } from './first-owner.ts'
import { type Served, serve } from './listen.ts'
import { actorOf, type LocalActor } from './local-actor.ts'

export const defaultPort = 4100

export interface PageOptions {
  /** Default: REEVE_PORT, else 4100. 0 takes a free one. */
  port?: string | undefined
  /** Default `127.0.0.1`: this machine alone. */
  host?: string
  publicUrl?: string | undefined
  trustProxy?: boolean | undefined
  /** Whether a person sits at the terminal, who then gets a link that signs in. */
  isAttended: boolean
  /** How long the link may be used, by the clock of the runtime (ms). Default: 15 minutes. */
  signInWithinMs?: number
}

export interface Page extends Served {
  /** A link that signs the owner in, once: of the first start, and where a person sits at the terminal. */
  signIn?: string
  /** The command that makes such a link later, in the project's folder. */
  signInCommand: string
}

/** Serves page and API beside the worker. The first start on this machine alone makes the owner. @throws `bad-option` and what `serve` throws */
export async function openPage(runtime: Runtime, options: PageOptions): Promise<Page> {
  const { host = '127.0.0.1', publicUrl, trustProxy } = options
  const { database, clock, engine } = internalsOf(runtime)
  const { environment } = runtime
  const listening = { port: toPort(options.port ?? environment.port), host, publicUrl, trustProxy }
  const isFirst = isLoopback(host) && (await isUntouched(database))
  const wantsLink = isFirst || options.isAttended
  const actor = isLoopback(host) || wantsLink ? await whoSitsHere(database, environment) : undefined
  const served = await serve(runtime, listening)
  // It looks for the server where one is served by default.
  const isUsual = served.url === `http://127.0.0.1:${environment.port ?? defaultPort}`
  const page = { ...served, signInCommand: `npx reeve open${isUsual ? '' : ` --at ${served.url}`}` }
  if (!wantsLink || !actor) return page
  try {
    const link = { id: engine.services.newId(), principal: actor.principal }
    const acting = { by: actor.principal, proof: actor.proof, at: clock.now() }
    const path = await database.transaction((session) =>
      signInPath(session, link, acting, options.signInWithinMs),
    )
    return { ...page, signIn: `${served.url}${path}` }
  } catch (error) {
    await served.close()
    throw error
  }
}

/** Undefined: no principal, who uses what an owner gave them. */
async function whoSitsHere(database: Database, environment: Environment): Promise<LocalActor | undefined> {
  try {
    return await actorOf(database, environment)
  } catch (error) {
    const isUnknown =
      error instanceof ReeveError && ['unknown-local-user', 'principal-removed'].includes(error.code)
    if (isUnknown) return undefined
    throw error
  }
}

/** @throws `bad-option` */
function toPort(text: string | undefined): number {
  if (text === undefined) return defaultPort
  const port = Number(text)
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port
  throw new ReeveError('bad-option', `The port is "${text}"; it must be a whole number from 0 to 65535.`)
}
