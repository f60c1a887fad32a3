import { createInterface } from 'node:readline/promises'
import { ReeveError } from '../../base/errors.ts'
import { isRecord } from '../../base/json/record.ts'
import { safeLine } from '../../base/text/one-line.ts'
import { systemClock } from '../../base/time/time.ts'
import { createClient } from '../../client/index.ts'
import {
  awaitDevice,
  clientToken,
  exchangeCode,
  type OAuthClient,
  requestCode,
  requestDevice,
} from '../../connectors/auth/flows.ts'
import { openRedirectDoor } from '../../connectors/auth/redirect-door.ts'
import type { AuthScheme, Credential, CredentialField } from '../../connectors/auth/scheme.ts'
import { endpointsIn } from '../../connectors/auth/tokens.ts'
import { type Connection, schemesOf } from '../../connectors/shape/connection.ts'
import type { Mode } from '../../connectors/shape/mode.ts'
import { internalsOf } from '../../runtime/runtime.ts'
import { openBrowser } from '../../server/open-browser.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { readHidden } from '../terminal/hidden.ts'
import { withRuntime } from '../terminal/project-runtime.ts'
import { localConnectors, remoteConnectors } from './connectors-backend.ts'
import { modeOf } from './mode-option.ts'

interface ConnectOptions {
  account?: string
  mode?: string
  device?: boolean
}

/** Guides through signing an account in: says where the credential is, takes it without showing it, and makes a test call. */
export function connect(
  cli: Cli,
  { account = 'default', mode, device = false }: ConnectOptions,
  name: string,
): Promise<ExitCode> {
  const its = modeOf(mode)
  return withRuntime(cli, async (runtime, _onStop, actor) => {
    const { terminal } = cli
    const { connections, database, engine } = internalsOf(runtime)
    const { environment, project } = runtime
    const connection = connections.all.get(name)
    if (!connection)
      throw new ReeveError(
        'unknown-connection',
        `There is no connection "${name}" in this project. There are: ${[...connections.all.keys()].join(', ') || 'none'}.`,
      )
    const backend = cli.server
      ? remoteConnectors(
          createClient({
            url: cli.server.url,
            ...(cli.server.token !== undefined && { token: cli.server.token }),
          }),
        )
      : localConnectors(
          {
            folder: project.folder,
            environment,
            database,
            control: engine.control,
            actor,
            keyProblem: undefined,
          },
          runtime,
        )
    const toMode = its ?? connections.modeOf({ connection })
    const [scheme] = schemesOf(connection)
    if (!scheme || scheme.kind === 'none') {
      terminal.line(`${connection.definition.title} needs no credential.`)
      return exitCodes.done
    }
    terminal.remark(
      `${connection.definition.title}, account "${account}", ${toMode === 'live' ? 'the real account' : 'in sandbox'}`,
    )
    terminal.remark(`Find it here: ${scheme.where}`)
    if (toMode === 'sandbox' && connection.definition.sandbox.how)
      terminal.remark(connection.definition.sandbox.how)
    const credential = scheme.oauth
      ? await byOAuth(cli, connection, scheme, { mode: toMode, device })
      : await byFields(scheme.fields)
    const view = await backend.connect(name, account, { credential, mode: its })
    terminal.value(view)
    const now = view.accounts.find((each) => each.account === account && each.mode === toMode)
    if (now === undefined) {
      // Its answer is of the connection as the project uses it.
      const way =
        toMode === 'sandbox'
          ? `It is used when the project runs in sandbox: ${cli.command('dev', '--sandbox')}`
          : 'It is used when the connection is live.'
      terminal.line(`${terminal.colors.green('✓')} The credential of ${name} is kept. ${way}`)
      return exitCodes.done
    }
    if (now.state === 'connected') {
      terminal.line(
        `${terminal.colors.green('✓')} ${name} is connected${now.identity ? `: ${safeLine(now.identity)}` : ''}`,
      )
      return exitCodes.done
    }
    terminal.line(
      terminal.colors.red(
        `It is kept, but the test call failed (${now.state}): ${safeLine(now.reason ?? '')}`,
      ),
    )
    return exitCodes.failed
  })
}

/** From a terminal one after the other; from standard input the one value, or JSON with all of them. */
async function byFields(fields: readonly CredentialField[]): Promise<Credential> {
  const { stdin } = process
  if (stdin.isTTY !== true) {
    const given = await readHidden('')
    if (given.trim() === '')
      throw new ReeveError('bad-option', 'No credential came by standard input. Nothing was changed.')
    const parsed = given.startsWith('{') ? (JSON.parse(given) as unknown) : undefined
    if (isRecord(parsed)) return parsed as Credential
    return { [fields.find(({ isShown }) => !isShown)?.name ?? fields[0]!.name]: given }
  }
  const credential: Record<string, string> = {}
  for (const field of fields) {
    const value = field.isShown
      ? await asked(field.label)
      : await readHidden(`${field.label} (it is not shown)`)
    if (value !== '') credential[field.name] = value
    else if (!field.isOptional)
      throw new ReeveError('bad-option', `${field.label} was left empty. Nothing was changed.`)
  }
  return credential
}

async function asked(label: string): Promise<string> {
  const questions = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return (await questions.question(`${label}: `)).trim()
  } finally {
    questions.close()
  }
}

async function byOAuth(
  cli: Cli,
  connection: Connection,
  scheme: AuthScheme,
  { mode, device }: { mode: Mode; device: boolean },
): Promise<Credential> {
  const { terminal } = cli
  // A service that runs elsewhere gives its tokens there, too: as they are renewed later on.
  const { url } = connection
  const oauth = endpointsIn(scheme.oauth!, mode, mode === 'live' ? url : undefined)
  const client = (await byFields(scheme.fields)) as unknown as OAuthClient
  // Somebody who has all of it already, such as from another tool, pipes it in.
  if ('access_token' in client) return client as unknown as Credential
  const where = () => ({ now: systemClock.now(), isPrivate: mode === 'live' && url !== undefined })
  const flow = device || !oauth.authorize ? oauth.flows.find((each) => each !== 'code') : oauth.flows[0]
  if (flow === undefined)
    throw new ReeveError(
      'bad-option',
      `${connection.definition.title} signs in by a browser alone. Leave out --device.`,
    )
  if (flow === 'client-credentials') return clientToken(oauth, client, where())
  if (flow === 'device') {
    const code = await requestDevice(oauth, client, where())
    terminal.remark(`Open ${safeLine(code.verificationUri)} and enter the code ${safeLine(code.userCode)}`)
    return awaitDevice(oauth, client, code, { clock: systemClock, isPrivate: where().isPrivate })
  }
  const door = await openRedirectDoor(systemClock)
  try {
    const request = requestCode(oauth, client, door.uri)
    const answer = door.answerTo(request.state)
    terminal.remark(`Say yes in your browser: ${request.url}`)
    openBrowser(request.url)
    return await exchangeCode(oauth, client, request, await answer, where())
  } finally {
    door.close()
  }
}
