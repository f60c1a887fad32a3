import { ReeveError } from '../../base/errors.ts'
import { safeLine } from '../../base/text/one-line.ts'
import { internalsOf, type Runtime } from '../../runtime/runtime.ts'
import { isLoopback } from '../../server/auth/doors.ts'
import { ensureOwner, signInPath } from '../../server/first-owner.ts'
import { type Served, serve } from '../../server/listen.ts'
import type { Cli } from '../cli.ts'
import { openBrowser } from '../terminal/open-browser.ts'

export interface WebOptions {
  port?: string
  host: string
  publicUrl?: string
  trustProxy?: boolean
  /** Whether a browser is opened where a person sits at the terminal. */
  open: boolean
}

export interface Web extends Served {
  /** A link that signs the owner in, once: of the first start, and where a person sits at the terminal. */
  signIn?: string
}

export const defaultPort = 4100

/** Serves the API beside the worker. The first start on this machine alone makes the owner. @throws `bad-option` and what `serve` throws */
export async function openWeb(cli: Cli, runtime: Runtime, options: WebOptions): Promise<Web> {
  const { host, publicUrl, trustProxy } = options
  const { database, clock, engine } = internalsOf(runtime)
  const { user, port } = runtime.environment
  const listening = { port: toPort(options.port ?? port), host, publicUrl, trustProxy }
  const isFirst = isLoopback(host) && (await ensureOwner(database, user, clock))
  const served = await serve(runtime, listening)
  if (!isFirst && (!process.stdout.isTTY || cli.terminal.json)) return served
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

/** Says where it is, and opens a browser for a person. */
export function tellWeb(cli: Cli, { url, signIn }: Web, { open }: WebOptions): void {
  const { terminal } = cli
  const { cyan, dim } = terminal.colors
  terminal.line(`open ${cyan(url)} ${dim(`(its API: ${url}/docs/api)`)}`)
  if (signIn === undefined) return
  terminal.line(`sign in once, within 15 minutes: ${cyan(safeLine(signIn))}`)
  if (open && process.stdout.isTTY && !terminal.json) openBrowser(signIn)
}

/** @throws `bad-option` */
function toPort(text: string | undefined): number {
  if (text === undefined) return defaultPort
  const port = Number(text)
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port
  throw new ReeveError('bad-option', `The port is "${text}"; it must be a whole number from 0 to 65535.`)
}
