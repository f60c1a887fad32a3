import { readEnvironment } from '../../base/config.ts'
import { ReeveError } from '../../base/errors.ts'
import { isRecord } from '../../base/json/record.ts'
import { safeLine } from '../../base/text/one-line.ts'
import { type ApiError, createClient } from '../../client/index.ts'
import { openBrowser } from '../../server/open-browser.ts'
import { defaultPort } from '../../server/open-page.ts'
import { reaches } from '../../store/identity/principals.ts'
import { withBackend } from '../backend/with-backend.ts'
import type { Cli } from '../cli.ts'
import { readNote } from '../project-notes.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { pageNote } from './web.ts'

interface OpenOptions {
  at?: string
  /** Whether a browser is opened where a person sits at the terminal. */
  browser: boolean
}

/** Opens the page, signed in by a link that is good once. @throws `unreachable` `bad-option` */
export function open(cli: Cli, options: OpenOptions): Promise<ExitCode> {
  return withBackend(cli, async (backend) => {
    const { terminal } = cli
    const at = await serverFor(cli, options.at ?? cli.server?.url)
    // A link signs in with all that its principal may do: a server makes one for owners alone.
    const mayLink = !cli.server || reaches((await backend.whoami()).role, 'owner')
    const path = mayLink ? await backend.signInPath(undefined) : null
    const signIn = path === null ? null : `${at}${path}`
    terminal.value({ url: at, signIn })
    const what =
      signIn === null ? 'open, and sign in with a link of an owner' : 'open within 15 minutes, once'
    terminal.line(`${what}: ${terminal.colors.cyan(safeLine(signIn ?? at))}`)
    if (options.browser && process.stdout.isTTY && !terminal.json) openBrowser(signIn ?? at)
    return exitCodes.done
  })
}

/** A link is made only for a server that is there to take it. @throws `bad-option` `unreachable` */
async function serverFor(cli: Cli, named: string | undefined): Promise<string> {
  const { port = String(defaultPort) } = readEnvironment('.')
  const last = named === undefined ? lastServed(cli) : undefined
  if (last !== undefined && (await answerOf(last)) === undefined) return last
  const at = placeOf(named ?? `http://127.0.0.1:${port}`)
  const error = await answerOf(at)
  if (error === undefined) return at
  const what =
    error.code === 'unreachable'
      ? `No server answers at ${at}. Start one with: reeve start.`
      : `What answers at ${at} is not a server of Reeve, or not under this name (${error.code}).`
  throw new ReeveError('unreachable', `${what} If it is elsewhere, say --at URL, or set REEVE_PORT.`, {
    retryable: true,
    cause: error,
  })
}

/** Where `dev` or `start` served the page of this project last. */
function lastServed(cli: Cli): string | undefined {
  const note = readNote(cli, pageNote)
  const url = isRecord(note) && typeof note.url === 'string' ? URL.parse(note.url) : null
  return url && /^https?:$/.test(url.protocol) ? url.origin : undefined
}

/** @throws `bad-option` */
function placeOf(text: string): string {
  const url = URL.parse(text)
  if (url && /^https?:$/.test(url.protocol)) return url.origin
  throw new ReeveError(
    'bad-option',
    `--at is ${JSON.stringify(text)}; it must be an address such as http://127.0.0.1:4100`,
  )
}

/** Undefined: a server of Reeve; whatever it says of who asks, it says it as one. */
function answerOf(at: string): Promise<ApiError | undefined> {
  return createClient({ url: at })
    .session()
    .then(
      () => undefined,
      (problem: ApiError) => (problem.code === 'not-signed-in' ? undefined : problem),
    )
}
