import { ReeveError } from '../base/errors.ts'
import { internalsOf, type Runtime } from '../runtime/runtime.ts'
import { isLoopback } from './auth/doors.ts'
import { ensureOwner, signInPath } from './first-owner.ts'
import { type Served, serve } from './listen.ts'

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
}

export interface Page extends Served {
  /** A link that signs the owner in, once: of the first start, and where a person sits at the terminal. */
  signIn?: string
}

/** Serves page and API beside the worker. The first start on this machine alone makes the owner. @throws `bad-option` and what `serve` throws */
export async function openPage(runtime: Runtime, options: PageOptions): Promise<Page> {
  const { host = '127.0.0.1', publicUrl, trustProxy } = options
  const { database, clock, engine } = internalsOf(runtime)
  const { user, port } = runtime.environment
  const listening = { port: toPort(options.port ?? port), host, publicUrl, trustProxy }
  const isFirst = isLoopback(host) && (await ensureOwner(database, user, clock))
  const served = await serve(runtime, listening)
  if (!isFirst && !options.isAttended) return served
  const link = { id: engine.services.newId(), principal: user, by: user, now: clock.now() }
  try {
    const path = await database.transaction((session) => signInPath(session, link))
    return { ...served, signIn: `${served.url}${path}` }
  } catch (error) {
    // Whoever sits here is no principal: they use what an owner gave them.
    if (error instanceof ReeveError && error.code === 'unknown-principal') return served
    await served.close()
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
